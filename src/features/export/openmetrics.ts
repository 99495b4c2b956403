import type {Kind} from '../../model/kind.ts';
import type {KindSeries} from '../report/series.ts';
import {wallClock, type Exported} from './exported.ts';

type Measure = Exclude<keyof KindSeries, 'kind'>;

const FAMILIES: ReadonlyArray<readonly [Measure, string, string, string]> = [
  ['regions', 'memmap_regions', '', 'Regions of the process by kind of memory.'],
  ['size', 'memmap_size_bytes', 'bytes', 'Address space of the process by kind of memory.'],
  ['rss', 'memmap_resident_bytes', 'bytes', 'Resident memory by kind; shared pages count in full.'],
  ['pss', 'memmap_pss_bytes', 'bytes', 'Resident memory by kind; a page that n processes map counts as 1/n.'],
  [
    'privateDirty',
    'memmap_private_dirty_bytes',
    'bytes',
    'Memory by kind that only this process has and that cannot be dropped.',
  ],
  ['swap', 'memmap_swap_bytes', 'bytes', 'Swapped memory by kind.'],
];

/**
 * OpenMetrics text (version 1.0) with timestamps, for a backfill: `promtool tsdb create-blocks-from openmetrics FILE`.
 * One gauge for each measure, labelled with process, pid and kind; its samples ascend in time for each kind, as the
 * format requires.
 */
export function* openmetrics(exported: Exported): Generator<string> {
  const {series} = exported;
  const {comm = '', pid = ''} = exported.process;
  for (const [measure, name, unit, help] of FAMILIES) {
    const looks = measure === 'regions' || measure === 'size' ? series.times.map((_, look) => look) : series.usageAt;
    if (looks.length === 0) continue;
    yield `# TYPE ${name} gauge\n${unit === '' ? '' : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${help}\n`;
    for (const kind of series.kinds) {
      const labels = labelsOf({process: comm, pid: String(pid), kind: kind.kind});
      let last = -Infinity;
      for (const [at, look] of looks.entries()) {
        const time = wallClock(exported, look);
        // A mark may be a look of its own in the same millisecond; a series has one value at a time.
        if (time > last) yield `${name}${labels} ${kind[measure][at]} ${(time / 1000).toFixed(3)}\n`;
        last = time;
      }
    }
  }
  yield '# EOF\n';
}

const labelsOf = (labels: Readonly<Record<'process' | 'pid', string>> & {readonly kind: Kind}): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`;

/** A label's value may hold anything; backslash, quote and line break are written as two characters. */
const escaped = (value: string): string =>
  value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replace(/[\ud800-\udfff]/gu, '\ufffd');
