import {isShared} from '../region.ts';
import {ABSENT} from '../columns/columns.ts';
import type {Regions} from '../columns/regions.ts';

/** Private dirty memory by what becomes of it when the process ends; in bytes. */
export interface Freed {
  /** Anonymous memory of its own, and copies of private file pages: comes free. */
  readonly freed: number;
  /** Of shared memory and files: it stays as long as these do, and others may map it later. */
  readonly stays: number;
}

/**
 * Private_Dirty counts pages that were written to and that this process alone maps now, whatever they are: also those
 * of MAP_SHARED, tmpfs, SysV segments, memfd, and of a file that was just written (smaps_account() in
 * fs/proc/task_mmu.c). Of a private mapping only its anonymous pages are its own.
 *
 * @returns undefined where no region has the counter
 */
export function freedOf(regions: Regions): Freed | undefined {
  const {perms, tables} = regions;
  const {firsts, counts} = regions.alike;
  const [privateDirty, anonymous] = [regions.counter('privateDirty'), regions.counter('anonymous')];
  if (!privateDirty) return undefined;
  const areShared = tables.perms.map((text) => isShared({perms: text}));
  let [freed, stays, isKnown] = [0, 0, false];
  for (const [index, row] of firsts.entries()) {
    const bytes = privateDirty[row]!;
    if (bytes === ABSENT) continue;
    const ownPages = anonymous === undefined || anonymous[row] === ABSENT ? Infinity : anonymous[row]!;
    const own = areShared[perms[row]!] ? 0 : Math.min(bytes, ownPages);
    isKnown = true;
    freed += counts[index]! * own;
    stays += counts[index]! * (bytes - own);
  }
  return isKnown ? {freed, stays} : undefined;
}
