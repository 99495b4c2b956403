import {decode, latin1} from '../scan.ts';
import type {Mount} from './mountinfo.ts';

/** The cgroup that a process's memory is charged to. */
export interface MemoryCgroup {
  readonly version: 1 | 2;
  /** As the reader's cgroup namespace sees it. */
  readonly path: string;
}

/**
 * /proc/PID/cgroup: `id:controllers:path` lines, the one of version 2 is `0::path`. cgroups(7). Memory is charged in
 * the hierarchy of version 1 that has the controller `memory`, and else in that of version 2.
 */
export function parseCgroup(bytes: Uint8Array): MemoryCgroup | undefined {
  const lines = latin1(bytes, 0, bytes.length).split('\n');
  const found = lines.map((line) => /^(\d+):([^:]*):(\/.*)$/.exec(line)).filter((match) => match !== null);
  const old = found.find((match) => match[2]!.split(',').includes('memory'));
  if (old) return {version: 1, path: decode(old[3]!).text};
  const unified = found.find((match) => match[1] === '0' && match[2] === '');
  return unified && {version: 2, path: decode(unified[3]!).text};
}

/** A directory of a cgroup and the path that it has. */
export interface CgroupFolder {
  readonly path: string;
  readonly folder: string;
}

/**
 * Where the files of a cgroup and of its ancestors are, itself first, as far as the mount shows them.
 *
 * @returns undefined if its hierarchy isn't mounted, or the mount doesn't show it
 */
export function cgroupFolders({version, path}: MemoryCgroup, mounts: readonly Mount[]): CgroupFolder[] | undefined {
  const mount = mounts.find(
    ({type, options, root}) =>
      (version === 2 ? type === 'cgroup2' : type === 'cgroup' && options.includes('memory')) && isBelow(path, root),
  );
  if (!mount || path.split('/').includes('..')) return undefined;
  const root = mount.root === '/' ? '' : mount.root;
  const names = path.slice(root.length).split('/').filter(Boolean);
  return Array.from({length: names.length + 1}, (_, up) => {
    const below = names.slice(0, names.length - up).map((name) => `/${name}`);
    return {path: `${root}${below.join('')}` || '/', folder: `${mount.place}${below.join('')}`};
  });
}

const isBelow = (path: string, root: string): boolean => root === '/' || path === root || path.startsWith(`${root}/`);

/** More than any machine has, in bytes: version 1 says 2^63 less a page where there is no limit. */
const NO_LIMIT = 2 ** 62;

/**
 * memory.max of version 2, memory.limit_in_bytes of version 1: mm/memcontrol.c.
 *
 * @returns bytes; null: no limit; undefined: it isn't a number
 */
export function parseMemoryLimit(text: string): number | null | undefined {
  if (text.trim() === 'max') return null;
  if (!/^\d+\n?$/.test(text)) return undefined;
  return Number(text) >= NO_LIMIT ? null : Number(text);
}
