import {isExecutable, isFileBacked, isPrivate, isShared, type Region} from '../model/region.ts';
import {FLAG, type Space, type Decision} from './space.ts';
import type {Kind} from '../model/kind.ts';

/**
 * What the name says, and the two flags that are enough on their own. A name may lie: anybody may call a file `[heap]`,
 * but then the region has an inode, which the kernel's own regions never have. Files that are programs are left to
 * their segments.
 */
export function tellNames(space: Space): void {
  const programs = programsIn(space);
  const known: ReadonlyArray<Map<string, Decision>> = [new Map(), new Map(), new Map(), new Map()];
  for (const index of space.telling) {
    const region = space.regions[index]!;
    const isFile = isFileBacked(region);
    if (space.has(index, FLAG.ht)) space.verdicts[index] = HUGETLB;
    else if (isFile ? programs.has(region.name) : region.name === '') continue;
    else if (isFile && space.has(index, FLAG.pf) && space.has(index, FLAG.io))
      space.verdicts[index] = MEMORY_OF_A_DEVICE;
    else {
      const verdicts = known[isFile ? sharing(region) : 0]!;
      let verdict = verdicts.get(region.name);
      if (!verdict) verdicts.set(region.name, (verdict = verdictOf(region, space)));
      space.verdicts[index] = verdict;
    }
  }
}

/** What decides besides the name: a memfd may be mapped twice, once to be written and once to be executed. */
const sharing = (region: Region): 1 | 2 | 3 => (!isShared(region) ? 1 : isExecutable(region) ? 3 : 2);

/**
 * The names of files of which some region may be executed: programs and libraries. Memory files don't count if they are
 * shared.
 */
function programsIn(space: Space): Set<string> {
  const programs = new Set<string>();
  for (const index of space.executable) {
    const region = space.regions[index]!;
    if (region.name !== '' && mayBeProgram(region)) programs.add(region.name);
  }
  return programs;
}

const mayBeProgram = (region: Region): boolean =>
  isFileBacked(region) &&
  (region.name.startsWith('/') ? !isKernelFile(region) : !/^\w+:/.test(region.name)) &&
  !region.name.startsWith('[anon_shmem:');

function isKernelFile(region: Region): boolean {
  const {name} = region;
  if (name.startsWith('/memfd:')) return isShared(region);
  return MEMORY.test(name) || name.startsWith('/dev/') || kernelFile(name) !== undefined;
}

function verdictOf(region: Region, space: Space): Decision {
  const {name} = region;
  if (name.startsWith('['))
    return isFileBacked(region) && !name.startsWith('[anon_shmem:') ? FALSE_LABEL : bracket(name);
  if (!name.startsWith('/')) return object(name);
  if (name.startsWith('/memfd:')) return isExecutable(region) ? MEMFD_CODE : MEMFD;
  if (MEMORY.test(name)) return memoryFile(region);
  if (name.startsWith('/dev/')) return name === '/dev/zero' ? ZEROS : DEVICE;
  return kernelFile(name) ?? plainFile(name, space);
}

/**
 * Objects of the kernel have names such as `anon_inode:[perf_event]`. Other names without a slash are files as pmap
 * names them.
 */
function object(name: string): Decision {
  if (name.startsWith('anon_inode:i915')) return DEVICE;
  return /^\w+:/.test(name) ? {kind: 'special', evidence: `the kernel's name for an object of its own: ${name}`} : FILE;
}

const NAMES: Readonly<Record<string, Decision['kind']>> = {
  '[heap]': 'heap',
  '[stack]': 'stack',
  '[vdso]': 'vdso',
  '[sigpage]': 'vdso',
  '[vvar]': 'vvar',
  '[vvar_vclock]': 'vvar',
  '[vsyscall]': 'vsyscall',
  '[vectors]': 'vsyscall',
};

function bracket(name: string): Decision {
  if (name.startsWith('[anon:')) return namedMemory(inner(name, 6), false);
  if (name.startsWith('[anon_shmem:')) return namedMemory(inner(name, 12), true);
  const evidence = `the kernel calls it ${name}`;
  const kind = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (kind) return {kind, evidence};
  const stack = /^\[stack:(\d+)\]$/.exec(name); // kernels 3.4 to 4.4 named thread stacks
  return stack ? {kind: 'thread-stack', evidence, label: `stack of thread ${stack[1]}`} : {kind: 'special', evidence};
}

/** A capture may have lost the end of the name. */
const inner = (name: string, from: number): string => name.slice(from, name.endsWith(']') ? -1 : undefined);

/**
 * Memory that the kernel backs with a file of its own, which nobody can open: SysV segments, MAP_SHARED|MAP_ANONYMOUS
 * (a deleted /dev/zero), MAP_HUGETLB, memfd_secret(2); and POSIX shared memory, which is a file in /dev/shm.
 */
const MEMORY = /^\/(?:SYSV[0-9a-f]{8}|dev\/zero|anon_hugepage|secretmem) \(deleted\)$|^\/dev\/shm\//;

function memoryFile(region: Region): Decision {
  const {name, inode} = region;
  if (name.startsWith('/anon_hugepage'))
    return {...HUGETLB, evidence: 'the kernel calls it /anon_hugepage: mmap with MAP_HUGETLB'};
  const key = /^\/SYSV([0-9a-f]{8})/.exec(name)?.[1];
  // ipc/shm.c names the file after the key, and its inode number is the segment's id.
  if (key)
    return {
      kind: 'shared',
      evidence: 'the kernel calls it /SYSV and the key',
      label: `SysV segment, key 0x${key}, id ${inode}`,
    };
  if (name.startsWith('/dev/shm/'))
    return {
      kind: 'shared',
      evidence: 'a file in /dev/shm, where shm_open(3) makes them',
      label: `POSIX shared memory /${name.slice(9)}`,
    };
  if (isPrivate(region)) return {kind: 'anon', evidence: `the kernel calls it ${name}, and it is mapped privately`};
  return name.startsWith('/dev/zero')
    ? {
        kind: 'shared',
        evidence: 'the kernel calls it /dev/zero (deleted)',
        label: 'shared by fork: MAP_SHARED|MAP_ANONYMOUS',
      }
    : {kind: 'shared', evidence: `the kernel calls it ${name}`, label: 'memory of memfd_secret(2)'};
}

/** ` (deleted)` at the end is the kernel's remark or a part of the name: the text alone can't tell. */
function plainFile(name: string, {clues}: Space): Decision {
  if (!name.endsWith(' (deleted)')) return FILE;
  const isDeleted = clues.deleted && Object.hasOwn(clues.deleted, name) ? clues.deleted[name] : undefined;
  if (isDeleted === undefined)
    return {...FILE, evidence: `${FILE.evidence}; it was deleted, or its name ends like this`};
  return {
    ...FILE,
    evidence: `${FILE.evidence}; ${isDeleted ? 'it was deleted' : 'its name really ends in " (deleted)"'}`,
  };
}

const FILE: Decision = {kind: 'file', evidence: 'a mapped file, no part of which may be executed'};
const FALSE_LABEL: Decision = {
  kind: 'file',
  evidence: "a file that is named like the kernel's own labels: it has an inode",
};
const DEVICE: Decision = {kind: 'device', evidence: 'a mapping of a device'};
const ZEROS: Decision = {kind: 'anon', evidence: 'a private mapping of /dev/zero is memory, not a device'};
const MEMORY_OF_A_DEVICE: Decision = {kind: 'device', evidence: 'VmFlags has io and pf: memory of a device'};
const HUGETLB: Decision = {kind: 'hugetlb', evidence: 'VmFlags has ht: pages of the hugetlb pool'};
const MEMFD: Decision = {kind: 'memfd', evidence: 'the kernel calls it /memfd: and the name given to memfd_create(2)'};
const MEMFD_CODE: Decision = {
  kind: 'jit',
  evidence: 'memory of memfd_create(2), shared and executable: code is written through another mapping of it',
};

function kernelFile(name: string): Decision | undefined {
  if (name.startsWith('/[aio]')) return AIO;
  return name.startsWith('/drm mm object') || name.startsWith('/dmabuf:') ? BUFFER : undefined;
}

const AIO: Decision = {kind: 'special', evidence: 'the kernel calls it /[aio]: the ring of io_setup(2)'};
const BUFFER: Decision = {kind: 'device', evidence: "the kernel's name for a buffer of graphics and other devices"};

/**
 * Names that programs give their anonymous memory with prctl(PR_SET_VMA_ANON_NAME), which the kernel prints as
 * `[anon:NAME]` (Linux 5.17 with CONFIG_ANON_VMA_NAME, Android long before). The first pattern that matches decides.
 */
const GIVEN_NAMES: ReadonlyArray<readonly [pattern: RegExp, kind: Kind]> = [
  [/^Go: heap/, 'managed'],
  [/^Go: /, 'managed'],
  [/^(dalvik-jit|jit-cache|v8-jit|.*[- ]jit[- ]code)/i, 'jit'],
  [/^dalvik-/, 'managed'],
  [/^v8/i, 'managed'],
  [/^(oilpan|cppgc|blink_gc)/, 'managed'],
  [/^(ruby|Ruby:)/, 'managed'],
  // Bionic names a stack together with its guard and the thread's own variables; glibc 2.39 with
  // glibc.mem.decorate_maps.
  [/^(stack_and_tls:|glibc: pthread stack|glibc: pthread user stack)/, 'thread-stack'],
  [/^(thread signal stack|thread stack)/, 'thread-stack'],
  [/^glibc: (malloc|loader malloc)/, 'arena'],
  [/^(libc_malloc|scudo:|GWP-ASan|partition_alloc|PartitionAlloc|mimalloc|jemalloc|tcmalloc)/, 'arena'],
  [/^(bss|\.bss)$/, 'bss'],
];

/** Most names are a program's own. */
const MAY_BE_KNOWN =
  /^(?:Go: |dalvik-|v8|oilpan|cppgc|blink|ruby|stack_and|thread |glibc: |libc_|scudo|GWP|partition|mimalloc|jemalloc|tcmalloc|\.?bss)|jit/i;

/** @param name what the program called it; `isShared`: memory of MAP_SHARED|MAP_ANONYMOUS, whatever its name */
function namedMemory(name: string, isShared: boolean): Decision {
  const evidence = `its program named it "${name}"`;
  const label = name === '' ? undefined : name;
  if (isShared) return {kind: 'shared', evidence, label};
  const kind = (MAY_BE_KNOWN.test(name) && GIVEN_NAMES.find(([pattern]) => pattern.test(name))?.[1]) || 'anon';
  if (kind !== 'thread-stack') return {kind, evidence, label};
  const thread = /^(?:stack_and_tls:|glibc: pthread stack: )(\d+)$/.exec(name)?.[1];
  return {kind, evidence, label: thread ? `stack of thread ${thread}` : name};
}
