import {pageSizeOf} from '../../model/clues.ts';
import {growsDown, holesOf, isInUserSpace, stackGap, userSpaceEnd, type Hole} from '../../model/holes.ts';
import {hasNoAccess, hex, isFileBacked, isPrivate, isWritable, type Region, sizeOf} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {bordersOf} from './borders.ts';

/** How far something can still grow, in bytes (regions: their number). */
export interface Headroom {
  readonly used: number;
  /** The limit that the process was given; null: none; undefined: the source doesn't say. */
  readonly limit: number | null | undefined;
  /**
   * What is left of the limit, or until the addresses end: the smaller of the two. Undefined where the source says
   * neither.
   */
  readonly left: number | undefined;
  /** What ends it first: the limit, or the addresses. */
  readonly endsAt: 'limit' | 'addresses' | undefined;
}

/** How much room an address space has: why mmap, brk or a deeper stack would fail. */
export interface Room {
  /** One mmap: into the largest hole, as long as the sum stays below RLIMIT_AS. */
  readonly mapping: Headroom & {readonly holes: number; readonly free: number; readonly largest: Hole | undefined};
  /** The brk area, until the next region; RLIMIT_DATA counts all private writable memory (VmData). */
  readonly brk: (Headroom & {readonly end: number; readonly next: Region | undefined}) | undefined;
  /** The main thread's stack, until 1 MiB above the region below it; RLIMIT_STACK. */
  readonly stack: (Headroom & {readonly start: number; readonly below: Region | undefined}) | undefined;
  /** The number of regions, and vm.max_map_count. */
  readonly regions: Headroom;
  /** Memory locked into RAM: VmLck, and RLIMIT_MEMLOCK. */
  readonly locked: Headroom | undefined;
  readonly arenas: readonly Arena[];
  /** Private writable memory without a file: what was asked for, and what of it is resident. */
  readonly writable: {readonly size: number; readonly rss: number | undefined};
}

export function roomOf(snapshot: Snapshot): Room {
  const {regions, clues, status} = snapshot;
  const pageSize = pageSizeOf(snapshot);
  const {limits} = clues;
  const vmLck = bytes(status['vmLck']);
  return {
    mapping: mappingRoom(snapshot, pageSize),
    brk: brkRoom(snapshot, pageSize),
    stack: stackRoom(regions, limits?.stack, pageSize),
    regions: headroom(
      regions.length - regions.filter((region) => !isInUserSpace(region)).length,
      clues.maxMapCount,
      undefined,
    ),
    locked: vmLck === undefined ? undefined : headroom(vmLck, limits?.locked, undefined),
    // The line below a table of regions does without these two.
    get arenas() {
      return arenasOf(regions);
    },
    get writable() {
      return writableOf(regions);
    },
  };
}

function mappingRoom({regions, clues, status, totals}: Snapshot, pageSize: number): Room['mapping'] {
  const holes = holesOf(regions, pageSize);
  const largest = holes.reduce<Hole | undefined>(
    (most, hole) => (most && sizeOf(most) >= sizeOf(hole) ? most : hole),
    undefined,
  );
  const used = bytes(status['vmSize']) ?? totals.size;
  return {
    ...headroom(used, clues.limits?.addressSpace, largest ? sizeOf(largest) : 0),
    holes: holes.length,
    free: holes.reduce((sum, hole) => sum + sizeOf(hole), 0),
    largest,
  };
}

/**
 * brk(2) needs a free page after the new end (mm/mmap.c). Where the area is empty no region shows it, and only stat
 * says where it would begin.
 */
function brkRoom({regions, clues, status, process}: Snapshot, pageSize: number): Room['brk'] {
  const heap = regions.filter(({name}) => name === '[heap]');
  const mark = clues.marks?.startBrk ?? Number(process.startBrk ?? 0);
  const start = mark > 1 ? mark : heap[0]?.start;
  if (start === undefined) return undefined;
  const end = heap.at(-1)?.end ?? Math.ceil(start / pageSize) * pageSize;
  const next = regions.find((region) => region.start >= end && isInUserSpace(region));
  const stop = next ? next.start - (growsDown(next) ? stackGap(pageSize) : 0) : userSpaceEnd(regions, pageSize);
  const used = heap.reduce((sum, region) => sum + sizeOf(region), 0);
  const data = bytes(status['vmData']);
  // The limit is on VmData, of which the brk area is a part.
  const limit = clues.limits?.data;
  const left = data === undefined ? undefined : limit && Math.max(0, limit - data);
  return {...smaller(used, limit, left, Math.max(0, stop - pageSize - end)), end, next};
}

/**
 * A stack may grow right up to memory without access; from other regions it keeps its distance (mm/vma.c,
 * expand_downwards).
 */
function stackRoom(regions: readonly Region[], limit: number | null | undefined, pageSize: number): Room['stack'] {
  const index = regions.findIndex(({name}) => name === '[stack]');
  const stack = regions[index];
  if (!stack) return undefined;
  const below = regions[index - 1];
  const gap = below && !hasNoAccess(below) ? stackGap(pageSize) : 0;
  const free = Math.max(0, stack.start - (below?.end ?? 0) - gap);
  return {...headroom(sizeOf(stack), limit, free), start: stack.start, below};
}

function writableOf(regions: readonly Region[]): Room['writable'] {
  const writable = regions.filter((region) => isWritable(region) && isPrivate(region) && !isFileBacked(region));
  const rss = writable.some(({usage}) => usage?.rss !== undefined);
  const sum = (amount: (region: Region) => number): number => writable.reduce((total, each) => total + amount(each), 0);
  return {size: sum(sizeOf), rss: rss ? sum(({usage}) => usage?.rss ?? 0) : undefined};
}

/** @param free how far the addresses continue; undefined where they don't matter */
const headroom = (used: number, limit: number | null | undefined, free: number | undefined): Headroom =>
  smaller(used, limit, limit == null ? limit : Math.max(0, limit - used), free);

function smaller(
  used: number,
  limit: number | null | undefined,
  left: number | null | undefined,
  free: number | undefined,
): Headroom {
  const isLimit = left != null && (free === undefined || left < free);
  const endsAt = isLimit ? 'limit' : free === undefined ? undefined : 'addresses';
  return {used, limit, left: isLimit ? left : free, endsAt};
}

const bytes = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

/**
 * One block of glibc's malloc beside [heap]: 64 MiB of addresses (1 MiB with 32-bit pointers), of which a part is in
 * use.
 */
interface Arena {
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
 * has several, and each counts; blocks that are used up and merged into one region count as one, by the number of the first.
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

const HEAPS = /^heaps? (\d+)(?: to \d+)? of malloc's arenas$/;
const UNUSED = /^unused part of heap \d+ of malloc's arenas$/;

/** What `show --json` says about the room in an address space: sizes in bytes, addresses as hex strings. */
export function roomJSON(snapshot: Snapshot): Record<string, unknown> {
  const {mapping, brk, stack, regions, locked, arenas, writable} = roomOf(snapshot);
  return {
    mapping: {...mapping, largest: mapping.largest && rangeJSON(mapping.largest)},
    brk: brk && {...brk, end: hex(brk.end), next: brk.next && neighbourJSON(brk.next)},
    stack: stack && {...stack, start: hex(stack.start), below: stack.below && neighbourJSON(stack.below)},
    regions,
    locked,
    arenas: arenas.map((arena) => ({...arena, start: hex(arena.start), size: arena.committed + arena.reserved})),
    writable,
    borders: bordersOf(snapshot.regions).map(({cause, detail, count, first: [before, after]}) => ({
      cause,
      detail,
      count,
      example: [hex(before.start), hex(after.start)],
    })),
  };
}

const rangeJSON = (range: {readonly start: number; readonly end: number}): Record<string, unknown> => ({
  start: hex(range.start),
  end: hex(range.end),
  size: sizeOf(range),
});

const neighbourJSON = (region: Region): Record<string, unknown> => ({
  ...rangeJSON(region),
  name: region.name,
  kind: region.kind,
});
