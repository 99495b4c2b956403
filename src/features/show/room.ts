import {pageSizeOf} from '../../model/clues/clues.ts';
import {
  countInUserSpace,
  growsDown,
  type Hole,
  holesIn,
  isInUserSpace,
  stackGap,
  userSpaceEnd,
} from '../../model/pages/holes.ts';
import {hasNoAccess, sizeOf, type Region} from '../../model/region.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {firstWhere} from '../../model/search.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {arenasOf, writableOf, type Arena} from './arenas.ts';
import {
  addressLimit,
  addressSpaceLimit,
  brkDataLimit,
  bytes,
  cgroupLimits,
  dataLimit,
  headroom,
  holeLimit,
  lockLimit,
  lowest,
  mapCountExceeded,
  mapCountLimit,
  overcommitLimit,
  stackLimit,
  type Headroom,
  type Limit,
} from './limits.ts';

/** How much room an address space has: why mmap, brk or a deeper stack would fail. docs/room.md says more. */
export interface Room {
  /** One mmap of private writable memory, as malloc makes it, without an address. */
  readonly mapping: Headroom & {readonly holes: number; readonly free: number; readonly largest: Hole | undefined};
  /** One mmap without access (PROT_NONE): addresses alone. */
  readonly reserving: Headroom;
  /** The brk area, until the next region. */
  readonly brk: (Headroom & {readonly end: number; readonly next: Region | undefined}) | undefined;
  /** The main thread's stack. */
  readonly stack: (Headroom & {readonly start: number; readonly below: Region | undefined}) | undefined;
  /** The number of regions. */
  readonly regions: Headroom;
  /** Memory locked into RAM: VmLck. */
  readonly locked: Headroom | undefined;
  /** Memory that may be touched: what is charged to the cgroup. Mapping isn't charged. */
  readonly touching: Headroom;
  readonly arenas: readonly Arena[];
  /** Private writable memory without a file: what was asked for, and what of it is resident. */
  readonly writable: {readonly size: number; readonly rss: number | undefined};
}

export function roomOf(snapshot: Snapshot): Room {
  const {table, clues} = snapshot;
  const count = countInUserSpace(table);
  const isFull = mapCountExceeded(snapshot, count);
  const locked = bytes(snapshot, 'vmLck');
  const cgroup = headroom(undefined, cgroupLimits(clues.cgroup));
  return {
    ...mappingRoom(snapshot, isFull),
    brk: brkRoom(snapshot, isFull),
    stack: stackRoom(snapshot),
    regions: headroom(count, [mapCountLimit(snapshot, count)]),
    locked: locked === undefined ? undefined : headroom(locked, [lockLimit(snapshot)]),
    touching: {...cgroup, used: cgroup.binding?.used},
    // The line below a table of regions does without these two.
    get arenas() {
      return arenasOf(table);
    },
    get writable() {
      return writableOf(table);
    },
  };
}

function mappingRoom(snapshot: Snapshot, isFull: readonly Limit[]): Pick<Room, 'mapping' | 'reserving'> {
  const {table, clues, totals} = snapshot;
  const pageSize = pageSizeOf(snapshot);
  const {count, free, largest} = holesIn(table, pageSize, clues.machine);
  const used = bytes(snapshot, 'vmSize') ?? totals.size;
  const always = [...isFull, addressSpaceLimit(snapshot), holeLimit(snapshot, largest, userSpaceEnd(table, pageSize))];
  return {
    mapping: {
      ...headroom(used, there([...always, dataLimit(snapshot), overcommitLimit(snapshot)])),
      holes: count,
      free,
      largest,
    },
    reserving: headroom(used, always),
  };
}

/**
 * brk(2) needs a free page after the new end, and the gap below a stack (mm/mmap.c). Where the area is empty no region
 * shows it, and only stat says where it would begin.
 */
function brkRoom(snapshot: Snapshot, isFull: readonly Limit[]): Room['brk'] {
  const {table, clues, process} = snapshot;
  const pageSize = pageSizeOf(snapshot);
  const heap = table.rowsNamed('[heap]').map((row) => table.at(row));
  const mark = clues.marks?.startBrk ?? Number(process.startBrk ?? 0);
  const start = mark > 1 ? mark : heap[0]?.start;
  if (start === undefined) return undefined;
  const end = heap.at(-1)?.end ?? Math.ceil(start / pageSize) * pageSize;
  const next = firstFrom(table, end);
  const gap = next && growsDown(next) ? stackGap(pageSize, clues.machine) : 0;
  const stop = next ? next.start - gap : userSpaceEnd(table, pageSize);
  const used = heap.reduce((sum, region) => sum + sizeOf(region), 0);
  const limits = [
    ...isFull,
    addressSpaceLimit(snapshot),
    dataLimit(snapshot),
    brkDataLimit(snapshot, end),
    overcommitLimit(snapshot),
    addressLimit(end, stop - pageSize),
  ];
  return {...headroom(used, there(limits)), end, next};
}

/**
 * The stack grows when an address below it is touched: expand_downwards() and acct_stack_growth(), mm/mmap.c. It may
 * grow right up to memory without access and to another stack; from other regions it keeps its distance. Where mprotect
 * has cut it, the lowest piece grows, and RLIMIT_STACK counts from the end of that.
 */
function stackRoom(snapshot: Snapshot): Room['stack'] {
  const {table, clues} = snapshot;
  const at = (row: number): Region | undefined => (row < 0 ? undefined : table.at(row));
  let [row] = table.rowsNamed('[stack]');
  if (row === undefined) return undefined;
  while (isPieceBelow(at(row - 1), table.at(row))) row--;
  const [stack, below] = [table.at(row), at(row - 1)];
  const needsGap = below && !hasNoAccess(below) && !growsDown(below);
  const gap = needsGap ? stackGap(pageSizeOf(snapshot), clues.machine) : 0;
  const size = sizeOf(stack);
  const commit = overcommitLimit(snapshot);
  const limits = [
    addressSpaceLimit(snapshot),
    stackLimit(snapshot, size),
    stack.flags?.includes('lo') && lockLimit(snapshot),
    // One touch asks for what it adds alone, so that mode 0 is not a limit.
    commit.mode === 0 ? undefined : commit,
    addressLimit(Math.max((below?.end ?? 0) + gap, lowest(snapshot)), stack.start),
  ];
  return {...headroom(size, there(limits)), start: stack.start, below};
}

/** The first region of the process itself that begins at an address or above it. */
function firstFrom(table: Regions, address: number): Region | undefined {
  let row = firstWhere((each) => table.start[each]! >= address, table.length);
  while (row < table.length && !isInUserSpace(table.at(row))) row++;
  return row < table.length ? table.at(row) : undefined;
}

const isPieceBelow = (below: Region | undefined, region: Region): boolean =>
  below !== undefined && below.end === region.start && growsDown(below);

const there = (limits: ReadonlyArray<Limit | undefined | false>): Limit[] =>
  limits.filter((limit): limit is Limit => limit !== undefined && limit !== false);
