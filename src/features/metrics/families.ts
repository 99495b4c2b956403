import {type Group, tightest} from '../../model/group/group.ts';
import {type ProcessRow, UNREAD, unreadOf} from '../../model/host/processes.ts';
import {MEASURES} from '../../model/measures.ts';
import type {Host} from '../../procfs/host/host.ts';
import type {Family, Labels, Sample} from './family.ts';
import {cgroupOf, type MetricGroup} from './groups.ts';

/** The measures of a group, each the sum over its members. */
const MEASURED = [
  'pss',
  'pssAnon',
  'pssFile',
  'pssShmem',
  'rss',
  'privateDirty',
  'swap',
  'size',
  'regions',
  'threads',
] as const satisfies ReadonlyArray<keyof ProcessRow>;

const SINGULAR: Partial<Record<(typeof MEASURED)[number], string>> = {regions: 'region', threads: 'thread'};

/** What reading cost, since counting began. */
export interface Cost {
  /** ms for which all processes together were held up. */
  readonly stallMs: number;
}

/** What is said of the machine: what reading cost, and what could not be read. */
export function hostFamilies(host: Host, cost: Cost, version: string, at: number): Family[] {
  const unread = unreadOf(host.rows);
  const reasons = UNREAD.map((reason) => sample(unread[reason] ?? 0, {reason}));
  // Where /proc hides others nobody knows how many there are.
  const hidden = host.isHiding ? [] : [sample(host.hidden, {reason: 'hidden'})];
  return [
    family('memmap_build_info', 'info', 'The version of memmap that wrote this.', [sample(1, {version})]),
    family('memmap_last_collection_timestamp_seconds', 'seconds', 'When this was written, seconds since 1970.', [
      sample(seconds(at)),
    ]),
    family('memmap_collection_duration_seconds', 'seconds', 'How long reading all of this took.', [
      sample(seconds(host.ms)),
    ]),
    counter('memmap_stall_seconds_total', 'seconds', 'For how long reading held up all processes together.', [
      sample(seconds(cost.stallMs)),
    ]),
    family('memmap_longest_stall_seconds', 'seconds', 'For how long reading held up one process at most, this time.', [
      sample(seconds(host.longestMs)),
    ]),
    counted('memmap_unread_processes', 'process', 'Processes whose PSS is not known, by reason.', [
      ...reasons,
      ...hidden,
    ]),
    family(
      'memmap_proc_hides_processes',
      'info',
      '1 where /proc is mounted with hidepid, so that processes of other users are not listed.',
      [sample(Number(host.isHiding))],
    ),
    {
      name: 'memmap_max_map_count',
      type: 'untyped',
      unit: 'count',
      of: 'region',
      help: 'Regions that one process may have: vm.max_map_count.',
      samples: host.maxMapCount === undefined ? [] : [sample(host.maxMapCount)],
    },
  ];
}

/**
 * What is said of each group. A sum is over the members of which it is known; where it is known of none there is no
 * sample.
 *
 * @param charged what the kernel says of a cgroup
 */
export function groupFamilies(
  groups: readonly MetricGroup[],
  host: Host,
  charged: (path: string) => Group | undefined,
): Family[] {
  const labelled = groups.map((group) => ({...group, labels: labelsOf(group)}));
  const each = (value: (members: readonly ProcessRow[]) => number | undefined): Sample[] =>
    labelled.flatMap(({members, labels}) => known(value(members), labels));
  const cgroups = labelled.flatMap((group) => {
    const path = cgroupOf(group);
    const found = path === undefined ? undefined : charged(path);
    return found ? [{...found, labels: group.labels}] : [];
  });
  const ofCgroup = (value: (group: Group) => number | null | undefined): Sample[] =>
    cgroups.flatMap((group) => known(value(group), group.labels));
  return [
    ...MEASURED.map((key): Family => {
      const {metric, unit} = MEASURES[key];
      const of = SINGULAR[key];
      const samples = each((members) => sumOf(members.map((row) => row[key])));
      return {...metric, unit, ...(of !== undefined && {of}), samples};
    }),
    counted(
      'memmap_processes',
      'process',
      'Processes of the group.',
      each((members) => members.length),
    ),
    counted(
      'memmap_process_regions_max',
      'region',
      'Regions of that process of the group that has most.',
      each((members) => largest(members.map(({regions}) => regions))),
    ),
    family(
      'memmap_sample_age_seconds',
      'seconds',
      'How old the oldest PSS is that is in the sums of the group.',
      each((members) => largest(members.map(({readAt}) => readAt && seconds(Math.max(0, host.now - readAt))))),
    ),
    counted(
      'memmap_group_unread_processes',
      'process',
      'Processes of the group that the sums of PSS, private dirty and regions lack.',
      each((members) => members.filter(isUnread).length),
    ),
    family(
      'memmap_group_unread_rss_bytes',
      'bytes',
      'Resident memory of these processes: the sum of PSS lacks that much at most.',
      each((members) => members.filter(isUnread).reduce((sum, {rss}) => sum + (rss ?? 0), 0)),
    ),
    family(
      'memmap_pss_doubt_bytes',
      'bytes',
      'By how much PSS may be higher without memmap, which maps pages of the group while it reads.',
      each((members) => sumOf(members.map(doubtOf))),
    ),
    family('memmap_cgroup_usage_bytes', 'bytes', 'Memory that is charged to the cgroup.', ofCgroup(usageOf)),
    family(
      'memmap_cgroup_limit_bytes',
      'bytes',
      'The limit of the cgroup itself, where it has one.',
      ofCgroup(limitOf),
    ),
    family(
      'memmap_cgroup_headroom_bytes',
      'bytes',
      'What the limits leave: of the cgroup and of those above it, the one that leaves least.',
      ofCgroup(({limits}) => tightest(limits)?.left),
    ),
    counter(
      'memmap_cgroup_oom_kills_total',
      'count',
      'Processes of the cgroup that the kernel killed for want of memory.',
      ofCgroup(({events}) => events.oomKill),
    ),
  ].filter(({samples}) => samples.length > 0);
}

const usageOf = ({usage}: Group): number => usage;
const limitOf = ({limit}: Group): number | null | undefined => limit;

const isUnread = ({unread}: ProcessRow): boolean => unread !== undefined;

/** A Node whose pages memmap maps too, where the kernel tells nobody how often: undefined for all others. */
const doubtOf = ({pss, observed}: ProcessRow): number | undefined =>
  observed && pss !== undefined ? Math.max(0, observed.most - pss) : undefined;

const labelsOf = ({by, name, pid}: MetricGroup): Labels => ({
  group: name,
  by,
  ...(pid !== undefined && {pid: String(pid)}),
});

const known = (value: number | null | undefined, labels: Labels): Sample[] =>
  value === undefined || value === null ? [] : [{labels, value}];

function sumOf(values: ReadonlyArray<number | undefined>): number | undefined {
  let sum: number | undefined;
  for (const value of values) if (value !== undefined) sum = (sum ?? 0) + value;
  return sum;
}

function largest(values: ReadonlyArray<number | undefined>): number | undefined {
  let most: number | undefined;
  for (const value of values) if (value !== undefined) most = Math.max(most ?? value, value);
  return most;
}

/** To the microsecond: more digits would be noise. */
const seconds = (ms: number): number => Math.round(ms * 1000) / 1e6;

const sample = (value: number, labels: Labels = {}): Sample => ({labels, value});

type Unit = Family['unit'];

const family = (name: string, unit: Unit, help: string, samples: readonly Sample[]): Family => ({
  name,
  type: 'gauge',
  unit,
  help,
  samples,
});

const counter = (name: string, unit: Unit, help: string, samples: readonly Sample[]): Family => ({
  ...family(name, unit, help, samples),
  type: 'counter',
});

const counted = (name: string, of: string, help: string, samples: readonly Sample[]): Family => ({
  ...family(name, 'count', help, samples),
  of,
});
