import {statSync} from 'node:fs';
import type {Machine} from '../../model/clues/clues.ts';
import {parseMeminfo} from '../../parse/proc/meminfo.ts';
import {recordIfThere, valueIfThere} from '../open.ts';

/** The kernel's release, such as `6.18`; '' where it can't be read. */
export const release = (root: string): string =>
  /^\d+\.\d+/.exec(valueIfThere(`${root}/sys/kernel/osrelease`))?.[0] ?? '';

/**
 * What of the machine bounds the memory of every process: /proc/meminfo, /proc/sys/vm, /proc/cmdline. What can't be
 * read is absent.
 *
 * @param root where procfs is mounted
 */
export function readMachine(root: string): Machine {
  const kernel = release(root);
  const line = valueIfThere(`${root}/cmdline`);
  const gap = /(?:^|\s)stack_guard_gap=(\d+)(?=\s|$)/.exec(line)?.[1];
  return {
    ...(kernel !== '' && {release: kernel}),
    ...(isOwn(root, 'meminfo') && parseMeminfo(recordIfThere(`${root}/meminfo`) ?? new Uint8Array())),
    ...number(root, 'overcommit', 'overcommit_memory'),
    ...number(root, 'adminReserve', 'admin_reserve_kbytes', 1024),
    ...number(root, 'userReserve', 'user_reserve_kbytes', 1024),
    ...number(root, 'mmapMinAddr', 'mmap_min_addr'),
    ...(line !== '' && {stackGuardPages: gap === undefined ? STACK_GUARD_PAGES : Number(gap)}),
    ...(ignoresDataLimit(root, line) && {ignoresDataLimit: true}),
  };
}

/** stack_guard_gap in mm/mmap.c, where the kernel's command line doesn't say another number. */
const STACK_GUARD_PAGES = 256;

/**
 * A container may have a file of its own mounted over the kernel's (lxcfs): it says what the container may use, and the
 * kernel doesn't go by it.
 */
function isOwn(root: string, name: string): boolean {
  try {
    return statSync(`${root}/${name}`).dev === statSync(root).dev;
  } catch {
    return false;
  }
}

function number<Name extends keyof Machine>(
  root: string,
  name: Name,
  file: string,
  factor = 1,
): Partial<Record<Name, number>> {
  const value = Number(valueIfThere(`${root}/sys/vm/${file}`) || NaN) * factor;
  return Number.isSafeInteger(value) && value >= 0 ? ({[name]: value} as Record<Name, number>) : {};
}

/** The parameter ignore_rlimit_data (mm/mmap.c) may be set at boot, and later in /sys, which is this machine's. */
function ignoresDataLimit(root: string, line: string): boolean {
  const now = root === '/proc' ? valueIfThere('/sys/module/kernel/parameters/ignore_rlimit_data').trim() : '';
  return now === '' ? /(?:^|\s)ignore_rlimit_data(?:=[1yY]\S*)?(?=\s|$)/.test(line) : now === 'Y';
}
