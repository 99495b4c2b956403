import {isShared, type Region} from './region.ts';

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
export function freedOf(regions: readonly Region[]): Freed | undefined {
  let [freed, stays, isKnown] = [0, 0, false];
  for (const region of regions) {
    const {privateDirty, anonymous = Infinity} = region.usage ?? {};
    if (privateDirty === undefined) continue;
    const own = isShared(region) ? 0 : Math.min(privateDirty, anonymous);
    isKnown = true;
    freed += own;
    stays += privateDirty - own;
  }
  return isKnown ? {freed, stays} : undefined;
}
