import {type Descriptors, type Held, heldTogether, isComplete} from './descriptors.ts';

/**
 * Why the counters of a process were not read:
 * denied    not permitted
 * stall     one reading would hold it up for longer than is allowed
 * budget    the time for which all processes together may be held up is used up
 * blocked   a thread of it is in uninterruptible sleep, and reading may wait for it
 * deadline  the reading took too long, or failed otherwise
 */
export const UNREAD = ['denied', 'stall', 'budget', 'blocked', 'deadline'] as const;

export type Unread = (typeof UNREAD)[number];

/** What a row has of memory: sums of it for several processes. Bytes; undefined: not read. */
export interface Amounts {
  readonly threads: number;
  readonly regions?: number | undefined;
  readonly size?: number | undefined;
  readonly rss?: number | undefined;
  readonly pss?: number | undefined;
  readonly privateDirty?: number | undefined;
  readonly swap?: number | undefined;
  /** What descriptors hold and none of the processes maps. */
  readonly held?: number | undefined;
  /** What GPUs have resident for them. */
  readonly gpu?: number | undefined;
}

/** What the descriptors of a process hold, and the keys of the files without a name that it maps: mappedKey(). */
export interface Holds {
  readonly descriptors: Descriptors;
  readonly mapped: ReadonlySet<string>;
}

/** One process in a list of many. */
export interface ProcessRow extends Amounts {
  readonly pid: number;
  /** comm: 15 bytes at most. */
  readonly name: string;
  /** The command line, its words joined by blanks; undefined where it has none, or it could not be read. */
  readonly title?: string | undefined;
  /** The name of its effective user, or the number. */
  readonly user: string;
  readonly unit?: string | undefined;
  readonly container?: string | undefined;
  /** The path of the cgroup that its memory is charged to. */
  readonly cgroup?: string | undefined;
  /** ms, by the clock of whoever reads. */
  readonly readAt?: number | undefined;
  readonly unread?: Unread | undefined;
  /** Why the counters were not read now, where those of an earlier reading stand in their place: readAt says when. */
  readonly late?: Unread | undefined;
  /** When the process began: clock ticks after boot. With the PID it says which process it is. */
  readonly startTime?: number | undefined;
  /** null: not known; absent where nobody asked. */
  readonly holds?: Holds | null | undefined;
  /** The parts of PSS in pages without a file, of files, and of shared memory: bytes. Linux 5.3 and later. */
  readonly pssAnon?: number | undefined;
  readonly pssFile?: number | undefined;
  readonly pssShmem?: number | undefined;
  /** Where memmap maps the same pages: the PSS that the kernel printed, and the most that it can be without memmap. */
  readonly observed?: {readonly kernel: number; readonly most: number} | undefined;
}

/** Several processes as one row. */
export interface GroupRow extends Amounts {
  /** What they have in common; undefined: nothing, such as no container. */
  readonly group: string | undefined;
  readonly members: readonly ProcessRow[];
  /** What all of them have in common; undefined where they differ. */
  readonly user?: string | undefined;
  readonly unit?: string | undefined;
  readonly container?: string | undefined;
  readonly cgroup?: string | undefined;
}

/** What rows can be added up by. */
export const GROUPINGS = ['process', 'name', 'user', 'unit', 'container', 'cgroup'] as const;

export type Grouping = Exclude<(typeof GROUPINGS)[number], 'process'>;

const AMOUNTS = ['regions', 'size', 'rss', 'pss', 'privateDirty', 'swap'] as const;

/** Adds up what was read; undefined where it was read of none. */
export function sumOf(rows: readonly Amounts[]): Amounts {
  const sum: Record<string, number | undefined> = {};
  for (const key of AMOUNTS) for (const row of rows) if (row[key] !== undefined) sum[key] = (sum[key] ?? 0) + row[key];
  const held = heldByAll(membersOf(rows));
  return {
    ...sum,
    threads: rows.reduce((threads, row) => threads + row.threads, 0),
    ...(held && {held: held.unmapped, gpu: sumOfGpu(held)}),
  };
}

const membersOf = (rows: readonly Amounts[]): ProcessRow[] =>
  rows.flatMap((row) => ('members' in row ? (row as GroupRow).members : [row as ProcessRow]));

/** What several processes hold together: each file and each client of a GPU once. */
interface HeldByAll extends Held {
  /** Were all descriptors of all of them looked at? Else the sums are lower bounds. */
  readonly isComplete: boolean;
  /** Is it known of each of them what it maps? */
  readonly isMappingKnown: boolean;
}

/** @returns undefined where it isn't known of any */
export function heldByAll(rows: readonly ProcessRow[]): HeldByAll | undefined {
  const known = rows.flatMap(({holds}) => holds ?? []);
  if (known.length === 0) return undefined;
  const mapped = new Set(known.flatMap((each) => [...each.mapped]));
  const held = heldTogether(
    known.map(({descriptors}) => descriptors),
    (key) => mapped.has(key),
  );
  const isMappingKnown = known.length === rows.length;
  return {
    ...held,
    isMappingKnown,
    isComplete: isMappingKnown && known.every(({descriptors}) => isComplete(descriptors)),
  };
}

const sumOfGpu = ({gpu}: Held): number => Object.values(gpu).reduce((sum, bytes) => sum + bytes, 0);

/** The same row, with what its descriptors hold. */
export const withHeld = (row: ProcessRow, holds: Holds | null): ProcessRow => {
  const held = heldByAll([{...row, holds}]);
  return {...row, holds, ...(held && {held: held.unmapped, gpu: sumOfGpu(held)})};
};

/** Processes by what they have in common. Each is in one group, so that the groups add up. */
export function groupedBy(rows: readonly ProcessRow[], by: Grouping): GroupRow[] {
  const groups = new Map<string | undefined, ProcessRow[]>();
  for (const row of rows) {
    const members = groups.get(row[by]);
    if (members) members.push(row);
    else groups.set(row[by], [row]);
  }
  return [...groups].map(([group, members]) => ({
    group,
    members,
    ...Object.fromEntries((['user', 'unit', 'container', 'cgroup'] as const).map((key) => [key, common(members, key)])),
    ...sumOf(members),
  }));
}

function common(rows: readonly ProcessRow[], key: Grouping): string | undefined {
  const first = rows[0]![key];
  return rows.every((row) => row[key] === first) ? first : undefined;
}

/** What rows can be sorted by: the measures largest first, the others ascending. */
export const ROW_KEYS = ['pss', 'rss', 'privateDirty', 'swap', 'size', 'regions', 'threads'] as const;
export const NAME_KEYS = ['pid', 'name', 'user'] as const;

export type RowKey = (typeof ROW_KEYS)[number];
export type NameKey = (typeof NAME_KEYS)[number];

/**
 * How much a row has of a measure, for order and for --min-size. PSS and private dirty that were not read are at most
 * the RSS, and the row stands there: who was not read isn't small.
 */
export function weightOf(row: Amounts, key: RowKey): number {
  if (key !== 'pss' && key !== 'privateDirty') return row[key] ?? 0;
  const members = 'members' in row ? (row as GroupRow).members : [row];
  return members.reduce((sum, each) => sum + (each[key] ?? each.rss ?? 0), 0);
}

/** How many processes could not be read, by reason. */
export function unreadOf(rows: readonly ProcessRow[]): Partial<Record<Unread, number>> {
  const counts: Partial<Record<Unread, number>> = {};
  for (const {unread} of rows) if (unread) counts[unread] = (counts[unread] ?? 0) + 1;
  return counts;
}

/** A row of `memmap.ps/1`. @param now ms, by the same clock as readAt */
export function rowJSON(row: ProcessRow | GroupRow, now: number): Record<string, unknown> {
  const members = 'members' in row ? row.members : [row];
  const unread = members.filter((each) => each.unread);
  const late = members.filter((each) => each.late);
  const read = members.flatMap(({readAt}) => (readAt === undefined ? [] : [readAt]));
  const {user = null, unit, container, cgroup = null} = row;
  return {
    ...('members' in row ? {group: row.group ?? null, name: row.group ?? ''} : {pid: row.pid, name: row.name}),
    ...('members' in row ? {} : {title: row.title}),
    user,
    unit,
    container,
    cgroup,
    processes: members.length,
    threads: row.threads,
    ...Object.fromEntries(AMOUNTS.map((key) => [key, row[key] ?? null])),
    age: read.length === 0 ? null : Math.max(0, Math.round(now - Math.min(...read))),
    unread: unread[0]?.unread ?? null,
    ...(late.length > 0 && {late: late[0]!.late}),
    ...('members' in row && {unreadProcesses: unread.length}),
    ...heldJSON(members),
    ...('observed' in row && row.observed && {observer: row.observed}),
  };
}

/** Of rows whose descriptors were asked for. */
function heldJSON(members: readonly ProcessRow[]): Record<string, unknown> {
  if (members.every(({holds}) => holds === undefined)) return {};
  const held = heldByAll(members);
  return {
    held: held?.unmapped ?? null,
    heldMapped: held?.mapped ?? null,
    gpu: held ? sumOfGpu(held) : null,
    heldComplete: held?.isComplete ?? false,
  };
}
