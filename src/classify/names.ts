import {isAllowed, isExecutable, isFileBacked, isPrivate, isShared, isWritable, type Region} from '../model/region.ts';
import {namedMemory} from './given.ts';
import {ABSENT} from '../model/columns/columns.ts';
import {FLAG, type Space, type Decision} from './space.ts';

/**
 * What the name says, and the two flags that are enough on their own. A name may lie: anybody may call a file `[heap]`,
 * but then the region has an inode, which the kernel's own regions never have. Files that are programs are left to
 * their segments.
 */
export function tellNames(space: Space): void {
  tellFixed(space);
  const doubles = doublesIn(space);
  const programs = programsIn(space, doubles);
  const pageSizes = space.regions.counter('kernelPageSize');
  const smallest = smallestOf(pageSizes, space.length);
  const known = new Map<number, Decision>();
  const {backing, perms} = space.regions;
  for (const index of space.telling) {
    const region = space.at(index);
    const {isFile} = space.regions.backingAt(index);
    if (space.has(index, FLAG.ht)) space.tell(index, HUGETLB);
    else if (isFile ? programs.has(region.name) : region.name === '') continue;
    else if (isFile && space.has(index, FLAG.pf) && space.has(index, FLAG.io)) space.tell(index, MEMORY_OF_A_DEVICE);
    else if (!space.hasFlags(index) && (pageSizes?.[index] ?? 0) > smallest && mayBeHuge(space, index))
      space.tell(index, HUGETLB_BY_SIZE);
    else {
      // What decides: the name, permissions, and whether memory without access is held.
      const key = (backing[index]! * 2 ** 16 + perms[index]!) * 2 + (space.isHeld(index) ? 1 : 0);
      let verdict = known.get(key);
      if (!verdict) known.set(key, (verdict = verdictOf(region, space, doubles)));
      space.tell(index, verdict);
    }
  }
}

/** Pages of the kernel's at fixed addresses, where the source prints no names: pmap. */
function tellFixed(space: Space): void {
  const isNameless = (index: number, start: number): boolean =>
    index >= 0 && space.start[index] === start && space.regions.nameAt(index) === '';
  const [vsyscall, last] = [space.find(VSYSCALL), space.length - 1];
  if (isNameless(vsyscall, VSYSCALL)) space.tell(vsyscall, VSYSCALL_BY_PLACE);
  if (isNameless(last, KUSER_HELPERS)) space.tell(last, VECTORS_BY_PLACE);
}

/** Documentation/arch/x86/x86_64/mm.rst */
const VSYSCALL = 0xffffffffff600000;
/** Documentation/arch/arm/kernel_user_helpers.rst: the page of the vectors, in 32-bit processes. */
const KUSER_HELPERS = 0xffff0000;

/** KernelPageSize is larger in the hugetlb pool alone, and for memory of devices (fs/hugetlbfs, dax). */
const mayBeHuge = (space: Space, index: number): boolean => !space.regions.nameAt(index).startsWith('/dev/dax');

function smallestOf(sizes: Float64Array | undefined, length: number): number {
  let smallest = Infinity;
  for (const size of sizes?.subarray(0, length) ?? []) if (size !== ABSENT && size < smallest) smallest = size;
  return smallest;
}

/**
 * Files that are mapped twice and shared, once to be written and once to be executed: libffi's closures (closures.c,
 * dlmmap_locked), and runtimes where memfd_create(2) is not allowed. A loader maps programs privately.
 */
function doublesIn(space: Space): ReadonlySet<string> {
  const isShareable = (region: Region): boolean => isShared(region) && region.name.startsWith('/');
  const executable = new Set<string>();
  for (const index of space.executable) {
    const region = space.at(index);
    if (isShareable(region)) executable.add(region.name);
  }
  const doubles = new Set<string>();
  if (executable.size === 0) return doubles;
  for (const index of space.telling) {
    const region = space.at(index);
    if (isShareable(region) && isWritable(region) && executable.has(region.name)) doubles.add(region.name);
  }
  return doubles;
}

/**
 * The names of files of which some region may be executed: programs and libraries. Memory files don't count if they are
 * shared.
 */
function programsIn(space: Space, doubles: ReadonlySet<string>): Set<string> {
  const programs = new Set<string>();
  for (const index of space.executable) {
    const region = space.at(index);
    if (region.name !== '' && mayBeProgram(region) && !doubles.has(region.name)) programs.add(region.name);
  }
  // Where a source has no permissions of some regions, the program headers that were read say that it is one.
  for (const name of Object.keys(space.clues.files ?? {})) {
    const isProgram = (index: number): boolean =>
      space.at(index).name === name && isAllowed(space.at(index), 'x') === undefined;
    if (!programs.has(name) && space.telling.some(isProgram)) programs.add(name);
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
  return MEMORY.test(name) || (name.startsWith('/dev/') && !FILES_IN_DEV.test(name)) || kernelFile(name) !== undefined;
}

function verdictOf(region: Region, space: Space, doubles: ReadonlySet<string>): Decision {
  const {name} = region;
  if (name.startsWith('['))
    return isFileBacked(region) && !name.startsWith('[anon_shmem:') ? FALSE_LABEL : bracket(region);
  if (!name.startsWith('/')) return object(region);
  if (name.startsWith('/memfd:')) return isExecutable(region) ? MEMFD_CODE : MEMFD;
  if (doubles.has(name)) return isExecutable(region) ? DOUBLE_CODE : DOUBLE;
  if (MEMORY.test(name)) return memoryFile(region);
  if (name.startsWith('/dev/')) return underDev(region, space);
  return kernelFile(name) ?? plainFile(region, space);
}

/** Not all that is in /dev is a device. */
function underDev(region: Region, space: Space): Decision {
  const {name, usage} = region;
  if (name === '/dev/zero') return ZEROS;
  const ashmem = /^\/dev\/ashmem\/(.*?)(?: \(deleted\))?$/.exec(name)?.[1];
  if (ashmem !== undefined) return namedMemory(ashmem, region, isShared(region) && !ashmem.startsWith('dalvik-'));
  if (FILES_IN_DEV.test(name)) return plainFile(region, space);
  if (!/^\/dev\/hugepages[^/]*\//.test(name)) return DEVICE;
  const page = usage?.['kernelPageSize'];
  return page !== undefined && page <= 65536 ? plainFile(region, space) : HUGETLBFS;
}

/** Android's properties and tags, which are files of a tmpfs. */
const FILES_IN_DEV = /^\/dev\/(?:__properties__\/|event-log-tags$)/;

/**
 * Objects of the kernel have names such as `anon_inode:[perf_event]`. Other names without a slash are files as pmap
 * names them, by the last part of what the kernel prints.
 */
function object(region: Region): Decision {
  const {name} = region;
  if (name.startsWith('anon_inode:i915')) return DEVICE;
  if (name.startsWith('memfd:')) return isExecutable(region) && isShared(region) ? MEMFD_CODE : MEMFD;
  if (name === 'anon_hugepage (deleted)') return HUGETLB_BY_NAME;
  if (name === 'zero (deleted)' && isShared(region)) return LAST_PART_ZERO;
  return /^\w+:/.test(name)
    ? {kind: 'special', evidence: `the kernel's name for an object of its own: ${name}`}
    : fileOf(region);
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

function bracket(region: Region): Decision {
  const {name} = region;
  if (name.startsWith('[anon:')) return namedMemory(inner(name, 6), region, false);
  if (name.startsWith('[anon_shmem:')) return namedMemory(inner(name, 12), region, true);
  const evidence = `the kernel calls it ${name}`;
  const kind = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (kind) return {kind, evidence};
  const segment = /^\[ shmid=0x([0-9a-f]{1,8}) \]$/.exec(name)?.[1];
  if (segment)
    return {
      kind: 'shared',
      evidence: `pmap calls it ${name}`,
      label: `SysV segment, id ${Number.parseInt(segment, 16)}`,
    };
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
  if (name.startsWith('/anon_hugepage')) return HUGETLB_BY_NAME;
  const key = /^\/SYSV([0-9a-f]{8})/.exec(name)?.[1];
  // ipc/shm.c names the file after the key, and its inode number is the segment's id.
  if (key)
    return {
      kind: 'shared',
      evidence: 'the kernel calls it /SYSV and the key',
      label: `SysV segment, key 0x${key}, id ${inode}`,
    };
  if (isExecutable(region) && isShared(region)) return SHARED_CODE;
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
function plainFile(region: Region, {clues}: Space): Decision {
  const {name} = region;
  const file = fileOf(region);
  if (!name.endsWith(' (deleted)')) return file;
  const isDeleted = clues.deleted && Object.hasOwn(clues.deleted, name) ? clues.deleted[name] : undefined;
  if (isDeleted === undefined)
    return {...file, evidence: `${file.evidence}; it was deleted, or its name ends like this`};
  return {
    ...file,
    evidence: `${file.evidence}; ${isDeleted ? 'it was deleted' : 'its name really ends in " (deleted)"'}`,
  };
}

const fileOf = (region: Region): Decision => (isAllowed(region, 'x') === undefined ? UNKNOWN_FILE : FILE);

const FILE: Decision = {kind: 'file', evidence: 'a mapped file, no part of which may be executed'};
const UNKNOWN_FILE: Decision = {
  kind: 'file',
  evidence: 'a mapped file; the source says no permissions, so it may be a program too',
  confidence: 'guess',
};
const FALSE_LABEL: Decision = {
  kind: 'file',
  evidence: "a file that is named like the kernel's own labels: it has an inode",
};
const DEVICE: Decision = {kind: 'device', evidence: 'a mapping of a device'};
const ZEROS: Decision = {kind: 'anon', evidence: 'a private mapping of /dev/zero is memory, not a device'};
const MEMORY_OF_A_DEVICE: Decision = {kind: 'device', evidence: 'VmFlags has io and pf: memory of a device'};
const HUGETLB: Decision = {kind: 'hugetlb', evidence: 'VmFlags has ht: pages of the hugetlb pool'};
const HUGETLB_BY_NAME: Decision = {
  kind: 'hugetlb',
  evidence: 'the kernel calls it /anon_hugepage: mmap with MAP_HUGETLB',
};
const HUGETLB_BY_SIZE: Decision = {
  kind: 'hugetlb',
  evidence: 'its KernelPageSize is larger than that of other regions: pages of the hugetlb pool',
};
const HUGETLBFS: Decision = {
  kind: 'hugetlb',
  evidence: 'a file in /dev/hugepages, where hugetlbfs is mounted',
};
const LAST_PART_ZERO: Decision = {
  kind: 'shared',
  label: 'shared by fork: MAP_SHARED|MAP_ANONYMOUS',
  evidence: 'shared, and "zero (deleted)" is the last part of what the kernel calls it: /dev/zero (deleted)',
  confidence: 'guess',
};
const VSYSCALL_BY_PLACE: Decision = {
  kind: 'vsyscall',
  evidence:
    'it is at 0xffffffffff600000, which is not an address of the process: there the kernel has its vsyscall page',
};
const VECTORS_BY_PLACE: Decision = {
  kind: 'vsyscall',
  evidence: 'it is at 0xffff0000, where 32-bit Arm has the page of the vectors',
  confidence: 'guess',
};
const DOUBLE_CODE: Decision = {
  kind: 'jit',
  evidence: 'a file that is mapped twice and shared, here to be executed: code is written through the other mapping',
};
const DOUBLE: Decision = {
  kind: 'file',
  label: 'code is written here',
  evidence: 'a file that is mapped twice and shared, here to be written: the other mapping may be executed',
};
const SHARED_CODE: Decision = {
  kind: 'jit',
  evidence: 'shared memory that may be executed: code is written into it, here or through another mapping',
};
const MEMFD: Decision = {kind: 'memfd', evidence: 'the kernel calls it /memfd: and the name given to memfd_create(2)'};
const MEMFD_CODE: Decision = {
  kind: 'jit',
  evidence: 'memory of memfd_create(2), shared and executable: code is written through another mapping of it',
};

function kernelFile(name: string): Decision | undefined {
  if (name.startsWith('/[aio]')) return AIO;
  return /^\/(?:drm mm object|dmabuf:|i915 \(deleted\)$)/.test(name) ? BUFFER : undefined;
}

const AIO: Decision = {kind: 'special', evidence: 'the kernel calls it /[aio]: the ring of io_setup(2)'};
const BUFFER: Decision = {kind: 'device', evidence: "the kernel's name for a buffer of graphics and other devices"};
