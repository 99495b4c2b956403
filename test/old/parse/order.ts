import {counted} from '../model/amounts.ts';
import {exactHex, type Region, withPlace} from '../model/region.ts';

/**
 * Puts a torn listing in order. The kernel walks a process's regions while the process runs on: a region that merges
 * with its neighbour during the walk is printed twice, the second time longer, or a line begins before the end of the
 * one above it. What was printed later is newer, so later lines win: each byte belongs to the last line that covers it,
 * and an earlier region is cut to what is left of it, into two if the newer one is within it.
 *
 * In a capture, lines without overlaps of which many are out of order were sorted by somebody else (`sort -k3`), or
 * come from a system with another order. Nothing was lost then, and the listing is not torn.
 *
 * @param regions in the order of the listing
 * @returns the same array if nothing was wrong; else regions in ascending order without overlaps; how many lines
 * were out of order if the listing is torn; and what a reader should know
 */
export function putInOrder(
  regions: Region[],
  from: 'proc' | 'capture' = 'proc',
): {regions: Region[]; torn: number; notes: string[]} {
  const torn = countBackwards(regions);
  if (torn === 0) return {regions, torn, notes: []};
  const ascending = from === 'capture' && torn >= regions.length * MANY ? sortedApart(regions) : undefined;
  if (!ascending) return {regions: laterLinesWin(regions), torn, notes: []};
  const note = `${counted(torn, 'line')} ${torn === 1 ? 'was' : 'were'} not in the order of addresses, and put there.`;
  return {regions: ascending, torn: 0, notes: [note]};
}

/** A walk during which regions change gets single lines wrong; this share of them is somebody's order. */
const MANY = 0.1;

/** In ascending order; undefined if some overlap. */
function sortedApart(regions: readonly Region[]): Region[] | undefined {
  const ascending = [...regions].sort((a, b) => a.start - b.start);
  const isApart = ascending.every(({start}, index) => index === 0 || ascending[index - 1]!.end <= start);
  return isApart ? ascending : undefined;
}

/** Cuts the address space at every start and end, and gives each piece to the latest line that covers it. */
function laterLinesWin(regions: readonly Region[]): Region[] {
  const bounds = Float64Array.from(new Set(regions.flatMap(({start, end}) => [start, end]))).sort();
  const pieceAt = new Map(Array.from(bounds, (bound, piece) => [bound, piece]));
  const owner = new Int32Array(bounds.length).fill(-1);
  // Where to look for the next piece that nobody owns: each owned piece points further up.
  const next = Int32Array.from(bounds, (_, piece) => piece);
  const free = (piece: number): number => {
    while (next[piece] !== piece) piece = next[piece] = next[next[piece]!]!;
    return piece;
  };
  for (let line = regions.length - 1; line >= 0; line--) {
    const {start, end} = regions[line]!;
    const last = pieceAt.get(end)!;
    for (let piece = free(pieceAt.get(start)!); piece < last; piece = free(piece)) {
      owner[piece] = line;
      next[piece] = piece + 1;
    }
  }
  const result: Region[] = [];
  for (let piece = 0, first = 0; piece < owner.length; piece++) {
    if (owner[piece + 1] === owner[piece]) continue;
    if (owner[piece]! >= 0) result.push(cut(regions[owner[piece]!]!, bounds[first]!, bounds[piece + 1]!));
    first = piece + 1;
  }
  return result;
}

function countBackwards(regions: readonly Region[]): number {
  let count = 0;
  let end = 0;
  for (const region of regions) {
    if (region.start < end) count++;
    end = Math.max(end, region.end);
  }
  return count;
}

function cut(region: Region, start: number, end: number): Region {
  if (start === region.start && end === region.end) return region;
  const isFixed = region.offset === undefined || region.inode === '0';
  const offset = isFixed ? region.offset : region.offset + (start - region.start);
  // Where the sum is not an offset, or not exact, the line was not the kernel's.
  const isOffset = offset !== undefined && exactHex(offset.toString(16)) === offset;
  return withPlace(region, {start, end, offset: isOffset ? offset : undefined});
}
