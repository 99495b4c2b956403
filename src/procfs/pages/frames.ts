import {closeSync, readSync} from 'node:fs';
import {LOW} from '../../parse/proc/pagemap.ts';
import {openProc} from '../open.ts';

/** Frames that lie this close together are read in one go: a word costs less than a call. */
const GAP = 16;

/** Frames per read(2). */
const MOST = 4096;

/**
 * What the kernel says of page frames: /proc/kpagecount, how often each is mapped, or /proc/kpageflags
 * (Documentation/admin-guide/mm/pagemap.rst). Only root may read them. 8,000 frames, scattered over memory, take 5 ms.
 *
 * @param frames page frame numbers, in any order; one may be there twice
 * @returns the low 32 bits of each one's word; undefined where the file may not be read
 */
export function readFrames(
  root: string,
  file: 'kpagecount' | 'kpageflags',
  frames: readonly number[],
): ReadonlyMap<number, number> | undefined {
  const fd = openIfAllowed(`${root}/${file}`);
  if (fd === undefined) return undefined;
  try {
    const sorted = Float64Array.from(frames).sort();
    const words = new Uint32Array(MOST * 2);
    const found = new Map<number, number>();
    for (let from = 0, to = 0; from < sorted.length; from = to) {
      const first = sorted[from]!;
      for (to = from + 1; to < sorted.length; to++)
        if (sorted[to]! - sorted[to - 1]! > GAP || sorted[to]! - first >= MOST) break;
      const got = read(fd, words, first, sorted[to - 1]! - first + 1);
      for (let at = from; at < to; at++) {
        const place = sorted[at]! - first;
        if (place < got) found.set(sorted[at]!, words[place * 2 + LOW]!);
      }
    }
    return found;
  } finally {
    closeSync(fd);
  }
}

function openIfAllowed(path: string): number | undefined {
  try {
    return openProc(path);
  } catch {
    return undefined;
  }
}

/** @returns frames; 0 beyond the last one, as device memory is (EINVAL) */
function read(fd: number, words: Uint32Array, first: number, frames: number): number {
  try {
    return Math.floor(readSync(fd, words, 0, frames * 8, first * 8) / 8);
  } catch {
    return 0;
  }
}
