import type {Points} from '../../../history/series.ts';
import {median} from '../../../history/trend.ts';
import {isFarApart} from './holes.ts';

/** Memory went up at once, and stayed there. */
export interface Step {
  /** ms: the first sample that saw it. */
  readonly t: number;
  /** Bytes, or a number of things. */
  readonly rise: number;
}

/** More steps than this are growth that is not even. */
const MOST_STEPS = 3;

/** A step takes at most this many samples. */
const MOST_SAMPLES = 3;

/** Together the steps are at least this fraction of all that was gained, and each is at least that fraction. */
const PARTS = {all: 0.8, each: 0.1} as const;

/** At least this many points must be before the first step, and after each. */
const FEWEST = 3;

/** Levels are clear if they are this many median deviations apart: 4 standard deviations where the noise is normal. */
export const CLEAR = 4 * 1.4826;

/** The median of the distances to the median. */
export function deviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

/**
 * Up to three steps that are nearly all that a series gained: between them it hardly moves.
 *
 * @param points at least 6
 * @param least a rise of less than this doesn't matter
 * @returns in the order of time; undefined if it did anything else
 */
export function stepsOf(points: Points, least: number): readonly Step[] | undefined {
  const {t, v} = points;
  const rise = median(v.slice(-FEWEST)) - median(v.slice(0, FEWEST));
  if (rise <= 0 || rise < least) return undefined;
  const jumps = jumpsOf(v, PARTS.each * 0.5 * rise).sort((a, b) => heightOf(v, b) - heightOf(v, a));
  let climbed = 0;
  const enough = jumps.findIndex((jump) => (climbed += heightOf(v, jump)) >= PARTS.all * rise) + 1;
  // A few more that are just as clear: the third of three even steps is not needed for 80 %.
  const most = jumps.slice(0, MOST_STEPS).filter((jump) => heightOf(v, jump) >= PARTS.each * rise);
  if (enough === 0 || enough > MOST_STEPS) return undefined;
  const steps = most.sort((a, b) => a.from - b.from);
  const edges = [0, ...steps.map(({to}) => to), v.length];
  const levels = edges.slice(1).map((end, index) => v.slice(edges[index], end));
  if (levels.some((level) => level.length < FEWEST)) return undefined;
  const noise = Math.max(...levels.map(deviation));
  const heights = levels.slice(1).map((level, index) => median(level) - median(levels[index]!));
  const isClear = heights.every((height) => height > CLEAR * noise && height >= PARTS.each * rise);
  if (!isClear || levels.some((level) => driftOf(level) > (1 - PARTS.all) * rise)) return undefined;
  if (heights.reduce((sum, height) => sum + height, 0) < PARTS.all * rise) return undefined;
  if (steps.some(({from, to}) => isFarApart(points, from, to))) return undefined;
  return steps.map(({to}, index) => ({t: t[to]!, rise: heights[index]!}));
}

/** From the last point before it to the first one after it. */
interface Jump {
  readonly from: number;
  readonly to: number;
}

const heightOf = (v: readonly number[], {from, to}: Jump): number => v[to]! - v[from]!;

/** Rises by more than `least` from point to point; up to three in a row are one. */
function jumpsOf(v: readonly number[], least: number): Jump[] {
  const jumps: Jump[] = [];
  for (let to = 1; to < v.length; to++) {
    if (v[to]! - v[to - 1]! <= least) continue;
    const last = jumps.at(-1);
    if (last?.to === to - 1 && to - last.from <= MOST_SAMPLES) jumps[jumps.length - 1] = {from: last.from, to};
    else jumps.push({from: to - 1, to});
  }
  return jumps;
}

/** From the middle of its first half to that of its second. */
function driftOf(level: readonly number[]): number {
  const half = level.length >> 1;
  return Math.abs(median(level.slice(half)) - median(level.slice(0, Math.max(1, half))));
}
