import {readdirSync, statSync} from 'node:fs';
import {cgroupFolders, parseCgroup, parseMemoryLimit} from '../../parse/proc/cgroup.ts';
import {parseOpenFiles} from '../../parse/proc/limits.ts';
import type {ProcessHandle} from '../handle.ts';
import {mountsOf} from '../machine/mounts.ts';
import {readIfThere, textIfThere} from '../open.ts';

/** What a process has a number of, and how many it may have. */
export interface Counted {
  /** Open descriptors, and the soft RLIMIT_NOFILE: getrlimit(2). */
  readonly files?: {readonly used: number; readonly max: number} | undefined;
  /** Tasks of its cgroup and of those above it that have a limit of them: cgroups(7), pids. Its own first. */
  readonly pids?: ReadonlyArray<{readonly path: string; readonly used: number; readonly max: number}> | undefined;
}

/**
 * Reads what bounds open files and tasks. That takes no lock that the process needs for its memory.
 *
 * @returns without what may not be read, or is unlimited
 */
export function readCounted(handle: ProcessHandle): Counted {
  const limits = readIfThere(handle.path('limits'));
  const max = limits && parseOpenFiles(limits);
  const used = max == null ? undefined : descriptorsOf(handle);
  return {...(max != null && used !== undefined && {files: {used, max}}), pids: tasksOf(handle)};
}

/** The size of /proc/PID/fd is their number, since Linux 6.2; before, they are listed. */
function descriptorsOf(handle: ProcessHandle): number | undefined {
  try {
    const {size} = statSync(handle.path('fd'));
    return size > 0 ? size : readdirSync(handle.path('fd')).length;
  } catch {
    return undefined;
  }
}

function tasksOf(handle: ProcessHandle): Counted['pids'] {
  const cgroup = parseCgroup(readIfThere(handle.path('cgroup')) ?? new Uint8Array(), 'pids');
  const folders = cgroup && cgroupFolders(cgroup, mountsOf(`${handle.root}/self`), 'pids');
  return folders?.flatMap(({path, folder}) => {
    // Both files have one form: a number, or "max".
    const max = parseMemoryLimit(textIfThere(`${folder}/pids.max`));
    const used = max == null ? undefined : parseMemoryLimit(textIfThere(`${folder}/pids.current`));
    return max == null || used == null ? [] : [{path, used, max}];
  });
}
