import type {Region} from '../model/region.ts';
import {fate, type Fate} from './same.ts';

/**
 * The sweep. Both listings are sorted and free of overlaps, so one pass with two indices meets every byte once. It cuts
 * memory at the borders of both listings: between two cuts, nothing changes within a listing, and each such piece has one
 * answer to "what was it, and what is it now?".
 */
export interface Piece {
  /** In the addresses of `after`. */
  readonly start: number;
  readonly end: number;
  /** The region it belongs to on each side; undefined where it isn't mapped. */
  readonly before: Region | undefined;
  readonly after: Region | undefined;
  readonly fate: Fate | 'mapped' | 'unmapped';
}

/** Regions of both sides that overlap each other, directly or through others. What happens in one doesn't touch the next. */
export interface Cluster {
  readonly before: readonly Region[];
  readonly after: readonly Region[];
}

/**
 * All clusters but those of one region that is the very same object on both sides: of such there is nothing to say, and a
 * watch of 60,000 regions would take three times as long for them.
 *
 * @param slide added to the addresses of `before`
 */
export function* clusters(before: readonly Region[], after: readonly Region[], slide: number): Generator<Cluster> {
  let i = 0;
  let j = 0;
  for (;;) {
    if (slide === 0) {
      for (; i < before.length && before[i] === after[j]; i++) j++;
    }
    if (i === before.length && j === after.length) return;
    const firstBefore = i;
    const firstAfter = j;
    // Begin with the lower one; then take in, in turn, what overlaps the last one taken from the other side.
    if ((before[i]?.start ?? Infinity) + slide <= (after[j]?.start ?? Infinity)) i++;
    else j++;
    for (let grew = true; grew;) {
      const from = i + j;
      const reachAfter = j > firstAfter ? after[j - 1]!.end - slide : -Infinity;
      while (i < before.length && before[i]!.start < reachAfter) i++;
      const reachBefore = i > firstBefore ? before[i - 1]!.end + slide : -Infinity;
      while (j < after.length && after[j]!.start < reachBefore) j++;
      grew = i + j > from;
    }
    yield {before: before.slice(firstBefore, i), after: after.slice(firstAfter, j)};
  }
}

/** The pieces of one cluster, in address order and without gaps. */
export function piecesOf(cluster: Cluster, slide: number): Piece[] {
  const {before, after} = cluster;
  const pieces: Piece[] = [];
  let i = 0;
  let j = 0;
  let at = -Infinity;
  while (i < before.length || j < after.length) {
    const a = before[i];
    const b = after[j];
    const aStart = a ? a.start + slide : Infinity;
    const aEnd = a ? a.end + slide : Infinity;
    const bStart = b?.start ?? Infinity;
    const bEnd = b?.end ?? Infinity;
    const start = Math.max(at, Math.min(aStart, bStart));
    const inA = a !== undefined && aStart <= start;
    const inB = b !== undefined && bStart <= start;
    const end = Math.min(inA ? aEnd : aStart, inB ? bEnd : bStart);
    pieces.push({
      start,
      end,
      before: inA ? a : undefined,
      after: inB ? b : undefined,
      fate: inA && inB ? fate(a, b, slide) : inA ? 'unmapped' : 'mapped',
    });
    at = end;
    if (aEnd === end) i++;
    if (bEnd === end) j++;
  }
  return pieces;
}
