import {decode, latin1} from '../scan.ts';
import {namesIn, type CgroupNames} from './cgroup-path.ts';
import type {Mount} from './mountinfo.ts';

/** The cgroup that a process's memory is charged to. */
interface MemoryCgroup {
  readonly version: 1 | 2;
  /** As the reader's cgroup namespace sees it. */
  readonly path: string;
}

/** One hierarchy that a process is in. */
interface Hierarchy {
  readonly id: string;
  readonly controllers: readonly string[];
  readonly path: string;
}

/** /proc/PID/cgroup: `id:controllers:path` lines, the one of version 2 is `0::path`. cgroups(7). */
const hierarchiesIn = (bytes: Uint8Array): Hierarchy[] =>
  latin1(bytes, 0, bytes.length)
    .split('\n')
    .map((line) => /^(\d+):([^:]*):(\/.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, id, controllers, path]) => ({
      id: id!,
      controllers: controllers!.split(','),
      path: decode(path!).text,
    }));

const isUnified = ({id, controllers}: Hierarchy): boolean => id === '0' && controllers[0] === '';

/** What a cgroup bounds. */
type Controller = 'memory' | 'pids';

/** What is counted is charged in the hierarchy of version 1 that has the controller, else in that of version 2. */
export function parseCgroup(bytes: Uint8Array, controller: Controller = 'memory'): MemoryCgroup | undefined {
  return cgroupOf(hierarchiesIn(bytes), controller);
}

function cgroupOf(hierarchies: readonly Hierarchy[], controller: Controller): MemoryCgroup | undefined {
  const old = hierarchies.find(({controllers}) => controllers.includes(controller));
  if (old) return {version: 1, path: old.path};
  const unified = hierarchies.find(isUnified);
  return unified && {version: 2, path: unified.path};
}

/** Where a process belongs. */
export interface Membership {
  readonly memory: MemoryCgroup | undefined;
  /** Its unit and its container, from the first hierarchy that names one: memory, systemd's own, version 2. */
  readonly names: CgroupNames;
}

/** @param bytes /proc/PID/cgroup */
export function membershipOf(bytes: Uint8Array): Membership {
  const all = hierarchiesIn(bytes);
  const memory = cgroupOf(all, 'memory');
  const systemd = all.find(({controllers}) => controllers.includes('name=systemd'));
  const paths = [memory?.path, systemd?.path, all.find(isUnified)?.path];
  const named = paths.map((path) => namesIn(path ?? '/'));
  const unit = named.find((names) => names.unit !== undefined)?.unit;
  const container = named.find((names) => names.container !== undefined);
  return {
    memory,
    names: {
      ...(unit !== undefined && {unit}),
      ...(container && {container: container.container!, runtime: container.runtime!}),
    },
  };
}

/** Where the hierarchy is mounted that memory is charged in. */
export interface MemoryMount {
  readonly version: 1 | 2;
  /** Which cgroup of it is seen there: `/`, or that of a container. */
  readonly root: string;
  readonly place: string;
}

/** @returns undefined if neither the controller `memory` of version 1 nor version 2 is mounted */
export function memoryMount(mounts: readonly Mount[]): MemoryMount | undefined {
  const old = mounts.find(({type, options}) => type === 'cgroup' && options.includes('memory'));
  const mount = old ?? mounts.find(({type}) => type === 'cgroup2');
  return mount && {version: old ? 1 : 2, root: mount.root, place: mount.place};
}

/** Is a path this cgroup's, or that of one below it? */
export const isInGroup = (path: string, group: string): boolean => isBelow(path, group);

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
export function cgroupFolders(
  {version, path}: MemoryCgroup,
  mounts: readonly Mount[],
  controller: Controller = 'memory',
): CgroupFolder[] | undefined {
  const mount = mounts.find(
    ({type, options, root}) =>
      (version === 2 ? type === 'cgroup2' : type === 'cgroup' && options.includes(controller)) && isBelow(path, root),
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
