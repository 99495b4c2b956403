/*
 * What a system call that succeeded does to ranges of memory, from its arguments and its result: mmap(2), brk(2),
 * mremap(2), and the like. Lengths are rounded up to whole pages, as the kernel does.
 */
import {PR_SET_MEMORY_MERGE} from '../../../trace/calls.ts';
import type {Range} from './spans.ts';

/** A call as a trace tells it. */
export interface LedgerCall {
  readonly name: string;
  readonly args: readonly bigint[] | undefined;
  /** An address, 0, or the negative errno. */
  readonly result: number;
  readonly tid: number;
  /** CLOCK_MONOTONIC in ns, as the call returned. */
  readonly time: number;
}

/** What happens to memory that stays the same memory. */
export type Mark = 'protected' | 'advised' | 'locked' | 'unlocked' | 'named' | 'bound' | 'sealed';

/**
 * map       becomes mapped. `over`: even where something is mapped
 * release   is no longer mapped
 * move      what is at `from` is at `range` now. `copies`: its old place stays mapped
 * mark      the same memory, otherwise. `hasHoles`: parts of the range may not be mapped; `below`: and what is below
 *           it, down to the start of its mapping
 * brk       the program break is now at `to`
 * attach    becomes mapped from `start`; how far, the kernel's own report says
 * detach    what was attached at `start` is no longer mapped
 */
export type Effect =
  | {readonly do: 'map'; readonly range: Range; readonly over: boolean}
  | {readonly do: 'release'; readonly range: Range}
  | {
      readonly do: 'move';
      readonly from: Range;
      readonly range: Range;
      readonly over: boolean;
      readonly copies: boolean;
    }
  | {readonly do: 'mark'; readonly what: Mark; readonly range: Range; readonly hasHoles: boolean; readonly below?: true}
  | {readonly do: 'brk'; readonly to: number}
  | {readonly do: 'attach'; readonly start: number | undefined}
  | {readonly do: 'detach'; readonly start: number};

/** Bytes. */
interface Sizes {
  readonly page: number;
  /** Of a huge page, where a call doesn't say another. */
  readonly hugePage: number;
}

const PROT_GROWSDOWN = 0x1000000n;
const MAP_FIXED = 0x10n;
export const MAP_GROWSDOWN = 0x100;
const MAP_HUGETLB = 0x40000n;
const MAP_FIXED_NOREPLACE = 0x100000n;
const MAP_HUGE_SHIFT = 26n;
const MAP_HUGE_MASK = 0x3fn;
const MREMAP_FIXED = 2n;
const MREMAP_DONTUNMAP = 4n;

/** All of an address space. */
const EVERYWHERE: Range = {start: 0, end: 2 ** 57};

/** Did it fail? */
export const hasFailed = ({result}: LedgerCall): boolean => result < 0 && result > -4096;

const MARKS: Readonly<Record<string, Mark>> = {
  mprotect: 'protected',
  pkey_mprotect: 'protected',
  madvise: 'advised',
  mlock: 'locked',
  mlock2: 'locked',
  munlock: 'unlocked',
  mbind: 'bound',
  mseal: 'sealed',
};

/**
 * @returns undefined for a call that does nothing to memory, or whose arguments are not known
 */
export function effectOf({name, args = [], result}: LedgerCall, {page, hugePage}: Sizes): Effect | undefined {
  const [a = 0n, b = 0n, c = 0n, d = 0n] = args;
  const up = (size: bigint, unit = page): number => Math.ceil(Number(size) / unit) * unit;
  const from = (start: number, size: number): Range => ({start, end: start + size});
  switch (name) {
    case 'mmap': {
      if (args.length < 4) return undefined;
      const unit = d & MAP_HUGETLB ? hugeSize(d, hugePage) : page;
      const over = (d & MAP_FIXED) !== 0n && (d & MAP_FIXED_NOREPLACE) === 0n;
      return {do: 'map', range: from(result, up(b, unit)), over};
    }
    case 'munmap':
      return args.length < 2 ? undefined : {do: 'release', range: from(Number(a), up(b))};
    case 'brk':
      return {do: 'brk', to: result};
    case 'mremap': {
      if (args.length < 4) return undefined;
      const range = from(result, up(c));
      if (b === 0n) return {do: 'map', range, over: (d & MREMAP_FIXED) !== 0n};
      const over = (d & MREMAP_FIXED) !== 0n;
      return {do: 'move', from: from(Number(a), up(b)), range, over, copies: (d & MREMAP_DONTUNMAP) !== 0n};
    }
    case 'remap_file_pages':
      return {do: 'map', range: from(Number(a), up(b)), over: true};
    case 'shmat':
      return {do: 'attach', start: result};
    case 'io_setup':
      return {do: 'attach', start: undefined};
    case 'shmdt':
    case 'io_destroy':
      return {do: 'detach', start: Number(a)};
    case 'mlockall':
      return {do: 'mark', what: 'locked', range: EVERYWHERE, hasHoles: true};
    case 'munlockall':
      return {do: 'mark', what: 'unlocked', range: EVERYWHERE, hasHoles: true};
    case 'prctl':
      if (a === PR_SET_MEMORY_MERGE) return {do: 'mark', what: 'advised', range: EVERYWHERE, hasHoles: true};
      return {do: 'mark', what: 'named', range: from(Number(c), up(d)), hasHoles: false};
    default: {
      const what = MARKS[name];
      if (!what || args.length < 2) return undefined;
      const below = what === 'protected' && (c & PROT_GROWSDOWN) !== 0n;
      return {
        do: 'mark',
        what,
        range: from(Number(a), up(b)),
        hasHoles: what === 'bound',
        ...(below && {below}),
      };
    }
  }
}

/** The base-2 logarithm of the size is in the flags, or 0 for the default: mmap(2), MAP_HUGE_2MB. */
function hugeSize(flags: bigint, usual: number): number {
  const log = Number((flags >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK);
  return log === 0 ? usual : 2 ** log;
}
