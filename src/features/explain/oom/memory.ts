import type {OomReport} from '../../../parse/oom/report.ts';

/** A part of the memory that had run out, in bytes. */
export interface MemoryPart {
  readonly what: string;
  readonly bytes: number;
}

type Counters = Readonly<Record<string, number>>;

/** Where the memory was, by what it is for; parts that are 0 or not told are left out. */
export function memoryParts({memory, scope}: OomReport): MemoryPart[] {
  if (memory['ram'] !== undefined || memory['active_anon'] !== undefined) {
    if (scope !== 'cgroup' || memory['ram'] !== undefined) return partsOf(machineOf(memory));
  }
  return partsOf(cgroupOf(memory));
}

const partsOf = (rows: ReadonlyArray<readonly [string, number | undefined]>): MemoryPart[] =>
  rows.flatMap(([what, bytes]) => (bytes ? [{what, bytes}] : []));

/** The sum of what is told; undefined if nothing is. */
function sum(memory: Counters, ...names: readonly string[]): number | undefined {
  const values = names.map((name) => memory[name]).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : values.reduce((all, value) => all + value, 0);
}

/** Of the lists of the whole machine; what they leave out is the rest. */
function machineOf(memory: Counters): ReadonlyArray<readonly [string, number | undefined]> {
  const known: ReadonlyArray<readonly [string, number | undefined]> = [
    ['anonymous memory, tmpfs too', sum(memory, 'active_anon', 'inactive_anon', 'isolated_anon')],
    ['page cache', sum(memory, 'active_file', 'inactive_file', 'isolated_file')],
    ['locked (unevictable)', memory['unevictable']],
    ['slab that can be reclaimed', memory['slab_reclaimable']],
    ['slab that can not', memory['slab_unreclaimable']],
    ['page tables', sum(memory, 'pagetables', 'sec_pagetables')],
    ['free', sum(memory, 'free', 'free_pcp')],
    ['reserved when it booted', memory['reserved']],
  ];
  const {ram} = memory;
  const told = known.reduce((all, [, bytes]) => all + (bytes ?? 0), 0);
  const rest = ram === undefined ? 0 : ram - told;
  return [
    ...known,
    ['the rest: the kernel, drivers, huge pages of the hugetlb pool', rest > 0 ? rest : undefined],
    ['RAM in all', ram],
    ['of it shared memory and tmpfs', memory['shmem']],
  ];
}

/** memory.stat of version 2 has `anon`, that of version 1 `total_rss` of it and its children, or `rss`. */
function cgroupOf(memory: Counters): ReadonlyArray<readonly [string, number | undefined]> {
  const one = (...names: readonly string[]): number | undefined =>
    names.map((name) => memory[name]).find((value) => value !== undefined);
  return [
    ['anonymous memory', one('anon', 'total_rss', 'rss')],
    ['page cache, tmpfs too', one('file', 'total_cache', 'cache')],
    ['of it shared memory and tmpfs', one('shmem', 'total_shmem')],
    ['of it mapped by processes', one('file_mapped', 'total_mapped_file', 'mapped_file')],
    ['kernel memory in all', memory['kernel']],
    ['stacks of the kernel', memory['kernel_stack']],
    ['page tables', sum(memory, 'pagetables', 'sec_pagetables')],
    ['slab', memory['slab']],
    ['sockets', memory['sock']],
    ['swapped out', one('total_swap', 'swap')],
  ];
}
