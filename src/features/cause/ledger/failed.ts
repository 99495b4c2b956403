/*
 * What a call that failed has done all the same.
 */
import type {LedgerCall} from './effect.ts';
import type {Range} from './spans.ts';

const [EPERM, EAGAIN, ENOMEM, EACCES, EFAULT, EINVAL] = [-1, -11, -12, -13, -14, -22];
const [EBADF, EEXIST, ENODEV] = [-9, -17, -19];

/**
 * all, first    ENOMEM says that a part of the range is not mapped: the rest was treated, or what is before the hole
 * perhaps       it came to memory that it could not treat, and what is before that was treated; or to a limit, and
 *               nothing was: mm/mprotect.c, mm/mlock.c, mm/madvise.c
 */
type Partly = 'all' | 'first' | 'perhaps';

const PROTECTED = {[ENOMEM]: 'first', [EACCES]: 'perhaps', [EPERM]: 'perhaps', [EINVAL]: 'perhaps'} as const;
// ENOMEM is RLIMIT_MEMLOCK too; with EAGAIN all is locked, and could not be brought in.
const LOCKED = {[ENOMEM]: 'perhaps', [EAGAIN]: 'perhaps'} as const;

const MARKED_PARTLY: Readonly<Record<string, Readonly<Record<number, Partly>>>> = {
  mprotect: PROTECTED,
  pkey_mprotect: PROTECTED,
  madvise: {[ENOMEM]: 'all', [EINVAL]: 'perhaps', [EAGAIN]: 'perhaps', [EPERM]: 'perhaps'},
  mlock: LOCKED,
  mlock2: LOCKED,
  munlock: {[ENOMEM]: 'first', [EAGAIN]: 'perhaps'},
};

/** @returns undefined if a call that failed has marked nothing */
export const markedPartly = ({name, result}: LedgerCall): Partly | undefined => MARKED_PARTLY[name]?.[result];

/** What may have become of a range; `slide`: of memory that may have moved, by how many bytes. */
interface Perhaps extends Range {
  readonly what: 'unmapped' | 'moved';
  readonly slide?: number;
}

/** They say that mmap(2) did nothing. */
const MMAP_REFUSED: ReadonlySet<number> = new Set([EBADF, EACCES, EEXIST, ENODEV]);
/** With these mremap(2) may have done a part. */
const MREMAP_BROKE_OFF: ReadonlySet<number> = new Set([EPERM, EAGAIN, ENOMEM, EFAULT]);

const MAP_FIXED = 0x10n;
const MREMAP_FIXED = 2n;

/**
 * mmap(2) with MAP_FIXED has taken away what was there before a driver, or hugetlbfs, refuses. mremap(2) of several
 * mappings (Linux 6.17) stops at one that can't move, and those before it have. What it would replace is taken away
 * first (mm/mremap.c).
 *
 * @param page bytes
 * @returns what a call that failed may have released or moved
 */
export function releasedPerhaps({name, args = [], result}: LedgerCall, page: number): Perhaps[] {
  const [a = 0n, b = 0n, c = 0n, d = 0n, e = 0n] = args;
  const range = (start: bigint, size: bigint): Range => ({
    start: Number(start),
    end: Number(start) + Math.ceil(Number(size) / page) * page,
  });
  if (name === 'mmap')
    return (d & MAP_FIXED) !== 0n && !MMAP_REFUSED.has(result) ? [{...range(a, b), what: 'unmapped'}] : [];
  if (name !== 'mremap' || (d & MREMAP_FIXED) === 0n || !MREMAP_BROKE_OFF.has(result)) return [];
  const [from, to] = [range(a, b), range(e, c)];
  const slide = to.start - from.start;
  if (from.end - from.start !== to.end - to.start) return [{...to, what: 'unmapped'}];
  return [
    {...from, what: 'unmapped', slide},
    {...to, what: 'moved', slide},
  ];
}
