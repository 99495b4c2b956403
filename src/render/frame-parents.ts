import type {Change} from '../model/change.ts';
import type {Region} from '../model/region.ts';
import type {Row} from './frame-rows.ts';

/** In place of an index: nothing was there before; or it was a part of a region that goes on elsewhere. */
export const NEW = -1;
export const PIECE = -2;

/** A region that overlaps a row's, and how good a claim to go on as that row this is. */
interface Claim {
  readonly row: number;
  readonly region: number;
  readonly score: number;
}

/** More than any overlap: a region with the same permissions goes on before one that was only mapped there. */
const SAME_PERMS = 2 ** 60;

/**
 * Which region goes on as which row. Borders move: a heap that grew is the same heap. Nearly all regions lie where they did,
 * and cost three comparisons; of the others that overlap, the best fits are paired first, each row and region once.
 *
 * @returns for each region the index of its row, or NEW or PIECE
 */
export function parentsOf(rows: readonly Row[], regions: readonly Region[], changes: readonly Change[]): Int32Array {
  const parents = new Int32Array(regions.length).fill(NEW);
  const claims: Claim[] = [];
  for (let row = 0, region = 0; row < rows.length && region < regions.length;) {
    const before = rows[row]!.region;
    const after = regions[region]!;
    if (before.start === after.start && before.end === after.end) parents[region] = row;
    else if (before.start < after.end && after.start < before.end && isOneThing(before, after)) {
      claims.push({row, region, score: scoreOf(before, after)});
      parents[region] = PIECE;
    }
    const isRowDone = before.end <= after.end;
    if (after.end <= before.end) region++;
    if (isRowDone) row++;
  }
  settle(claims, parents);
  followMoves(rows, regions, changes, parents);
  return parents;
}

/** Anonymous memory has neither device nor inode, so its parts are one thing whatever the kernel calls them. */
const isOneThing = (a: Region, b: Region): boolean => a.inode === b.inode && a.dev === b.dev;

const scoreOf = (a: Region, b: Region): number =>
  Math.min(a.end, b.end) - Math.max(a.start, b.start) + (a.perms === b.perms ? SAME_PERMS : 0);

function settle(claims: Claim[], parents: Int32Array): void {
  const taken = new Set<number>();
  claims.sort((a, b) => b.score - a.score || a.row - b.row || a.region - b.region);
  for (const {row, region} of claims) {
    if (taken.has(row) || parents[region] !== PIECE) continue;
    taken.add(row);
    parents[region] = row;
  }
}

/** mremap(2): the diff has found out what moved, and where to. */
function followMoves(
  rows: readonly Row[],
  regions: readonly Region[],
  changes: readonly Change[],
  parents: Int32Array,
): void {
  for (const {kind, before, after} of changes) {
    if (kind !== 'moved') continue;
    const region = indexOf(after[0]!.start, regions.length, (index) => regions[index]!.start);
    const row = indexOf(before[0]!.start, rows.length, (index) => rows[index]!.region.start);
    if (region !== undefined && row !== undefined && parents[region] === NEW) parents[region] = row;
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
