import {isAllowed, isFileBacked, isShared, type Permission, type Region} from './region.ts';
import type {ProcessInfo} from './snapshot.ts';

/*
 * "Is this what was there before?" has several answers, depending on the question. From the strictest to the loosest:
 *
 * isSameLine      the kernel prints the same line of maps
 * isSamePurpose   the same was said of it: kind, label, why (region.ts)
 * isAlike         a mapping of the same kind: permissions, name and inode, wherever it lies
 * fate            the same bytes of memory, range by range: what a diff calls kept, reprotected, renamed or replaced
 * isContinued     a region continues on its track over time, though it grew, moved its offset or changed its label
 * isSameBacking   the same file, or none on both sides
 *
 * isSameProcess and isSameImage ask it of whole processes.
 */

/** Is all that /proc/PID/maps prints of it the same, its range too? */
export const isSameLine = (a: Region, b: Region): boolean =>
  a.start === b.start &&
  a.end === b.end &&
  isAlike(a, b) &&
  a.dev === b.dev &&
  a.offset === b.offset &&
  a.nameBase64 === b.nameBase64;

/** May it be the same mapping, whatever its range is now? */
export const isAlike = (a: Region, b: Region): boolean =>
  a.perms === b.perms && a.name === b.name && a.inode === b.inode;

/**
 * The same file; or none on both sides, whatever the kernel calls the memory: anonymous memory has neither device nor
 * inode.
 */
export const isSameBacking = (a: Pick<Region, 'dev' | 'inode'>, b: Pick<Region, 'dev' | 'inode'>): boolean =>
  a.inode === b.inode && a.dev === b.dev;

/**
 * Does a region continue in an overlapping one of a later look? Unlike for `fate`, its offset may differ, since only
 * some of its bytes need be the same; a label of the kernel's may come or go.
 */
export function isContinued(before: Region, after: Region): boolean {
  const isFile = isFileBacked(before);
  if (isFile !== isFileBacked(after) || isShared(before) !== isShared(after)) return false;
  if (isFile) return isSameBacking(before, after) && (before.inode !== '' || before.name === after.name);
  const [one, other] = [before.name, after.name];
  return one === other || one === '' || other === '' || (isGiven(one) && isGiven(other));
}

/** Given by prctl(PR_SET_VMA), which may rename memory at any time. */
const isGiven = (name: string): boolean => name.startsWith('[anon:');

/** The same process: pids are used again, and start times count from boot. */
export const isSameProcess = (a: ProcessInfo, b: ProcessInfo): boolean =>
  a.pid === b.pid && a.startTime === b.startTime && a.bootId === b.bootId;

/**
 * The same program image of a process: exec gives code and stack new places. A reader that may not see these reads 0 or
 * 1 on both sides.
 */
export const isSameImage = (
  a: Pick<ProcessInfo, 'startCode' | 'startStack'>,
  b: Pick<ProcessInfo, 'startCode' | 'startStack'>,
): boolean => a.startCode === b.startCode && a.startStack === b.startStack;

/**
 * What a range of memory is before and after, where both sides map it.
 *
 * kept          the same memory, nothing else changed
 * reprotected   the same memory with other permissions (mprotect(2) never makes private memory shared)
 * renamed       the same memory with another name
 * replaced      other memory
 */
export type Fate = 'kept' | 'reprotected' | 'renamed' | 'replaced';

/**
 * @param slide how far `before` is to be moved first, in bytes: two runs of a program lie at different addresses
 */
export function fate(before: Region, after: Region, slide: number): Fate {
  if (before === after && slide === 0) return 'kept';
  if (!isSameMemory(before, after, slide)) return 'replaced';
  if (before.perms !== after.perms && !agreeOnPerms(before, after)) return 'reprotected';
  // Another host may have the same library in another directory.
  const isElsewhere = slide !== 0 && baseName(before.name) === baseName(after.name);
  return isElsewhere || sameName(before, after) ? 'kept' : 'renamed';
}

/**
 * pmap prints the last part of a file's name, and for memory without a file `[ anon ]`, whatever the kernel calls it:
 * what one side doesn't know is not a difference.
 */
export function sameName(a: Region, b: Region): boolean {
  if (a.name === b.name) return a.nameBase64 === b.nameBase64;
  const isPartial = !a.name.includes('/') || !b.name.includes('/');
  if (isPartial && isFileBacked(a) && isFileBacked(b)) return baseName(a.name) === baseName(b.name);
  return (a.inode === '' && a.name === '') || (b.inode === '' && b.name === '');
}

const agreeOnPerms = (a: Region, b: Region): boolean => ACCESS.every((permission) => agree(a, b, permission));

const ACCESS = ['r', 'w', 'x'] as const;

/** Equal, or unknown on one side. */
function agree(a: Region, b: Region, permission: Permission): boolean {
  const [one, other] = [isAllowed(a, permission), isAllowed(b, permission)];
  return one === undefined || other === undefined || one === other;
}

function isSameMemory(before: Region, after: Region, slide: number): boolean {
  if (before.perms !== after.perms && !agree(before, after, 's')) return false;
  const isFile = isFileBacked(before);
  if (isFile !== isFileBacked(after)) return false;
  return isFile ? isSameFile(before, after, slide) : isSameAnonymous(before, after);
}

/**
 * The same file, and the same byte of it at the same address. A name may change under a mapping: rename(2), unlink(2).
 */
function isSameFile(before: Region, after: Region, slide: number): boolean {
  const knowsOffsets = before.offset !== undefined && after.offset !== undefined;
  if (knowsOffsets && before.offset - before.start !== after.offset - after.start + slide) return false;
  const knowsInodes = before.inode !== '' && after.inode !== '';
  // Between two runs or hosts, inodes differ for the same program; there the object's name has matched already.
  if (knowsInodes && before.inode === after.inode && before.dev === after.dev) return true;
  return (!knowsInodes || slide !== 0) && baseName(before.name) === baseName(after.name);
}

/**
 * Anonymous memory has no identity but its place. The kernel's labels may come and go on it: `[stack]` is only on the
 * region with the stack's first page, `[heap]` on what touches the brk area, `[anon:…]` is set by prctl(2).
 */
function isSameAnonymous(before: Region, after: Region): boolean {
  return sameName(before, after) || (isLabel(before.name) && isLabel(after.name) && isFree(before, after));
}

const isLabel = (name: string): boolean => name === '' || name === '[heap]' || name === '[stack]' || isGiven(name);

/** At least one of the two carries no label of the kernel's own. */
const isFree = (a: Region, b: Region): boolean => !isPlace(a.name) || !isPlace(b.name);

const isPlace = (name: string): boolean => name === '[heap]' || name === '[stack]';

/** `/lib/x.so (deleted)` → `/lib/x.so`. */
export const withoutDeleted = (name: string): string => name.replace(/ \(deleted\)$/, '');

/** `/usr/lib/x.so` → `x.so`. */
export const baseName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
