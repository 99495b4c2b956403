import {isFileBacked, sizeOf, type Region} from './region.ts';

/** A further heap of glibc's malloc, in bytes. */
export interface Arena {
  readonly start: number;
  readonly end: number;
  /** What may be written: malloc makes more of it accessible as it needs it (mprotect). */
  readonly committed: number;
  /** Absent where the source doesn't say. */
  readonly rss?: number | undefined;
}

/** HEAP_MAX_SIZE of glibc's malloc/arena.c on 64-bit machines: its heaps begin at multiples of it. */
const HEAP = 64 * 1024 * 1024;

/**
 * The heaps that glibc's malloc made for other threads than the first, known by their shape: 64 MiB that begin at a
 * multiple of 64 MiB, a part that may be written, and behind it a part without access. One that is used to its end has no
 * second part, and counts only where `classify` knows it as an arena.
 */
export function arenasOf(regions: readonly Region[]): Arena[] {
  return regions.flatMap((region, index) => {
    if (region.start % HEAP !== 0 || !isAnonymous(region, 'rw-p')) return [];
    const next = regions[index + 1];
    const end = Math.ceil(region.end / HEAP) * HEAP;
    const isFollowed = next !== undefined && next.start === region.end && isAnonymous(next, '---p') && next.end >= end;
    if (!isFollowed && !(region.end === end && region.kind === 'arena')) return [];
    return [{start: region.start, end, committed: sizeOf(region), rss: region.usage?.rss}];
  });
}

const isAnonymous = (region: Region, perms: string): boolean => region.perms === perms && !isFileBacked(region) && !/^\[(heap|stack)/.test(region.name); // prettier-ignore
