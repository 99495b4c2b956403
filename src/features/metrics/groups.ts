import {type Grouping, type ProcessRow, weightOf} from '../../model/host/processes.ts';
import {pathNamed} from '../../parse/proc/cgroup-path.ts';
import {safe} from '../../text/safe.ts';

/** What processes are added up by: `auto` is the container, else the unit, else the name. */
export const METRIC_GROUPINGS = ['auto', 'unit', 'container', 'name', 'user', 'cgroup', 'process'] as const;

export type MetricGrouping = (typeof METRIC_GROUPINGS)[number];

/** Processes whose memory is one series of each metric. */
export interface MetricGroup {
  /** What they have in common; `rest` is what there was no series for. */
  readonly by: Grouping | 'process' | 'rest';
  /** Without what a terminal obeys; '' where they belong to nothing. */
  readonly name: string;
  /** Where the process itself was asked for. */
  readonly pid?: number;
  readonly members: readonly ProcessRow[];
}

/**
 * Processes in groups, in the order of their names. Each is in one of them, so that the groups add up.
 *
 * @param most groups at most: what has least memory beyond that is one more group, since each name is a time series in
 * the database, and any user can give a process any name
 */
export function metricGroups(rows: readonly ProcessRow[], by: MetricGrouping, most: number): MetricGroup[] {
  const groups = new Map<string, MetricGroup & {readonly members: ProcessRow[]}>();
  for (const row of rows) {
    const name = nameOf(row, by);
    const key = JSON.stringify(Object.values(name));
    const group = groups.get(key);
    if (group) group.members.push(row);
    else groups.set(key, {...name, members: [row]});
  }
  const all = [...groups.values()];
  if (all.length <= most) return all.toSorted(inOrder);
  const weights = new Map(all.map((group) => [group, sumOfWeights(group)]));
  const sorted = all.toSorted((a, b) => weights.get(b)! - weights.get(a)! || inOrder(a, b));
  const rest = sorted.slice(most).flatMap(({members}) => members);
  return [...sorted.slice(0, most).toSorted(inOrder), {by: 'rest', name: '', members: rest}];
}

function nameOf(row: ProcessRow, by: MetricGrouping): Pick<MetricGroup, 'by' | 'name' | 'pid'> {
  if (by === 'process') return {by, name: safe(row.name), pid: row.pid};
  if (by !== 'auto') return {by, name: safe(row[by] ?? '')};
  const first = (['container', 'unit'] as const).find((key) => row[key] !== undefined) ?? 'name';
  return {by: first, name: safe(row[first]!)};
}

const sumOfWeights = ({members}: MetricGroup): number => members.reduce((sum, row) => sum + weightOf(row, 'pss'), 0);

function inOrder(a: MetricGroup, b: MetricGroup): number {
  if (a.by !== b.by) return a.by < b.by ? -1 : 1;
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return (a.pid ?? 0) - (b.pid ?? 0);
}

/**
 * The cgroup that a group is.
 *
 * @returns undefined where it is none, or more than one: a unit of the same name may run for each of several users
 */
export function cgroupOf({by, members}: MetricGroup): string | undefined {
  if (by !== 'unit' && by !== 'container' && by !== 'cgroup') return undefined;
  const [path, ...others] = new Set(members.map((row) => pathOf(row, by)));
  return others.length === 0 && path !== undefined ? path : undefined;
}

function pathOf(row: ProcessRow, by: 'unit' | 'container' | 'cgroup'): string | undefined {
  const {cgroup} = row;
  const id = row[by];
  if (cgroup === undefined || id === undefined || by === 'cgroup') return cgroup;
  return pathNamed(cgroup, by, id);
}
