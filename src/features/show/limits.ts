import {lowestAddress, type Hole} from '../../model/pages/holes.ts';
import {pageSizeOf, type CgroupClue} from '../../model/clues/clues.ts';
import {sizeOf} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';

type LimitName =
  | 'RLIMIT_AS'
  | 'RLIMIT_DATA'
  | 'RLIMIT_STACK'
  | 'RLIMIT_MEMLOCK'
  | 'vm.overcommit_memory'
  | 'vm.max_map_count'
  | 'cgroup'
  | 'addresses';

/** How sure a figure is: `about` where the kernel counts less exactly than it prints, `atMost` where it may be less. */
type Precision = 'exact' | 'about' | 'atMost';

/** One limit of one way to get memory, in bytes; vm.max_map_count in regions. */
export interface Limit {
  readonly name: LimitName;
  /** null: unlimited; undefined: unknown, or there is no such number. */
  readonly value?: number | null | undefined;
  /** What the kernel counts against it. */
  readonly used?: number | undefined;
  /** The line of /proc/PID/status that has `used`. */
  readonly counter?: 'VmSize' | 'VmData' | 'VmLck';
  /** null: it bounds nothing here; undefined: unknown. */
  readonly left: number | null | undefined;
  readonly precision?: Precision;
  /** Of vm.overcommit_memory. */
  readonly mode?: number;
  /** Of a cgroup: which one, and which of its files. */
  readonly path?: string;
  readonly file?: string;
}

/** How far something can still grow, in bytes (regions: their number). */
export interface Headroom {
  readonly used: number | undefined;
  /** What the limit that binds first leaves; null: nothing bounds it; undefined: nothing is known. */
  readonly left: number | null | undefined;
  readonly precision: Precision;
  /** The limit that binds first. */
  readonly binding: Limit | undefined;
  /** All that are known. */
  readonly limits: readonly Limit[];
  /** Limits that there may be, but that the source doesn't tell. */
  readonly unknown: readonly LimitName[];
}

/** @param limits all that apply; of equal ones the first binds */
export function headroom(used: number | undefined, limits: readonly Limit[]): Headroom {
  const known = limits.filter(({left}) => left !== undefined);
  const unknown = [...new Set(limits.filter(({left}) => left === undefined).map(({name}) => name))];
  const binding = known
    .filter(({left}) => left !== null)
    .reduce<Limit | undefined>((least, limit) => (least && least.left! <= limit.left! ? least : limit), undefined);
  const left = binding ? binding.left : unknown.length === 0 ? null : undefined;
  const precision = left === 0 ? 'exact' : unknown.length > 0 ? 'atMost' : (binding?.precision ?? 'exact');
  return {used, left, precision, binding, limits: known, unknown};
}

/** The kernel compares whole pages: may_expand_vm() and mlock_future_ok(), mm/mmap.c. */
function rlimit(limit: Omit<Limit, 'left'>, pageSize: number): Limit {
  const {value, used} = limit;
  if (value === null) return {...limit, left: null};
  if (value === undefined || used === undefined) return {...limit, left: undefined};
  return {...limit, left: Math.max(0, Math.floor(value / pageSize) * pageSize - used)};
}

/** RLIMIT_AS bounds whatever adds to VmSize. */
export const addressSpaceLimit = (snapshot: Snapshot): Limit => {
  const value = snapshot.clues.limits?.addressSpace;
  const used = bytes(snapshot, 'vmSize');
  return rlimit({name: 'RLIMIT_AS', value, used, counter: 'VmSize'}, pageSizeOf(snapshot));
};

/**
 * RLIMIT_DATA bounds VmData, private writable memory that isn't a stack, since Linux 4.7 (may_expand_vm(), mm/mmap.c).
 * Where the soft limit is 0 the kernel takes the hard one, for Valgrind.
 *
 * @returns undefined where it doesn't apply: before 4.7, or with the kernel's parameter ignore_rlimit_data
 */
export function dataLimit(snapshot: Snapshot): Limit | undefined {
  const {limits, machine} = snapshot.clues;
  if (machine?.ignoresDataLimit === true) return undefined;
  const value = limits?.data === 0 ? limits.hardData : limits?.data;
  const isCounted = isSince(machine?.release, 4, 7);
  if (isCounted === false) return undefined;
  const used = isCounted ? bytes(snapshot, 'vmData') : undefined;
  return rlimit({name: 'RLIMIT_DATA', value, used, counter: 'VmData'}, pageSizeOf(snapshot));
}

/**
 * brk(2) has a check of its own: the brk area and the program's data together may not exceed RLIMIT_DATA, the soft one
 * (check_data_rlimit(), include/linux/mm.h).
 *
 * @param end of the brk area
 */
export function brkDataLimit(snapshot: Snapshot, end: number): Limit | undefined {
  const {limits, marks} = snapshot.clues;
  const value = limits?.data;
  if (value === 0) return {name: 'RLIMIT_DATA', value, left: 0};
  if (value == null || !marks) return undefined;
  const used = end - marks.startBrk + (marks.endData - marks.startData);
  const pageSize = pageSizeOf(snapshot);
  return {name: 'RLIMIT_DATA', value, used, left: Math.max(0, Math.floor((value - used) / pageSize) * pageSize)};
}

/** RLIMIT_STACK bounds the size of the region that grows: acct_stack_growth(), mm/mmap.c. */
export const stackLimit = (snapshot: Snapshot, size: number): Limit =>
  rlimit({name: 'RLIMIT_STACK', value: snapshot.clues.limits?.stack, used: size}, pageSizeOf(snapshot));

/** RLIMIT_MEMLOCK bounds VmLck, unless the process has CAP_IPC_LOCK: mlock_future_ok(), mm/mmap.c. */
export function lockLimit(snapshot: Snapshot): Limit {
  const {limits, capabilities} = snapshot.clues;
  const used = bytes(snapshot, 'vmLck');
  const limit = rlimit({name: 'RLIMIT_MEMLOCK', value: limits?.locked, used, counter: 'VmLck'}, pageSizeOf(snapshot));
  if (limit.value === null || capabilities?.ipcLock === false) return limit;
  return {...limit, left: capabilities ? null : undefined};
}

/**
 * What vm.overcommit_memory lets through: __vm_enough_memory(), mm/util.c. It is asked for memory that is private and
 * writable, and for shared memory without a file.
 *
 * Mode 0 refuses a single call of more than RAM and swap (since Linux 5.2; before, it guessed from what was free). Mode
 * 1 refuses nothing. Mode 2 keeps the sum below CommitLimit, less the reserves; the check reads a counter of which each
 * CPU holds back a part, so the figure is good to about 1/256 of RAM (mm/mm_init.c, mm_compute_batch()).
 */
export function overcommitLimit(snapshot: Snapshot): Limit {
  const {machine = {}, capabilities} = snapshot.clues;
  const {overcommit: mode, ram, swap, commitLimit, committed, adminReserve, userReserve} = machine;
  const name = 'vm.overcommit_memory';
  if (mode === undefined) return {name, left: undefined};
  if (mode === 1) return {name, mode, value: null, left: null};
  const pageSize = pageSizeOf(snapshot);
  if (mode === 0) {
    if (ram === undefined || swap === undefined || !isSince(machine.release, 5, 2))
      return {name, mode, left: undefined};
    return {name, mode, value: ram + swap, used: 0, left: Math.floor((ram + swap) / pageSize) * pageSize};
  }
  const size = bytes(snapshot, 'vmSize');
  const known = [commitLimit, committed, adminReserve, userReserve, size];
  if (known.includes(undefined) || !capabilities) return {name, mode, value: commitLimit, left: undefined};
  const admin = capabilities.sysAdmin ? 0 : adminReserve!;
  const user = Math.min(Math.floor(size! / pageSize / 32) * pageSize, userReserve!);
  const left = Math.max(0, Math.floor((commitLimit! - admin - user - committed!) / pageSize) - 1) * pageSize;
  return {name, mode, value: commitLimit, used: committed, left, precision: 'about'};
}

/** @param count of the regions that the kernel counts */
export const mapCountLimit = ({clues}: Snapshot, count: number): Limit => {
  const name = 'vm.max_map_count';
  const value = clues.maxMapCount;
  // mmap and brk test `map_count > max` before they add one, so that a region that only grows may (mm/mmap.c).
  return {name, value, used: count, left: value === undefined ? undefined : Math.max(0, value - count + 1)};
};

/** No mmap and no brk succeeds while there are more regions than that, not even one that adds none. */
export function mapCountExceeded(snapshot: Snapshot, count: number): Limit[] {
  const limit = mapCountLimit(snapshot, count);
  return limit.left === undefined || limit.left === 0 ? [limit] : [];
}

/** The limits of the cgroup and of its ancestors; one that is unknown where there may be others. */
export function cgroupLimits(cgroup: CgroupClue | undefined): Limit[] {
  const limits = cgroup?.limits ?? [];
  return [
    ...limits.map(({path, file, limit, used}): Limit => {
      return {name: 'cgroup', path, file, value: limit, used, left: Math.max(0, limit - used)};
    }),
    ...(cgroup?.isWhole ? [] : [{name: 'cgroup' as const, left: undefined}]),
  ];
}

/**
 * The largest hole, for mmap without an address. The kernel looks for one from mmap_base downwards, and where that
 * fails upwards from a third of the addresses (vm_unmapped_area(), arch_get_unmapped_area_topdown()). mmap_base is in
 * no file; the interpreter and the vdso were put just below it. A hole that isn't below them, or in the upper half, may
 * not be found whole.
 */
export function holeLimit({clues}: Snapshot, hole: Hole | undefined, end: number): Limit {
  const anchor = clues.auxv?.base || clues.auxv?.vdso;
  const isTopDown = anchor !== undefined && anchor >= end / 2;
  const isFound = hole === undefined || hole.start >= end / 2 || (isTopDown && hole.end <= anchor);
  return {name: 'addresses', left: hole ? sizeOf(hole) : 0, precision: isFound ? 'exact' : 'atMost'};
}

/** Addresses that may be used from `from` to `to`. */
export const addressLimit = (from: number, to: number): Limit => ({name: 'addresses', left: Math.max(0, to - from)});

/** The edges of holes. */
export const lowest = (snapshot: Snapshot): number => lowestAddress(pageSizeOf(snapshot), snapshot.clues.machine);

/** @returns undefined where the kernel's release isn't known */
function isSince(release: string | undefined, major: number, minor: number): boolean | undefined {
  const [its, next] = release?.split('.').map(Number) ?? [];
  return its === undefined || next === undefined ? undefined : its > major || (its === major && next >= minor);
}

/** A size of /proc/PID/status. */
export function bytes({status}: Snapshot, name: string): number | undefined {
  const value: unknown = status[name];
  return typeof value === 'number' ? value : undefined;
}
