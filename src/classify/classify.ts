import type {Clues} from '../model/clues.ts';
import type {Kind} from '../model/kind.ts';
import {isFileBacked, sizeOf, type Region} from '../model/region.ts';

const BY_NAME: Readonly<Record<string, Kind>> = {
  '[heap]': 'heap',
  '[stack]': 'stack',
  '[vdso]': 'vdso',
  '[vvar]': 'vvar',
  '[vvar_vclock]': 'vvar',
  '[vsyscall]': 'vsyscall',
  '[vectors]': 'vsyscall',
};

const MIB = 1024 * 1024;

/**
 * Gives each region of one address space its kind, in place. Regions must be in ascending order: some kinds show only in
 * the neighbours (the anonymous pages after a data segment are its bss).
 */
export function classify(regions: Region[], _clues: Clues = {}): void {
  const programs = filesThatRun(regions);
  let previous: Region | undefined;
  for (const [index, region] of regions.entries()) {
    const kind = kindOf(region, previous, programs);
    // A region may be shared with an earlier snapshot: what was said there stays.
    if (region.kind !== kind) regions[index] = {...region, kind};
    previous = regions[index];
  }
}

/** A file is a program or a library if any of its regions may be executed. */
function filesThatRun(regions: readonly Region[]): Set<string> {
  const files = new Set<string>();
  for (const region of regions) if (region.perms[2] === 'x' && isFileBacked(region)) files.add(fileKey(region));
  return files;
}

const fileKey = (region: Region): string => `${region.dev} ${region.inode} ${region.name}`;

function kindOf(region: Region, previous: Region | undefined, programs: Set<string>): Kind {
  const {name} = region;
  if (name === '' && !isFileBacked(region)) return anonymousKind(region, previous);
  if (name.startsWith('[')) return bracketKind(name);
  if (name.startsWith('/memfd:')) return 'memfd';
  if (isMemory(name)) return region.perms[3] === 'p' ? 'anon' : 'shared';
  if (name === '/[aio] (deleted)') return 'special';
  if (name.startsWith('/dev/') && name !== '/dev/zero') return 'device';
  // Objects of the kernel have names such as `anon_inode:[perf_event]`. Other names without a slash are files to pmap.
  if (/^\w+:/.test(name)) return 'special';
  if (name === '/dev/zero') return 'anon';
  if (!programs.has(fileKey(region))) return 'file';
  return segmentKind(region.perms);
}

function bracketKind(name: string): Kind {
  const kind = BY_NAME[name];
  if (kind) return kind;
  if (name.startsWith('[stack:')) return 'thread-stack'; // kernels 3.4 to 4.4 named thread stacks
  if (name.startsWith('[anon_shmem:')) return 'shared';
  return name.startsWith('[anon:') ? 'anon' : 'special';
}

/**
 * Memory that the kernel backs by a file of its own, which nobody can open: SysV segments, MAP_SHARED|MAP_ANONYMOUS (a
 * deleted /dev/zero), MAP_HUGETLB, memfd_secret(2); and POSIX shared memory, which is a file in /dev/shm.
 */
const isMemory = (name: string): boolean =>
  /^\/(?:SYSV[0-9a-f]{8}|dev\/zero|anon_hugepage|secretmem) \(deleted\)$/.test(name) || name.startsWith('/dev/shm/');

function segmentKind(perms: string): Kind {
  if (perms[2] === 'x') return 'text';
  if (perms[1] === 'w') return 'data';
  return perms[0] === 'r' ? 'rodata' : 'guard';
}

function anonymousKind(region: Region, previous: Region | undefined): Kind {
  const touching = previous !== undefined && previous.end === region.start ? previous : undefined;
  if (region.perms.startsWith('---')) return sizeOf(region) <= MIB ? 'guard' : 'reserved';
  if (touching?.kind === 'data' && region.perms.startsWith('rw-')) return 'bss';
  if (touching?.kind === 'guard' && looksLikeThreadStack(touching, region)) return 'thread-stack';
  return 'anon';
}

/** A C library maps guard and stack as one block; one of the two, or both together, is a round number of MiB (8 by default). */
function looksLikeThreadStack(guard: Region, region: Region): boolean {
  const stack = sizeOf(region);
  return sizeOf(guard) <= 64 * 1024 && region.perms === 'rw-p' && (isRound(stack) || isRound(stack + sizeOf(guard)));
}

const isRound = (bytes: number): boolean => bytes > 0 && bytes % MIB === 0 && bytes <= 64 * MIB;
