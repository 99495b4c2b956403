import {COUNTERS} from '../report/series.ts';
import {readingsOf, wallClock, type Exported} from './exported.ts';

const COLUMNS = ['time', 'ms', 'kind', 'regions', 'size', 'rss', 'pss', 'private_dirty', 'swap'];

/**
 * CSV as defined by RFC 4180: a row for each kind of memory at each look, in bytes, with the time as ISO 8601 and as ms
 * since the beginning. A counter that was not read at a look is empty: it is not zero. It contains no name from
 * outside, so no cell can be taken for a formula.
 */
export function* csv(exported: Exported): Generator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  const {series} = exported;
  const readings = readingsOf(series);
  for (const [look, ms] of series.times.entries()) {
    const time = new Date(wallClock(exported, look)).toISOString();
    const reading = readings[look]!;
    for (const kind of series.kinds) {
      const counters = COUNTERS.map((counter) => (reading < 0 ? '' : kind[counter][reading]));
      yield `${[time, ms, kind.kind, kind.regions[look], kind.size[look], ...counters].join(',')}\r\n`;
    }
  }
}
