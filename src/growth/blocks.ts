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

/** A process may give memory back as it ends for so long: this part of all looks. */
const ENDING = 1 / 8;

/**
 * A series of a process that ended, without what it gave back as it did: what follows the last high point, if that is a
 * small part of all.
 */
export function withoutFinalFall({t, v}: Points): Points {
  const most = v.reduce((high, value) => Math.max(high, value), -Infinity);
  const least = v.reduce((low, value) => Math.min(low, value), Infinity);
  const end = v.findLastIndex((value) => value >= most - (most - least) / 10) + 1;
  return v.length - end <= Math.max(1, ENDING * v.length) ? {t: t.slice(0, end), v: v.slice(0, end)} : {t, v};
}
