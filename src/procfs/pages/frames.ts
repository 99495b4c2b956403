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
  const sorted = Float64Array.from(frames).sort();
  const words = readSorted(root, file, sorted);
  if (!words) return undefined;
  const found = new Map<number, number>();
  for (let place = 0; place < sorted.length; place++) {
    const word = words[place]!;
    if (word >= 0) found.set(sorted[place]!, word);
  }
  return found;
}

/**
 * The same for many frames. A Map of 8,000 takes longer to make than the kernel takes to answer.
 *
 * @param frames ascending
 * @returns the low 32 bits of the word of each, at its place; -1 where there is none
 */
export function readSorted(
  root: string,
  file: 'kpagecount' | 'kpageflags',
  frames: Float64Array,
): Float64Array | undefined {
  const fd = openIfAllowed(`${root}/${file}`);
  if (fd === undefined) return undefined;
  try {
    const words = new Uint32Array(MOST * 2);
    const found = new Float64Array(frames.length).fill(-1);
    for (let from = 0, to = 0; from < frames.length; from = to) {
      const first = frames[from]!;
      let last = first;
      for (to = from + 1; to < frames.length; to++) {
        const next = frames[to]!;
        if (next - last > GAP || next - first >= MOST) break;
        last = next;
      }
      const got = read(fd, words, first, last - first + 1);
      for (let at = from; at < to; at++) {
        const place = frames[at]! - first;
        if (place < got) found[at] = words[place * 2 + LOW]!;
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
