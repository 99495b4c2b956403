import type {Change} from '../model/change.ts';
import type {Region} from '../model/region.ts';
import {fate} from '../model/same.ts';

/** In place of an index: nothing was there before; or it was a part of a region that continues elsewhere. */
export const NEW = -1;
export const PIECE = -2;

/** What is remembered of a region, whatever it is. */
interface Known {
  readonly region: Region;
}

/** A region that overlaps a known one, and how strong its claim is to be the continuation of that one. */
interface Claim {
  readonly before: number;
  readonly after: number;
  readonly score: number;
}

/** More than any overlap: a region with the same permissions comes before one that was only mapped there. */
const SAME_PERMS = 2 ** 60;

/**
 * Which region is which, from look to look. A region continues one with which it shares bytes of the same memory
 * (`fate`): borders move, and a heap that grew is the same heap. Nearly all regions lie where they did, and cost a few
 * comparisons; of the others the best fits are paired first, each known region and each region once: those with the
 * same permissions, then those that share most bytes.
 *
 * @param before what is known, in address order
 * @param after the regions of a further look, in address order
 * @param changes what happened in between, where that was found out: it tells what mremap(2) moved, and where to
 * @returns for each region the index of the one that it continues, or NEW or PIECE
 */
export function pairs(before: readonly Known[], after: readonly Region[], changes: readonly Change[] = []): Int32Array {
  const parents = new Int32Array(after.length).fill(NEW);
  const claims: Claim[] = [];
  for (let i = 0, j = 0; i < before.length && j < after.length;) {
    const {region} = before[i]!;
    const next = after[j]!;
    if (region.start < next.end && next.start < region.end && isSameMemory(region, next)) {
      const isInPlace = region.start === next.start && region.end === next.end;
      if (!isInPlace) claims.push({before: i, after: j, score: scoreOf(region, next)});
      parents[j] = isInPlace ? i : PIECE;
    }
    const isDone = region.end <= next.end;
    if (next.end <= region.end) j++;
    if (isDone) i++;
  }
  settle(claims, parents);
  followMoves(before, after, changes, parents);
  return parents;
}

/** Nearly all regions have the same text as before, and what it means need not be asked of 60,000. */
const isSameMemory = (before: Region, after: Region): boolean =>
  isSameText(before, after) || fate(before, after, 0) !== 'replaced';

const isSameText = (a: Region, b: Region): boolean =>
  a === b ||
  (a.start === b.start &&
    a.offset === b.offset &&
    a.perms === b.perms &&
    a.inode === b.inode &&
    a.dev === b.dev &&
    a.name === b.name &&
    a.nameBase64 === b.nameBase64);

const scoreOf = (a: Region, b: Region): number =>
  Math.min(a.end, b.end) - Math.max(a.start, b.start) + (a.perms === b.perms ? SAME_PERMS : 0);

function settle(claims: Claim[], parents: Int32Array): void {
  const taken = new Set<number>();
  claims.sort((a, b) => b.score - a.score || a.before - b.before || a.after - b.after);
  for (const {before, after} of claims) {
    if (taken.has(before) || parents[after] !== PIECE) continue;
    taken.add(before);
    parents[after] = before;
  }
}

/** The diff has found out what moved. */
function followMoves(
  before: readonly Known[],
  after: readonly Region[],
  changes: readonly Change[],
  parents: Int32Array,
): void {
  for (const change of changes) {
    if (change.kind !== 'moved') continue;
    const to = indexOf(change.after[0]!.start, after.length, (index) => after[index]!.start);
    const from = indexOf(change.before[0]!.start, before.length, (index) => before[index]!.region.start);
    if (to !== undefined && from !== undefined && parents[to] === NEW) parents[to] = from;
  }
}

/** Binary search in ascending starts. */
function indexOf(start: number, count: number, startAt: (index: number) => number): number | undefined {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (startAt(middle) < start) low = middle + 1;
    else high = middle;
  }
  return low < count && startAt(low) === start ? low : undefined;
}
