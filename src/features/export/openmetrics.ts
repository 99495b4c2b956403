import {MEASURES} from '../../model/measures.ts';
import {COUNTERS} from '../../history/curves.ts';
import {labelsText} from '../../text/exposition.ts';
import {wallClock, type Exported} from './exported.ts';

/**
 * OpenMetrics text (version 1.0) with timestamps, for a backfill: `promtool tsdb create-blocks-from openmetrics FILE`.
 * One gauge for each measure, labelled with process, pid and kind; its samples ascend in time for each kind, as the
 * format requires.
 */
export function* openmetrics(exported: Exported): Generator<string> {
  const {curves} = exported;
  const {comm = '', pid = ''} = exported.process;
  for (const measure of ['regions', 'size', ...COUNTERS] as const) {
    const {listings, unit, metric} = MEASURES[measure];
    const {type, name, help} = metric;
    const looks = listings.includes('maps') ? curves.times.map((_, look) => look) : curves.usageAt;
    if (looks.length === 0) continue;
    yield `# TYPE ${name} ${type}\n${unit === 'count' ? '' : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${help}\n`;
    for (const kind of curves.kinds) {
      const labels = labelsText({process: comm, pid: String(pid), kind: kind.kind});
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
