import type {Region} from './region.ts';

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
export function userSpaceEnd(regions: readonly Region[], pageSize: number): number {
  const last = regions.findLast(isInUserSpace)?.end ?? 0;
  return last <= GIB4 ? last : Math.max(last, 2 ** Math.ceil(Math.log2(last)) - pageSize);
}

/** The holes of an address space, in ascending order: where the kernel could put a mapping. */
export function holesOf(regions: readonly Region[], pageSize: number, edges: Edges = {}): Hole[] {
  const holes: Hole[] = [];
  let end = Math.min(lowestAddress(pageSize, edges), regions[0]?.start ?? 0);
  const add = (next: number): void => {
    if (next > end) holes.push({start: end, end: next});
  };
  for (const region of regions) {
    if (!isInUserSpace(region)) continue;
    add(growsDown(region) ? region.start - stackGap(pageSize, edges) : region.start);
    end = region.end;
  }
  add(userSpaceEnd(regions, pageSize));
  return holes;
}

/** VmFlags `gd`; the main stack also without them. */
export const growsDown = (region: Region): boolean => region.flags?.includes('gd') ?? region.kind === 'stack';
