import {isFileBacked, isPrivate, isWritable, sizeOf, type Region} from '../../model/region.ts';

/**
 * One block of glibc's malloc beside [heap]: 64 MiB of addresses (1 MiB with 32-bit pointers), of which a part is in
 * use.
 */
export interface Arena {
  /** Counted from 1 in the order of addresses, as in the labels. */
  readonly number: number;
  readonly start: number;
  /** Bytes that malloc made writable. */
  readonly committed: number;
  /** Bytes without access, kept for when it needs more. */
  readonly reserved: number;
  /** Bytes in RAM, of what is committed; absent where resident memory wasn't read. */
  readonly resident?: number | undefined;
}

/**
 * The heaps of the arenas of glibc's malloc among classified regions, by their labels. An arena that outgrew its block
 * has several, and each counts; blocks that are used up and merged into one region count as one, by the number of the
 * first.
 */
export function arenasOf(regions: readonly Region[]): Arena[] {
  const arenas = new Map<number, {-readonly [field in keyof Arena]: Arena[field]}>();
  let number = 0;
  for (const region of regions) {
    const used = HEAPS.exec(region.label ?? '');
    if (used) number = Number(used[1]);
    else if (!UNUSED.test(region.label ?? '')) continue;
    const arena = arenas.get(number) ?? {number, start: region.start, committed: 0, reserved: 0, resident: undefined};
    arenas.set(number, arena);
    if (!used) arena.reserved += sizeOf(region);
    else {
      arena.committed += sizeOf(region);
      if (region.usage?.rss !== undefined) arena.resident = (arena.resident ?? 0) + region.usage.rss;
    }
  }
  return [...arenas.values()];
}

/** Private writable memory without a file: what was asked for, and what of it is resident. */
export function writableOf(regions: readonly Region[]): {readonly size: number; readonly rss: number | undefined} {
  const writable = regions.filter((region) => isWritable(region) && isPrivate(region) && !isFileBacked(region));
  const rss = writable.some(({usage}) => usage?.rss !== undefined);
  const sum = (amount: (region: Region) => number): number => writable.reduce((total, each) => total + amount(each), 0);
  return {size: sum(sizeOf), rss: rss ? sum(({usage}) => usage?.rss ?? 0) : undefined};
}

const HEAPS = /^heaps? (\d+)(?: to \d+)? of malloc's arenas$/;
const UNUSED = /^unused part of heap \d+ of malloc's arenas$/;
