import type {Family, Labels} from '../family.ts';

/** What OpenTelemetry calls a metric, and what kind it is. */
export interface Named {
  readonly name: string;
  /** UCUM: `By`, `s`, `{region}`; "" for a number that is neither an amount nor a count. */
  readonly unit: string;
  /** A sum that may go down (UpDownCounter), one that may not (Counter), or neither. */
  readonly kind: 'gauge' | 'sum' | 'counter';
}

/**
 * Names of the semantic conventions, where they mean the same of the same thing: the measures of a process, and of a
 * container. https://opentelemetry.io/docs/specs/semconv/system/process-metrics/ and container-metrics/
 */
const CONVENTIONS: ReadonlyArray<Named & {readonly family: string; readonly by: string}> = [
  {family: 'memmap_rss_bytes', by: 'process', name: 'process.memory.usage', unit: 'By', kind: 'sum'},
  {family: 'memmap_size_bytes', by: 'process', name: 'process.memory.virtual', unit: 'By', kind: 'sum'},
  {family: 'memmap_threads', by: 'process', name: 'process.thread.count', unit: '{thread}', kind: 'sum'},
  {family: 'memmap_cgroup_usage_bytes', by: 'container', name: 'container.memory.usage', unit: 'By', kind: 'sum'},
];

/** @param by what the process was added up by */
export function nameOf(family: Family, by: string | undefined): Named {
  const convention = CONVENTIONS.find((row) => row.family === family.name && row.by === by);
  if (convention) return convention;
  // OpenTelemetry's names have no units, and a unit comes back as a suffix where they become Prometheus' names.
  const name = family.name.replace(/^memmap_/, 'memmap.').replace(/(_bytes|_seconds)?(_total)?$/, '');
  return {name, unit: unitOf(family), kind: family.type === 'counter' ? 'counter' : 'gauge'};
}

function unitOf({unit, of}: Family): string {
  if (unit === 'bytes') return 'By';
  if (unit === 'seconds') return 's';
  // Not "1": Prometheus' names of such gauges end in _ratio (opentelemetry.io, Prometheus compatibility).
  return unit === 'count' && of !== undefined ? `{${of}}` : '';
}

/** The attributes of a sample: ours, and those of the semantic conventions that say the same. */
export function attributesOf({group, by, pid, reason, version}: Labels): Array<[name: string, value: string | number]> {
  const all: Array<[string, string | number | undefined]> = [
    ['memmap.group', group],
    ['memmap.by', by],
    ['container.id', by === 'container' ? group : undefined],
    ['process.pid', pid === undefined ? undefined : Number(pid)],
    ['memmap.reason', reason],
    ['memmap.version', version],
  ];
  return all.filter((each): each is [string, string | number] => each[1] !== undefined);
}
