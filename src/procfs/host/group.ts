import {existsSync, readdirSync} from 'node:fs';
import type {Group, GroupEvents, GroupName} from '../../model/group/group.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {
  cgroupFolders,
  type CgroupFolder,
  memoryMount,
  type MemoryMount,
  parseCgroup,
  parseMemoryLimit,
} from '../../parse/proc/cgroup.ts';
import {containerAt, isUnit} from '../../parse/proc/cgroup-path.ts';
import {parseKeyed, parsePressure} from '../../parse/proc/memory-stat.ts';
import {FILES, limitsOf} from '../machine/cgroup.ts';
import {mountsOf} from '../machine/mounts.ts';
import {readIfThere, readProc, textIfThere} from '../open.ts';

/** A group that was found: where its files are. */
export interface FoundGroup extends GroupName {
  readonly path: string;
  readonly version: 1 | 2;
  /** Itself first, then its ancestors. */
  readonly folders: readonly CgroupFolder[];
}

/** Directories of cgroups that are looked through at most: a machine with 10,000 containers has some 50,000. */
const MOST_GROUPS = 200_000;

/**
 * The cgroup that a name means: by its path, or by a unit or a container that its path names.
 *
 * @param root where procfs is mounted
 * @throws Trouble `gone` if there is none; `usage` if there are several, with a list; `input` if memory isn't counted
 */
export function findGroup(name: GroupName, root: string): FoundGroup {
  const mounts = mountsOf(`${root}/self`);
  const mount = memoryMount(mounts);
  if (!mount) throw notMounted(name);
  const path = name.kind === 'cgroup' ? pathOf(name, root) : onlyPath(name, mount);
  const folders = cgroupFolders({version: mount.version, path}, mounts);
  if (!folders || !existsSync(folders[0]!.folder)) throw noSuchGroup(name);
  return {...name, path, version: mount.version, folders};
}

/** `/a/b/` is `/a/b`; `self` is the cgroup of memmap, in a container that of the container. */
function pathOf(name: GroupName, root: string): string {
  if (name.id === 'self') {
    const own = parseCgroup(readIfThere(`${root}/self/cgroup`) ?? new Uint8Array());
    if (own) return own.path;
    throw noSuchGroup(name);
  }
  if (name.id.startsWith('/')) return name.id.replace(/(?<=.)\/+$/, '');
  throw new Trouble({
    kind: 'usage',
    what: `"${name.id}" is not the path of a cgroup.`,
    why: 'it begins with /, as /proc/PID/cgroup prints it.',
    next: `For example: cgroup:/${name.id}, or cgroup:self for the one that memmap runs in`,
  });
}

function onlyPath(name: GroupName, mount: MemoryMount): string {
  const all = [...groupsBelow(mount)];
  const found = name.kind === 'unit' ? unitsIn(all, name.id) : containersIn(all, name.id);
  const [first] = found;
  if (!first) throw noSuchGroup(name);
  if (found.length > 1)
    throw severalOf(
      name,
      found.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
  return first.path;
}

interface Candidate {
  /** The container's ID; of a unit its path. */
  readonly id: string;
  readonly path: string;
}

const unitsIn = (paths: readonly string[], name: string): Candidate[] =>
  paths.filter((path) => isUnit(path.slice(path.lastIndexOf('/') + 1), name)).map((path) => ({id: path, path}));

/** Containers with this ID, else those whose ID begins so. A cgroup in another of the same ID is a part of it. */
function containersIn(paths: readonly string[], prefix: string): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const path of paths) {
    const id = containerAt(path);
    if (id?.startsWith(prefix) && !found.has(id)) found.set(id, {id, path});
  }
  const exact = found.get(prefix);
  return exact ? [exact] : [...found.values()];
}

/** Paths of all cgroups, parents before what is below them. */
function* groupsBelow({root, place}: MemoryMount): Generator<string> {
  const queue = [''];
  let count = 0;
  for (let below = queue.pop(); below !== undefined && count < MOST_GROUPS; below = queue.pop(), count++) {
    if (below !== '') yield `${root === '/' ? '' : root}${below}`;
    for (const name of directoriesIn(`${place}${below}`)) queue.push(`${below}/${name}`);
  }
}

/**
 * The PIDs of the processes in a cgroup and in those below it, as its files list them (cgroup.procs of cgroups(7)).
 *
 * @returns undefined where they don't say it
 */
export function pidsIn({folders}: FoundGroup): ReadonlySet<number> | undefined {
  const top = folders[0]!.folder;
  if (readIfThere(`${top}/cgroup.procs`) === undefined) return undefined;
  const pids = new Set<number>();
  const queue = [top];
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop()) {
    for (const line of textIfThere(`${folder}/cgroup.procs`).split('\n')) if (line !== '') pids.add(Number(line));
    for (const name of directoriesIn(folder)) queue.push(`${folder}/${name}`);
  }
  return pids;
}

function directoriesIn(folder: string): string[] {
  try {
    return readdirSync(folder, {withFileTypes: true})
      .filter((entry) => entry.isDirectory())
      .map(({name}) => name);
  } catch {
    return []; // It was removed, or may not be listed.
  }
}

/**
 * Reads what a cgroup says of its memory.
 *
 * @throws Trouble `gone` if it was removed; `input` if the kernel doesn't count its memory; `denied`
 */
export function readGroup(found: FoundGroup): Group {
  const {folder} = found.folders[0]!;
  const {version} = found;
  const text = (file: string): string => textIfThere(`${folder}/${file}`);
  const bytes = (file: string): Uint8Array => readIfThere(`${folder}/${file}`) ?? new Uint8Array();
  const amount = (file: string): number | undefined => parseMemoryLimit(text(file)) ?? undefined;
  const [limitFile, usageFile] = FILES[version];
  const usage = parseMemoryLimit(needed(found, usageFile));
  const stat = parseKeyed(Buffer.from(needed(found, 'memory.stat'), 'latin1'));
  if (typeof usage !== 'number') throw notCounted(found);
  return {
    kind: found.kind,
    id: found.kind === 'container' ? (containerAt(found.path) ?? found.id) : found.id,
    path: found.path,
    version,
    usage,
    stat: version === 1 ? totalsOf(stat) : stat,
    // Only the root has release_agent; its usage is what all processes have, without the kernel's memory.
    kernel: version === 1 && text('release_agent') === '' ? amount('memory.kmem.usage_in_bytes') : undefined,
    limit: parseMemoryLimit(text(limitFile)),
    high: version === 1 ? undefined : parseMemoryLimit(text('memory.high')),
    peak: amount(version === 1 ? 'memory.max_usage_in_bytes' : 'memory.peak'),
    swap: version === 1 ? stat.get('total_swap') : amount('memory.swap.current'),
    swapLimit: version === 1 ? undefined : parseMemoryLimit(text('memory.swap.max')),
    limits: limitsOf(version, found.folders) ?? [],
    events: version === 1 ? oldEvents(text, bytes) : newEvents(bytes),
    pressure: parsePressure(bytes('memory.pressure')),
  };
}

/** In memory.stat of version 1 the lines total_* include the groups below. */
const totalsOf = (stat: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
  new Map([...stat].flatMap(([key, value]) => (key.startsWith('total_') ? [[key.slice(6), value]] : [])));

function oldEvents(text: (file: string) => string, bytes: (file: string) => Uint8Array): GroupEvents {
  const oomKill = parseKeyed(bytes('memory.oom_control')).get('oom_kill');
  const max = text('memory.failcnt').trim();
  return {...(/^\d+$/.test(max) && {max: Number(max)}), ...(oomKill !== undefined && {oomKill})};
}

function newEvents(bytes: (file: string) => Uint8Array): GroupEvents {
  const events = parseKeyed(bytes('memory.events'));
  const names = {low: 'low', high: 'high', max: 'max', oom: 'oom', oomKill: 'oom_kill'} as const;
  return Object.fromEntries(
    Object.entries(names).flatMap(([key, name]) => (events.has(name) ? [[key, events.get(name)!]] : [])),
  );
}

/** A file without which there is no bill. @throws Trouble */
function needed(found: FoundGroup, file: string): string {
  const {folder} = found.folders[0]!;
  try {
    return readProc(`${folder}/${file}`).toString('latin1');
  } catch (error) {
    const errno = errnoOf(error);
    // A file of a cgroup that is removed while it is open answers ENODEV: kernfs.
    if (errno === 'ENODEV' || !existsSync(folder)) throw removed(found);
    if (errno === 'ENOENT') throw notCounted(found);
    throw new Trouble({
      kind: errno === 'EACCES' || errno === 'EPERM' ? 'denied' : 'input',
      what: `Cannot read ${folder}/${file}.`,
      why: `${(error as Error).message}.`,
      next: 'Run memmap as root (sudo), or as a user who may read the files of this cgroup.',
    });
  }
}

const nameOf = ({kind, id}: GroupName): string => `${kind}:${id}`;

const notMounted = (name: GroupName): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot look at ${nameOf(name)}.`,
    why: 'no cgroup file system that counts memory is mounted here.',
    next: 'Mount it: mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  });

function noSuchGroup(name: GroupName): Trouble {
  const what = {cgroup: 'cgroup of this path', unit: 'unit of this name', container: 'container with this ID'};
  const next = {
    cgroup: 'See the cgroups and what they have: memmap ps --by cgroup',
    unit: 'See the units and what they have: memmap ps --by unit',
    container: 'See the containers and what they have: memmap ps --by container',
  };
  return new Trouble({
    kind: 'gone',
    what: `Cannot find ${nameOf(name)}.`,
    why: `there is no ${what[name.kind]} in the hierarchy in which memory is charged.`,
    next: next[name.kind],
  });
}

const severalOf = (name: GroupName, found: readonly Candidate[]): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `${nameOf(name)} is more than one group.`,
    why:
      name.kind === 'unit'
        ? `${found.length} cgroups are this unit:`
        : `the IDs of ${found.length} containers begin like this:`,
    list: found.slice(0, 20).map(({id, path}) => (name.kind === 'unit' ? `cgroup:${path}` : `container:${id}`)),
    next: name.kind === 'unit' ? 'Give the path of one of them.' : 'Give more of the ID.',
  });

const removed = (found: FoundGroup): Trouble =>
  new Trouble({
    kind: 'gone',
    what: `Cannot read ${nameOf(found)}.`,
    why: `the cgroup ${found.path} was removed while it was read.`,
    next: 'See what is there: memmap ps --by cgroup',
  });

function notCounted(found: FoundGroup): Trouble {
  const isRoot = found.version === 2 && found.folders.length === 1 && found.path === '/';
  return new Trouble({
    kind: 'input',
    what: `There is no bill for ${nameOf(found)}.`,
    why: isRoot
      ? 'the root of version 2 is not counted: it has no memory.current.'
      : `the kernel does not count its memory: the memory controller is not enabled for ${found.path}.`,
    next: isRoot
      ? 'For the whole machine: memmap ps'
      : 'See which controllers it has: cat cgroup.controllers there; its processes: memmap ps --by cgroup',
  });
}
