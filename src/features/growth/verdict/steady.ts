import type {Points} from '../../../history/series.ts';
import {BLOCKS, blocksOf, deepestFall, mannKendall, type Slope, theilSen} from '../../../history/trend.ts';

/** How likely the test of Mann and Kendall may mistake chance for a trend. */
const SURE = 0.001;

/** Student's t that the mean step must reach: a walk without a direction reaches it by chance in 1 of 200 cases. */
const DIRECTED = 3;

/**
 * Does a series grow steadily, up to its end? Each of these must hold:
 * 1. its blocks have a trend by Mann and Kendall, and their slope by Theil and Sen is above 0 with 95 % confidence;
 * 2. it rose by twice as much as it ever fell;
 * 3. a random walk would hardly get so far: the mean step between blocks is clear of 0;
 * 4. it rose in all parts of the time, and in the later ones about as fast as in the earlier ones.
 *
 * @param least a rise of less than this doesn't matter
 * @param fall how far the series fell of which this one is a part
 * @returns the slope
 */
export function steadyRise(points: Points, least: number, fall: number): Slope | undefined {
  const {t, v} = blocksOf(points, BLOCKS);
  if (mannKendall(v).p > SURE) return undefined;
  const slope = theilSen(t, v);
  const rise = slope.slope * (points.t.at(-1)! - points.t[0]!);
  if (slope.low <= 0 || rise < least || rise < 2 * Math.max(fall, deepestFall(v))) return undefined;
  return stepT(v) > DIRECTED && isEven(points) && goesOn(points) ? slope : undefined;
}

/**
 * Is the last part only filling up, ever more slowly? Before it, memory rose at least twice as fast, and its own second
 * half rises clearly more slowly than its first: that is a cache or a warm-up. A leak keeps its pace.
 *
 * @param from the index of the first point of the last part; 0 if that is the whole series
 */
export function fillsUp({t, v}: Points, from: number): boolean {
  if (from < 2) return false;
  const [start, last] = [blocksOf({t: t.slice(0, from), v: v.slice(0, from)}, 4), {t: t.slice(from), v: v.slice(from)}];
  const half = last.t.length >> 1;
  const [first, second] = [slopeBetween(last, 0, half), slopeBetween(last, half, last.t.length)];
  const before = (last.v[0]! - start.v[0]!) / (last.t[0]! - start.t[0]!);
  return before > 2 * Math.max(first, second) && second < 0.7 * first;
}

/** Student's t of the steps from one value to the next. */
function stepT(values: readonly number[]): number {
  const steps = values.slice(1).map((value, index) => value - values[index]!);
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  const variance = steps.reduce((sum, step) => sum + (step - mean) ** 2, 0) / (steps.length - 1);
  return mean / Math.sqrt(variance / steps.length);
}

/** Of six parts of the time none is lower than the one before, and at most one is just as high. */
function isEven(points: Points): boolean {
  const levels = blocksOf(points, 6).v;
  const rises = levels.slice(1).map((level, index) => level - levels[index]!);
  return rises.every((rise) => rise >= 0) && rises.filter((rise) => rise > 0).length >= 4;
}

/**
 * The second half rises at least about half as fast as the first, and both the first and the last quarter rise. Looks
 * may be dense at one time and sparse at another, so how much a quarter should rise depends on how long it took.
 */
function goesOn(points: Points): boolean {
  const {t, v} = blocksOf(points, 4);
  const part = (from: number, to: number): number =>
    ((v[to]! - v[from]!) * (t[3]! - t[0]!)) / ((t[to]! - t[from]!) * (v[3]! - v[0]!));
  if (!(part(2, 3) > 3 / 8) || !(part(0, 1) > 1 / 4)) return false; // Also NaN, where no time passed.
  const half = points.t.length >> 1;
  return slopeBetween(points, half, points.t.length) > 0.45 * slopeBetween(points, 0, half);
}

function slopeBetween(points: Points, from: number, to: number): number {
  const {t, v} = blocksOf({t: points.t.slice(from, to), v: points.v.slice(from, to)}, BLOCKS);
  return theilSen(t, v).slope;
}
