import type {CgroupClue} from '../clues/clues.ts';

/** What a cgroup says of its memory; bytes. What the kernel doesn't tell is undefined. */
interface GroupFigures {
  readonly version: 1 | 2;
  /** memory.current of version 2, memory.usage_in_bytes of version 1. */
  readonly usage: number;
  /** memory.stat: of version 1, its lines total_*, without that prefix, which include the groups below. */
  readonly stat: ReadonlyMap<string, number>;
  /** Version 1: memory.kmem.usage_in_bytes. undefined also where the usage leaves kernel memory out: in the root. */
  readonly kernel?: number | undefined;
}

/** What is charged to the group, cut so that nothing is in two parts. Bytes; undefined: not told. */
export interface Parts {
  readonly anon?: number | undefined;
  readonly mappedFile?: number | undefined;
  readonly unmappedCache?: number | undefined;
  readonly shmem?: number | undefined;
  readonly slab?: number | undefined;
  readonly kernelStack?: number | undefined;
  readonly pageTables?: number | undefined;
  readonly sock?: number | undefined;
  /** Kernel memory that is told as one figure. */
  readonly other?: number | undefined;
}

/** The parts in the order in which they are printed. */
export const PART_KEYS = [
  'anon',
  'mappedFile',
  'unmappedCache',
  'shmem',
  'slab',
  'kernelStack',
  'pageTables',
  'sock',
  'other',
] as const satisfies ReadonlyArray<keyof Parts>;

/** The parts and the residue add up to the usage exactly. */
export interface Bill {
  readonly parts: Parts;
  readonly residue: number;
  /**
   * By how much mappedFile may be too low, and unmappedCache too high: mapped files are counted together with mapped
   * shared memory, and how much of that is mapped only the members' PSS tells.
   */
  readonly doubt: number;
}

/**
 * Cuts what is charged to a group. memory.stat: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
 *
 * `file` (version 1: `cache`) is the page cache with shared memory and tmpfs, `file_mapped` (`mapped_file`) the part of
 * it that is mapped, again with shared memory. What of the mapped is shared memory the members' PSS tells, within the
 * bounds that the two sums leave.
 *
 * @param pssShmem of all members together; undefined where it is not known
 */
export function billOf(figures: GroupFigures, pssShmem?: number): Bill {
  const {usage, stat, version} = figures;
  const [anon, cache, mapped] =
    version === 1
      ? [stat.get('rss'), stat.get('cache'), stat.get('mapped_file')]
      : [stat.get('anon'), stat.get('file'), stat.get('file_mapped')];
  const shmem = stat.get('shmem');
  const files = cache === undefined ? undefined : Math.max(0, cache - (shmem ?? 0));
  const cut = cutMapped(mapped, files, shmem ?? 0, pssShmem);
  const parts: Parts = {
    anon,
    mappedFile: cut?.mappedFile,
    unmappedCache: files === undefined ? undefined : files - (cut?.mappedFile ?? 0),
    shmem: cache === undefined ? shmem : shmem && Math.min(shmem, cache),
    ...(version === 1 ? {other: figures.kernel} : kernelParts(stat)),
  };
  const known = Object.values(parts).reduce<number>((sum, part) => sum + ((part as number | undefined) ?? 0), 0);
  return {parts, residue: usage - known, doubt: cut?.doubt ?? 0};
}

/** What `billOf` wants to know of the members; undefined where not all of them say it. */
export function pssShmemOf(members: ReadonlyArray<{readonly pssShmem?: number | undefined}>): number | undefined {
  const all = members.map(({pssShmem}) => pssShmem);
  return all.includes(undefined) ? undefined : all.reduce<number>((sum, bytes) => sum + bytes!, 0);
}

function cutMapped(
  mapped: number | undefined,
  files: number | undefined,
  shmem: number,
  pssShmem: number | undefined,
): {readonly mappedFile: number; readonly doubt: number} | undefined {
  if (mapped === undefined || files === undefined) return undefined;
  // At least this much of the mapped is shared memory, and at most this much.
  const [least, most] = [Math.max(0, mapped - files), Math.min(mapped, shmem)];
  const ofShmem = Math.max(least, Math.min(most, pssShmem ?? most));
  const mappedFile = Math.min(files, mapped - ofShmem);
  return {mappedFile, doubt: pssShmem === undefined ? ofShmem - least : 0};
}

/**
 * Version 2. `kernel` (Linux 5.18) is all kernel memory, with slab, stacks, page tables, per-CPU data and vmalloc, but
 * without the buffers of sockets. Before, what memory.stat lists is what is known.
 */
function kernelParts(stat: ReadonlyMap<string, number>): Parts {
  const slab = stat.get('slab') ?? sumIfKnown(stat, ['slab_reclaimable', 'slab_unreclaimable'], 'slab_unreclaimable');
  const kernelStack = stat.get('kernel_stack');
  const pageTables = sumIfKnown(stat, ['pagetables', 'sec_pagetables'], 'pagetables');
  const kernel = stat.get('kernel');
  const named = (slab ?? 0) + (kernelStack ?? 0) + (pageTables ?? 0);
  const rest = kernel === undefined ? sumIfKnown(stat, ['percpu', 'vmalloc'], 'percpu') : Math.max(0, kernel - named);
  return {slab, kernelStack, pageTables, sock: stat.get('sock'), other: rest};
}

const sumIfKnown = (stat: ReadonlyMap<string, number>, keys: readonly string[], needed: string): number | undefined =>
  stat.has(needed) ? keys.reduce((sum, key) => sum + (stat.get(key) ?? 0), 0) : undefined;

/** How often something happened to a group; undefined: the kernel doesn't count it. */
export interface GroupEvents {
  /** Its usage reached the limit. */
  readonly max?: number | undefined;
  /** Its usage went over memory.high, and its processes were slowed down. */
  readonly high?: number | undefined;
  /** Memory was taken from it though it used less than memory.low. */
  readonly low?: number | undefined;
  /** It could not get memory at its limit. */
  readonly oom?: number | undefined;
  /** Processes that the kernel killed for it. */
  readonly oomKill?: number | undefined;
}

/** Shares of the last 10, 60 and 300 s in percent, and all of it in µs. */
interface Stalled {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: number;
}

/** What a group is called: by its path, or by the unit or the container that it is. */
export interface GroupName {
  readonly kind: 'cgroup' | 'unit' | 'container';
  readonly id: string;
}

/** A cgroup, and what its files say. Bytes; null: no limit; undefined: not told. */
export interface Group extends GroupName, GroupFigures {
  /** As /proc/PID/cgroup prints it. */
  readonly path: string;
  readonly limit: number | null | undefined;
  readonly high: number | null | undefined;
  readonly peak: number | undefined;
  readonly swap: number | undefined;
  readonly swapLimit: number | null | undefined;
  /** The limits that are set: its own first, then those of its ancestors that are seen. */
  readonly limits: CgroupClue['limits'];
  readonly events: GroupEvents;
  /** How much time was lost for want of memory: `some` task waited, or all of them did. */
  readonly pressure: {readonly some: Stalled; readonly full?: Stalled | undefined} | undefined;
}

/** The limit that leaves least, and what it leaves; undefined if none is set. */
export function tightest(
  limits: CgroupClue['limits'],
): {limit: CgroupClue['limits'][number]; left: number} | undefined {
  const rooms = limits.map((limit) => ({limit, left: Math.max(0, limit.limit - limit.used)}));
  return rooms.sort((a, b) => a.left - b.left)[0];
}
