import type {Region} from '../region.ts';
import type {Regions} from '../columns/regions.ts';

/** A range of addresses; the end is the first byte after it. */
export interface Hole {
  readonly start: number;
  readonly end: number;
}

const GIB4 = 2 ** 32;

/** What bounds a hole besides the regions. */
interface Edges {
  /** vm.mmap_min_addr: below it nothing may be mapped, so that a null pointer hits nothing. */
  readonly mmapMinAddr?: number | undefined;
  /** The kernel keeps these pages free below a stack that grows: stack_guard_gap, mm/mmap.c. 256 by default. */
  readonly stackGuardPages?: number | undefined;
}

/** The least that kernels are built with, whatever the sysctl says: CONFIG_LSM_MMAP_MIN_ADDR, security/min_addr.c. */
const MMAP_MIN_ADDR = 64 * 1024;
const STACK_GUARD_PAGES = 256;

/** The lowest address that may be mapped. */
export const lowestAddress = (pageSize: number, {mmapMinAddr = 0}: Edges = {}): number =>
  Math.ceil(Math.max(mmapMinAddr, MMAP_MIN_ADDR) / pageSize) * pageSize;

/** In bytes. */
export const stackGap = (pageSize: number, {stackGuardPages = STACK_GUARD_PAGES}: Edges = {}): number =>
  stackGuardPages * pageSize;

/** Regions of the process itself: the vsyscall page is the kernel's, and lies in the kernel's half of the addresses. */
export const isInUserSpace = (region: Region): boolean => region.kind !== 'vsyscall';

/**
 * Where user space ends. Its size is a power of two (2^47 on x86-64, 2^48 on arm64, 2^38 on riscv64 with three levels),
 * and the stack lies near its end: the next power of two above the last region. The last page is never mapped. For
 * 32-bit processes the listing doesn't say (3 or 4 GiB): there the end of the last region is taken.
 */
export function userSpaceEnd(regions: Regions, pageSize: number): number {
  let row = regions.length - 1;
  while (row >= 0 && !isRowInUserSpace(regions, row)) row--;
  return spaceBelow(row < 0 ? 0 : regions.end[row]!, pageSize);
}

const spaceBelow = (last: number, pageSize: number): number =>
  last <= GIB4 ? last : Math.max(last, 2 ** Math.ceil(Math.log2(last)) - pageSize);

const isRowInUserSpace = (regions: Regions, row: number): boolean => regions.kindAt(row) !== 'vsyscall';

/** The regions of the process itself: how many there are. */
export function countInUserSpace(regions: Regions): number {
  const {firsts, counts} = regions.alike;
  return firsts.reduce((sum, row, index) => (isRowInUserSpace(regions, row) ? sum + counts[index]! : sum), 0);
}

/** All holes together. */
export interface Holes {
  readonly count: number;
  /** Bytes. */
  readonly free: number;
  /** Of equal ones the lowest. */
  readonly largest: Hole | undefined;
}

/** What there is of holes in an address space, in one pass. */
export function holesIn(regions: Regions, pageSize: number, edges: Edges = {}): Holes {
  let [count, free, size] = [0, 0, 0];
  let largest: Hole | undefined;
  eachHole(regions, pageSize, edges, (start, end) => {
    count++;
    free += end - start;
    if (end - start > size) {
      size = end - start;
      largest = {start, end};
    }
  });
  return {count, free, largest};
}

/** The holes of an address space, in ascending order: where the kernel could put a mapping. */
export function holesOf(regions: Regions, pageSize: number, edges: Edges = {}): Hole[] {
  const holes: Hole[] = [];
  eachHole(regions, pageSize, edges, (start, end) => holes.push({start, end}));
  return holes;
}

function eachHole(regions: Regions, pageSize: number, edges: Edges, use: (start: number, end: number) => void): void {
  const gap = stackGap(pageSize, edges);
  let at = Math.min(lowestAddress(pageSize, edges), regions.length > 0 ? regions.start[0]! : 0);
  for (let row = 0; row < regions.length; row++) {
    if (!isRowInUserSpace(regions, row)) continue;
    const start = regions.start[row]!;
    if (start > at) {
      const next = rowGrowsDown(regions, row) ? start - gap : start;
      if (next > at) use(at, next);
    }
    at = regions.end[row]!;
  }
  const end = userSpaceEnd(regions, pageSize);
  if (end > at) use(at, end);
}

/** As `growsDown` says it. */
function rowGrowsDown(regions: Regions, row: number): boolean {
  const flags = regions.tables.flags[regions.flags[row]!];
  return flags?.includes('gd') ?? regions.kindAt(row) === 'stack';
}

/** VmFlags `gd`; the main stack also without them. */
export const growsDown = (region: Region): boolean => region.flags?.includes('gd') ?? region.kind === 'stack';
