import {existsSync, readlinkSync} from 'node:fs';
import type {CgroupClue} from '../../model/clues/clues.ts';
import {cgroupFolders, parseCgroup, parseMemoryLimit, type CgroupFolder} from '../../parse/proc/cgroup.ts';
import type {ProcessHandle} from '../handle.ts';
import {mountsOf} from './mounts.ts';
import {recordIfThere, valueIfThere} from '../open.ts';

/**
 * The memory limits of a process's cgroup and of each ancestor that can be seen, from /proc/PID/cgroup and the files of
 * the cgroup file system.
 *
 * @returns undefined if the cgroup isn't known or can't be read
 */
export function readCgroup(handle: ProcessHandle): CgroupClue | undefined {
  const cgroup = parseCgroup(recordIfThere(handle.path('cgroup')) ?? new Uint8Array());
  const folders = cgroup && cgroupFolders(cgroup, mountsOf(`${handle.root}/self`));
  if (!folders) return undefined;
  const limits = limitsOf(cgroup.version, folders);
  return limits && {version: cgroup.version, path: cgroup.path, isWhole: seesRoot(handle.root, folders), limits};
}

/**
 * The limits that are set, its own first.
 *
 * @param folders a cgroup and its ancestors
 * @returns undefined if one can't be read
 */
export function limitsOf(version: 1 | 2, folders: readonly CgroupFolder[]): CgroupClue['limits'] | undefined {
  const limits: Array<CgroupClue['limits'][number]> = [];
  const [file, usage] = FILES[version];
  for (const {path, folder} of folders) {
    const text = valueIfThere(`${folder}/${file}`);
    if (text === '' && !existsSync(folder)) return undefined;
    // The root of version 2 has no such file, nor has a cgroup for which the controller isn't enabled.
    if (version === 1 || text !== '' || existsSync(`${folder}/${file}`)) {
      const limit = parseMemoryLimit(text);
      const used = limit === null ? 0 : parseMemoryLimit(valueIfThere(`${folder}/${usage}`));
      if (limit === undefined || used == null) return undefined;
      if (limit !== null) limits.push({path, file, limit, used});
    }
    if (version === 1 && endsHere(folder)) break;
  }
  return limits;
}

/** The limit and what is charged. */
export const FILES = {
  1: ['memory.limit_in_bytes', 'memory.usage_in_bytes'],
  2: ['memory.max', 'memory.current'],
} as const;

/** Without memory.use_hierarchy (version 1, before 5.11) an ancestor doesn't bound what is below it. */
const endsHere = (folder: string): boolean => valueIfThere(`${folder}/memory.use_hierarchy`).trim() === '0';

/** The cgroup namespace of the first process: PROC_CGROUP_INIT_INO in include/linux/proc_ns.h. */
const FIRST_NAMESPACE = 'cgroup:[4026531835]';

/** In another cgroup namespace, or behind a mount of a part, ancestors that are not shown may have limits too. */
function seesRoot(root: string, folders: readonly CgroupFolder[]): boolean {
  try {
    return folders.at(-1)!.path === '/' && readlinkSync(`${root}/self/ns/cgroup`) === FIRST_NAMESPACE;
  } catch {
    return false;
  }
}
