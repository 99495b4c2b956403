import type {Points} from '../model/series.ts';
import {median} from './trend.ts';

/** Into so many parts a series is cut: enough for the tests, and each of them long. */
export const BLOCKS = 16;

/** A series in a few disjoint parts, one after the other. */
export interface Blocks {
  /** The middle of each part: median time and median value. */
  readonly t: readonly number[];
  readonly v: readonly number[];
}

/**
 * Cuts a series into parts of equally many points and takes the median of each. Memory at one moment depends on what it was
 * just before, and tests that take each look for news then see trends where there are none; long parts hardly depend on each
 * other.
 *
 * @param count parts at most; of fewer points each is a part
 */
export function blocksOf({t, v}: Points, count: number): Blocks {
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
