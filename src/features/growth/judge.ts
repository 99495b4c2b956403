import type {Points} from '../../history/series.ts';
import {BLOCKS, blocksOf, deepestFall, mannKendall, median, type Slope, theilSen} from '../../history/trend.ts';

/** What a series does. A closed set; docs/growth.md says how each is recognised. */
export const VERDICTS = {
  'steady growth': 'it grew all the time, and had not stopped at the end',
  step: 'it went up in one to three steps, and stayed there',
  plateau: 'it grew, and then stopped or nearly did',
  sawtooth: 'it goes up and comes down again',
  flat: 'it hardly moved',
  shrinks: 'it became less, and stayed so',
  'not enough data': 'too few samples, or it grew too unevenly to say more',
} as const;

export type Verdict = keyof typeof VERDICTS;

export interface Judgement {
  readonly verdict: Verdict;
  /** Bytes (or things) per ms; of steady growth, since it began. Undefined where there are too few looks. */
  readonly slope: Slope | undefined;
  /** When the growth or the step began, or the plateau was reached: in ms, as the points have it. */
  readonly since: number | undefined;
  /** Is it the low points that grew, below what comes and goes? */
  readonly isBelowTeeth: boolean;
}

/** Fewer looks than this say nothing. */
export const FEWEST_LOOKS = 12;

/** Fewer low points than this say nothing. */
const FEWEST_VALLEYS = 6;

/** Growth may have begun later than the looks did: it is judged from these fractions of them on. */
const STARTS = [0, 1 / 6, 1 / 3, 1 / 2];

/** Where there was no look for more than this fraction of the whole time, something may have been missed. */
export const LONG = 1 / 8;

/**
 * How likely the test of Mann and Kendall may mistake chance for a trend: among looks, and among low points, of which
 * there are few.
 */
const SURE = {looks: 0.001, valleys: 0.005};

/** What moves by less than this fraction of its level is flat. */
const MUCH = 0.1;

/**
 * Says what a series does. The verdict is the same for a series that is moved in time, or whose times or values (and
 * `least`) are multiplied by one number.
 *
 * @param least a movement of less than this doesn't matter
 */
export function judge(points: Points, least = 0): Judgement {
  const {t, v} = points;
  if (t.length < FEWEST_LOOKS || t.at(-1)! <= t[0]!) return {...NOTHING, verdict: 'not enough data'};
  const blocks = blocksOf(points, BLOCKS);
  const slope = theilSen(blocks.t, blocks.v);
  const range = largest(v) - smallest(v);
  if (range === 0 || range < least) return {...NOTHING, verdict: 'flat', slope};
  const up = risen(points, slope, least);
  if (up) return up;
  const down = risen({t, v: v.map((value) => -value)}, {slope: -slope.slope}, least);
  const isLess = Math.min(v[0]!, blocks.v[0]!) - Math.max(v.at(-1)!, blocks.v.at(-1)!) >= Math.max(least, 1);
  if (down && isLess && down.verdict !== 'not enough data')
    return {...NOTHING, verdict: 'shrinks', slope, since: down.since};
  return {...NOTHING, verdict: usualRange(v) > MUCH * Math.abs(median(v)) ? 'sawtooth' : 'flat', slope};
}

const NOTHING = {slope: undefined, since: undefined, isBelowTeeth: false} as const;

/** What went up and stayed up; undefined if nothing did. */
function risen(points: Points, whole: {readonly slope: number}, least: number): Judgement | undefined {
  const fall = deepestFall(blocksOf(points, BLOCKS).v);
  for (const part of STARTS) {
    const from = Math.round(part * points.t.length);
    const tail = {t: points.t.slice(from), v: points.v.slice(from)};
    const slope = tail.t.length < FEWEST_LOOKS ? undefined : steadyRise(tail, least, fall, SURE.looks);
    if (slope && !fillsUp(points, from))
      return {verdict: 'steady growth', slope, since: tail.t[0], isBelowTeeth: false};
  }
  const valleys = valleysOf(points, whole);
  const slope = valleys.t.length < FEWEST_VALLEYS ? undefined : steadyRise(valleys, least, 0, SURE.valleys);
  if (slope) return {verdict: 'steady growth', slope, since: valleys.t[0], isBelowTeeth: true};
  return stepped(points, least) ?? levelledOff(points, least);
}

function stepped({t, v}: Points, least: number): Judgement | undefined {
  const {at, before, after, isClear} = changePoint(v);
  const rise = after - before;
  if (!isClear || rise <= 0 || rise < least || stepsUp(v, 0.8 * rise) > 3 || isUnseen({t, v})) return undefined;
  return {...NOTHING, verdict: 'step', slope: slopeOf({t, v}), since: t[at]};
}

/**
 * Was there no look for a long time while most of it came? Then what looks like a step may have come little by little.
 */
function isUnseen({t, v}: Points): boolean {
  let most = 1;
  for (let at = 2; at < v.length; at++) if (v[at]! - v[at - 1]! > v[most]! - v[most - 1]!) most = at;
  return t[most]! - t[most - 1]! > LONG * (t.at(-1)! - t[0]!);
}

/** It is clearly higher at the end than at the beginning, and never came down by much. */
function levelledOff(points: Points, least: number): Judgement | undefined {
  const blocks = blocksOf(points, BLOCKS);
  const lastQuarter = points.v.slice(Math.floor(points.v.length * 0.75));
  const [first] = blocks.v;
  const rise = median(lastQuarter) - first!;
  const isUp = rise > 0 && rise >= least && isClearOf(rise, lastQuarter) && deepestFall(blocks.v) < rise / 3;
  if (!isUp) return undefined;
  const quarters = blocksOf(points, 4);
  const [before, last] = quarters.v.slice(-2) as [number, number];
  // With evenly spaced looks, getting to the last quarter takes a third of the time from the first quarter to the last.
  const long = (3 * (quarters.t[3]! - quarters.t[2]!)) / (quarters.t[3]! - quarters.t[0]!);
  const slope = slopeOf(points);
  if (last - before >= 0.15 * rise * long) return {...NOTHING, verdict: 'not enough data', slope};
  return {
    ...NOTHING,
    verdict: 'plateau',
    slope,
    since: blocks.t[blocks.v.findIndex((value) => value > first! + 0.9 * rise)],
  };
}

function slopeOf(points: Points): Slope {
  const {t, v} = blocksOf(points, BLOCKS);
  return theilSen(t, v);
}

/** From low to high, without the most extreme tenth. */
function usualRange(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))]!;
  return at(0.95) - at(0.05);
}

const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), -Infinity);
const smallest = (values: readonly number[]): number =>
  values.reduce((least, value) => Math.min(least, value), Infinity);

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
 * @param p how likely the trend test may be wrong
 * @returns the slope
 */
function steadyRise(points: Points, least: number, fall: number, p: number): Slope | undefined {
  const {t, v} = blocksOf(points, BLOCKS);
  if (mannKendall(v).p > p) return undefined;
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
function fillsUp({t, v}: Points, from: number): boolean {
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

/** Where a series has one level before and another after. */
interface ChangePoint {
  /** The index of the first point of what is after. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
  /** Are the two levels further apart than the values on either side move on their own? */
  readonly isClear: boolean;
}

/** At least this many points must be on each side. */
const FEWEST = 3;

/** Levels are clear if they are this many median deviations apart: 4 standard deviations where the noise is normal. */
const CLEAR = 4 * 1.4826;

/**
 * The change point of Hinkley (1970): the place where two levels, one before and one after, leave the least sum of
 * squares.
 *
 * @param v at least 6 values
 */
function changePoint(v: readonly number[]): ChangePoint {
  const sum = v.reduce((total, value) => total + value, 0);
  let [left, most, at] = [0, -1, FEWEST];
  for (let k = 1; k <= v.length - FEWEST; k++) {
    left += v[k - 1]!;
    // What two levels explain: the squares between the groups.
    const explained = left ** 2 / k + (sum - left) ** 2 / (v.length - k);
    if (k >= FEWEST && explained > most) [most, at] = [explained, k];
  }
  const sides = [v.slice(0, at), v.slice(at)] as const;
  const [before, after] = [median(sides[0]), median(sides[1])];
  const noise = Math.max(deviation(sides[0]), deviation(sides[1]));
  return {at, before, after, isClear: Math.abs(after - before) > CLEAR * noise};
}

/** Does a difference stand out from values that should all be alike? */
const isClearOf = (difference: number, values: readonly number[]): boolean => difference > CLEAR * deviation(values);

/** The median of the distances to the median. */
function deviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

/** How many of the largest rises from one point to the next are needed to rise by `height`. */
function stepsUp(v: readonly number[], height: number): number {
  const rises = v
    .slice(1)
    .map((value, index) => value - v[index]!)
    .filter((rise) => rise > 0)
    .sort((a, b) => b - a);
  let climbed = 0;
  const last = rises.findIndex((rise) => (climbed += rise) >= height);
  return last < 0 ? Infinity : last + 1;
}

/** A turn counts as one from this fraction of the whole movement. */
const TURN = 0.4;

/**
 * The low points of a series that goes up and down: after each fall, the lowest point before it rises again. Where
 * memory is collected from time to time, these are what was left. The first rise and the last fall may be cut off, and
 * are left out.
 *
 * @param slope of the series, which is taken out before ups and downs are measured
 */
function valleysOf({t, v}: Points, {slope}: {readonly slope: number}): Points {
  const level = v.map((value, index) => value - slope * (t[index]! - t[0]!));
  const turn =
    TURN *
    (level.reduce((most, value) => Math.max(most, value)) - level.reduce((least, value) => Math.min(least, value)));
  const valleys: number[] = [];
  let low = 0;
  let high = 0;
  let isFalling = false;
  for (const [index, value] of level.entries()) {
    if (value < level[low]!) low = index;
    if (value > level[high]!) high = index;
    if (isFalling && value > level[low]! + turn) {
      valleys.push(low);
      isFalling = false;
      high = index;
    } else if (!isFalling && value < level[high]! - turn) {
      isFalling = true;
      low = index;
    }
  }
  return {t: valleys.map((index) => t[index]!), v: valleys.map((index) => v[index]!)};
}
