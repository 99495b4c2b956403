import {isPrivate, isWritable} from '../../model/region.ts';
import {ABSENT} from '../../model/columns/columns.ts';
import type {Regions} from '../../model/columns/regions.ts';

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
export function arenasOf(regions: Regions): Arena[] {
  const {start, end, verdict, tables, length} = regions;
  const rss = regions.counter('rss');
  const numbers = tables.verdicts.map(({label = ''}) => numberIn(label));
  if (numbers.every((its) => its === undefined)) return [];
  const arenas = new Map<number, {-readonly [field in keyof Arena]: Arena[field]}>();
  let number = 0;
  for (let row = 0; row < length; row++) {
    const its = numbers[verdict[row]!];
    if (its === undefined) continue;
    const isUsed = its !== 'unused';
    if (isUsed) number = its;
    const arena = arenas.get(number) ?? {number, start: start[row]!, committed: 0, reserved: 0, resident: undefined};
    arenas.set(number, arena);
    const size = end[row]! - start[row]!;
    if (!isUsed) arena.reserved += size;
    else {
      arena.committed += size;
      if (rss && rss[row] !== ABSENT) arena.resident = (arena.resident ?? 0) + rss[row]!;
    }
  }
  return [...arenas.values()];
}

/** What a label says of malloc's arenas: the number of a heap, or that this is the unused part of one. */
function numberIn(label: string): number | 'unused' | undefined {
  const used = HEAPS.exec(label);
  return used ? Number(used[1]) : UNUSED.test(label) ? 'unused' : undefined;
}

/** Private writable memory without a file: what was asked for, and what of it is resident. */
export function writableOf(regions: Regions): {readonly size: number; readonly rss: number | undefined} {
  const {start, end, perms, tables} = regions;
  const {firsts, counts} = regions.alike;
  const isData = tables.perms.map((text) => isWritable({perms: text}) && isPrivate({perms: text}));
  const resident = regions.counter('rss');
  let size = 0;
  let rss: number | undefined;
  for (const [index, row] of firsts.entries()) {
    if (!isData[perms[row]!] || regions.backingAt(row).isFile) continue;
    size += counts[index]! * (end[row]! - start[row]!);
    if (resident && resident[row] !== ABSENT) rss = (rss ?? 0) + counts[index]! * resident[row]!;
  }
  return {size, rss};
}

const HEAPS = /^heaps? (\d+)(?: to \d+)? of malloc's arenas$/;
const UNUSED = /^unused part of heap \d+ of malloc's arenas$/;
