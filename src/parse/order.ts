import {exactHex, type Region, withPlace} from '../model/region.ts';

/**
 * Puts a torn listing in order. The kernel walks a process's regions while the process runs on: a region that merges
 * with its neighbour during the walk is printed twice, the second time longer, or a line begins before the end of the
 * one above it. What was printed later is newer, so later lines win: each byte belongs to the last line that covers it,
 * and an earlier region is cut to what is left of it, into two if the newer one is within it.
 *
 * @param regions in the order of the listing
 * @returns the same array if nothing was wrong; else regions in ascending order without overlaps; and how many lines
 * were out of order
 */
export function putInOrder(regions: Region[]): {regions: Region[]; torn: number} {
  const torn = countBackwards(regions);
  return {regions: torn === 0 ? regions : laterLinesWin(regions), torn};
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
