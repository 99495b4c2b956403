import {
  groupedBy,
  type Grouping,
  GROUPINGS,
  type GroupRow,
  type ProcessRow,
  sumOf,
} from '../../model/host/processes.ts';
import type {Host} from '../../procfs/host/host.ts';

/** What is known of the processes of a machine in one sample. The next one makes a new picture, and leaves this one. */
export interface TopPicture {
  readonly host: Host;
  /** Resident memory of each process in the latest samples that had it, the newest last: bytes, by `keyOf`. */
  readonly series: ReadonlyMap<string, readonly number[]>;
  /** The same sums of all, and of groups, the newest last. */
  readonly moments: readonly Moment[];
  /** Resident memory at the first sample. */
  readonly base: Base;
  /** Samples after the first. */
  readonly tick: number;
  /** ms since the first sample. */
  readonly ms: number;
  /** Processes that were not there in the sample before, and that were there then and no longer. */
  readonly came: number;
  readonly went: number;
}

/** Bytes. */
interface Moment {
  /** undefined: not known of any process. */
  readonly pss: number | undefined;
  /** Which processes it is not known of: the same text stands for the same ones. */
  readonly without: string;
  readonly available: number | undefined;
  readonly groups: Groups;
}

/** Resident memory by group, for each way to group. */
type Groups = Readonly<Record<Grouping, ReadonlyMap<string | undefined, number>>>;

interface Base {
  readonly processes: ReadonlyMap<string, number>;
  readonly groups: Groups;
}

/** At most this many samples are kept for the sparklines. */
const MOST_MOMENTS = 60;

/** Which process a row is of: a PID may be that of another one later. */
export const keyOf = ({pid, startTime}: ProcessRow): string => `${pid} ${startTime ?? ''}`;

/** @param before the sample before; undefined: there was none @param ms since the first one */
export function nextPicture(before: TopPicture | undefined, host: Host, ms: number): TopPicture {
  const groups = groupsOf(host.rows);
  const series = new Map<string, readonly number[]>();
  for (const row of host.rows) {
    const earlier = before?.series.get(keyOf(row)) ?? [];
    series.set(keyOf(row), [...earlier.slice(1 - MOST_MOMENTS), row.rss ?? 0]);
  }
  const moment = {
    pss: sumOf(host.rows).pss,
    without: withoutText(host.rows.filter(({unread}) => unread !== undefined)),
    available: host.memory.available,
    groups,
  };
  const old = before ? [...before.series.keys()] : [];
  return {
    host,
    series,
    moments: [...(before?.moments ?? []).slice(1 - MOST_MOMENTS), moment],
    base: before?.base ?? {processes: new Map(host.rows.map((row) => [keyOf(row), row.rss ?? 0])), groups},
    tick: before ? before.tick + 1 : 0,
    ms,
    came: before ? [...series.keys()].filter((key) => !before.series.has(key)).length : 0,
    went: old.filter((key) => !series.has(key)).length,
  };
}

/** Short, since there may be thousands of them. */
const withoutText = (rows: readonly ProcessRow[]): string =>
  `${rows.length} ${rows.reduce((sum, {pid}) => sum + pid, 0)} ${rows.reduce((sum, {pid}) => sum + pid * pid, 0)}`;

function groupsOf(rows: readonly ProcessRow[]): Groups {
  const groups = Object.fromEntries(
    GROUPINGS.filter((by) => by !== 'process').map((by) => [by, new Map<string | undefined, number>()]),
  ) as Record<Grouping, Map<string | undefined, number>>;
  for (const by of Object.keys(groups) as Grouping[])
    for (const row of rows) groups[by].set(row[by], (groups[by].get(row[by]) ?? 0) + (row.rss ?? 0));
  return groups;
}

/** A process, or a group of them, as it can be shown. */
export interface Item {
  readonly row: ProcessRow | GroupRow;
  /** Stays the same from sample to sample. */
  readonly key: string;
  /** By how much resident memory grew since the first sample. What was not there then had nothing: bytes. */
  readonly growth: number;
  /** It was not there then. */
  readonly isNew: boolean;
}

/** Processes as items. */
export const itemsOf = (picture: TopPicture, rows: readonly ProcessRow[]): Item[] =>
  rows.map((row) => {
    const key = keyOf(row);
    const base = picture.base.processes.get(key);
    return {row, key, growth: (row.rss ?? 0) - (base ?? 0), isNew: base === undefined};
  });

/** Groups as items. Members that have ended are in what a group had at first, so that the growth of all adds up. */
export const groupItems = (picture: TopPicture, rows: readonly ProcessRow[], by: Grouping): Item[] =>
  groupedBy(rows, by).map((row) => {
    const base = picture.base.groups[by].get(row.group);
    return {
      row,
      // A name may be empty, and that is not the group of those without one.
      key: row.group === undefined ? by : `${by} ${row.group}`,
      growth: (row.rss ?? 0) - (base ?? 0),
      isNew: base === undefined,
    };
  });

/** What a sparkline of an item is made of: bytes, the newest last. */
export function seriesOf(picture: TopPicture, {row, key}: Item, by: Grouping | undefined): readonly number[] {
  if (by === undefined || !('members' in row)) return picture.series.get(key) ?? [];
  return picture.moments.map(({groups}) => groups[by].get(row.group) ?? 0);
}
