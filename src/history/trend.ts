import type {Points} from './series.ts';

/** The middle of some numbers; NaN of none. */
export const median = (values: readonly number[]): number => middleOf(Float64Array.from(values).sort());

/** The median of what is sorted. */
function middleOf(sorted: Float64Array): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The trend test of Mann (1945) and Kendall (1975). */
interface Trend {
  /** Pairs that rise minus pairs that fall. */
  readonly s: number;
  /** The variance that s has if there is no trend, less for ties. */
  readonly variance: number;
  /** How likely such an s or a higher one is if there is no trend: one-sided, by the normal approximation. */
  readonly p: number;
}

/** @param values in the order of time, independent of each other but for the trend */
export function mannKendall(values: readonly number[]): Trend {
  const n = values.length;
  let s = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) s += Math.sign(values[j]! - values[i]!);
  const ties = new Map<number, number>();
  for (const value of values) ties.set(value, (ties.get(value) ?? 0) + 1);
  const spread = (count: number): number => count * (count - 1) * (2 * count + 5);
  const variance = [...ties.values()].reduce((rest, count) => rest - spread(count), spread(n)) / 18;
  const z = variance > 0 ? (s - Math.sign(s)) / Math.sqrt(variance) : 0;
  return {s, variance, p: upperTail(z)};
}

/** A slope per ms, and the bounds between which it lies with 95 % confidence. */
export interface Slope {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

/** 95 % of a normal distribution lie within this many standard deviations. */
const Z95 = 1.96;

/**
 * The slope of Theil (1950) and Sen (1968): the median of the slopes between all pairs of points, which up to 29 % of
 * outliers don't move. The bounds are the pairs that lie as far from the middle as Kendall's s may by chance.
 *
 * @param t ascending; at least two of them differ
 */
export function theilSen(t: readonly number[], v: readonly number[]): Slope {
  const slopes: number[] = [];
  for (let i = 0; i < t.length; i++) {
    for (let j = i + 1; j < t.length; j++) if (t[j]! > t[i]!) slopes.push((v[j]! - v[i]!) / (t[j]! - t[i]!));
  }
  const sorted = Float64Array.from(slopes).sort();
  const off = (Z95 * Math.sqrt(mannKendall(v).variance)) / 2;
  const at = (rank: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, rank))]!;
  const middle = (sorted.length - 1) / 2;
  return {slope: middleOf(sorted), low: at(Math.floor(middle - off)), high: at(Math.ceil(middle + off))};
}

/**
 * The part of the standard normal distribution above z: Abramowitz and Stegun, Handbook of Mathematical Functions,
 * 26.2.17, accurate to 7.5e-8.
 */
function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}

/** A series is cut into this many parts: enough for the tests, and each of them long. */
export const BLOCKS = 16;

/** A series in a few disjoint parts, one after the other. */
interface Blocks {
  /** The middle of each part: median time and median value. */
  readonly t: readonly number[];
  readonly v: readonly number[];
}

/**
 * Cuts a series into parts of equally many points and takes the median of each. Memory at one moment depends on what it
 * was just before, and tests that treat each look as independent then see trends where there are none; long parts
 * hardly depend on each other.
 *
 * @param count parts at most; with fewer points each is a part
 */
export function blocksOf(points: Points, count: number): Blocks {
  let known = blocks.get(points);
  if (!known) blocks.set(points, (known = new Map()));
  let found = known.get(count);
  if (!found) known.set(count, (found = cutInto(points, count)));
  return found;
}

/** A verdict asks for the same blocks several times, and of 36,000 points they take 5 ms. */
const blocks = new WeakMap<Points, Map<number, Blocks>>();

function cutInto({t, v}: Points, count: number): Blocks {
  const parts = Math.min(count, t.length);
  const edge = (part: number): number => Math.round((part * t.length) / parts);
  const each = (values: readonly number[]): number[] =>
    Array.from({length: parts}, (_, part) => median(values.slice(edge(part), edge(part + 1))));
  return {t: each(t), v: each(v)};
}

/** The deepest fall below what it had been before. */
export function deepestFall(values: readonly number[]): number {
  let highest = -Infinity;
  let fall = 0;
  for (const value of values) {
    highest = Math.max(highest, value);
    fall = Math.max(fall, highest - value);
  }
  return fall;
}

/**
 * A series resampled at even intervals, from its first time on. A series that has a value only where something changed
 * holds it until the next one, so that times at which much changed don't weigh more than others.
 *
 * @param points at least one
 * @param end ms: until when the last value held
 * @param pieces how many intervals; there is one value more
 */
export function heldEvenly({t, v}: Points, end: number, pieces: number): Points {
  const step = (end - t[0]!) / pieces;
  const times = Array.from({length: pieces + 1}, (_, piece) => t[0]! + piece * step);
  let at = 0;
  const values = times.map((time) => {
    while (at + 1 < t.length && t[at + 1]! <= time) at++;
    return v[at]!;
  });
  return {t: times, v: values};
}
