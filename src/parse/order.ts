import {counted} from '../model/amounts.ts';
import {exactHex} from '../model/region.ts';
import {ABSENT} from '../model/columns/columns.ts';
import type {Regions} from '../model/columns/regions.ts';

/** What was made of a listing. */
interface Ordered {
  /** Ascending, without overlaps. */
  readonly table: Regions;
  /** How many lines were out of order, if the listing is torn. */
  readonly torn: number;
  /** What a reader should know. */
  readonly notes: string[];
}

/**
 * Puts a torn listing in order. The kernel walks a process's regions while the process runs on: a region that merges
 * with its neighbour during the walk is printed twice, the second time longer, or a line begins before the end of the
 * one above it. What was printed later is newer, so later lines win: each byte belongs to the last line that covers it,
 * and an earlier region is cut to what is left of it, into two if the newer one is within it.
 *
 * In a capture, lines without overlaps of which many are out of order were sorted by somebody else (`sort -k3`), or
 * come from a system with another order. Nothing was lost then, and the listing is not torn.
 *
 * @param regions in the order of the listing; the very same ones come back if nothing was wrong
 */
export function putInOrder(regions: Regions, from: 'proc' | 'capture' = 'proc'): Ordered {
  const torn = countBackwards(regions);
  if (torn === 0) return {table: regions, torn, notes: []};
  const ascending = from === 'capture' && torn >= regions.length * MANY ? sortedApart(regions) : undefined;
  if (!ascending) return {table: laterLinesWin(regions), torn, notes: []};
  const note = `${counted(torn, 'line')} ${torn === 1 ? 'was' : 'were'} not in the order of addresses, and put there.`;
  return {table: ascending, torn: 0, notes: [note]};
}

/** A walk during which regions change gets single lines wrong; this share of them is somebody's order. */
const MANY = 0.1;

/** In ascending order; undefined if some overlap. */
function sortedApart(regions: Regions): Regions | undefined {
  const {start, end, length} = regions;
  const rows = Array.from({length}, (_, row) => row).sort((a, b) => start[a]! - start[b]!);
  const isApart = rows.every((row, index) => index === 0 || end[rows[index - 1]!]! <= start[row]!);
  return isApart ? regions.pick(rows) : undefined;
}

/** Cuts the address space at every start and end, and gives each piece to the latest line that covers it. */
function laterLinesWin(regions: Regions): Regions {
  const {start, end, length} = regions;
  const all = [...start.subarray(0, length), ...end.subarray(0, length)];
  const bounds = Float64Array.from(new Set(all)).sort();
  const pieceAt = new Map(Array.from(bounds, (bound, piece) => [bound, piece]));
  const owner = new Int32Array(bounds.length).fill(-1);
  // Where to look for the next piece that nobody owns: each owned piece points further up.
  const next = Int32Array.from(bounds, (_, piece) => piece);
  const free = (piece: number): number => {
    while (next[piece] !== piece) piece = next[piece] = next[next[piece]!]!;
    return piece;
  };
  for (let line = length - 1; line >= 0; line--) {
    const last = pieceAt.get(end[line]!)!;
    for (let piece = free(pieceAt.get(start[line]!)!); piece < last; piece = free(piece)) {
      owner[piece] = line;
      next[piece] = piece + 1;
    }
  }
  const lines: number[] = [];
  const ranges: Array<readonly [start: number, end: number]> = [];
  for (let piece = 0, first = 0; piece < owner.length; piece++) {
    if (owner[piece + 1] === owner[piece]) continue;
    if (owner[piece]! >= 0) {
      lines.push(owner[piece]!);
      ranges.push([bounds[first]!, bounds[piece + 1]!]);
    }
    first = piece + 1;
  }
  const result = regions.pick(lines);
  ranges.forEach((range, row) => cut(result, row, ...range));
  return result;
}

function countBackwards({start, end, length}: Regions): number {
  let count = 0;
  let reached = 0;
  for (let row = 0; row < length; row++) {
    if (start[row]! < reached) count++;
    reached = Math.max(reached, end[row]!);
  }
  return count;
}

/** Leaves a part of a region. Its counters were for the whole, so they are dropped rather than counted twice. */
function cut(regions: Regions, row: number, start: number, end: number): void {
  if (start === regions.start[row] && end === regions.end[row]) return;
  const offset = regions.offset[row]!;
  if (offset !== ABSENT && regions.backingAt(row).inode !== '0') {
    const moved = offset + (start - regions.start[row]!);
    // Where the sum is not an offset, or not exact, the line was not the kernel's.
    regions.offset[row] = exactHex(moved.toString(16)) === moved ? moved : ABSENT;
  }
  regions.start[row] = start;
  regions.end[row] = end;
  regions.uncount(row);
}
