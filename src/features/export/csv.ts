import {COUNTERS} from '../../history/curves.ts';
import {readingsOf, wallClock, type Exported} from './exported.ts';

const COLUMNS = ['time', 'ms', 'kind', 'regions', 'size', ...COUNTERS];

/**
 * CSV as defined by RFC 4180: a row for each kind of memory at each look, in bytes, with the time as ISO 8601 and as ms
 * since the beginning. A counter that was not read at a look is empty: it is not zero. It contains no name from
 * outside, so no cell can be taken for a formula.
 */
export function* csv(exported: Exported): Generator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  const {curves} = exported;
  const readings = readingsOf(curves);
  for (const [look, ms] of curves.times.entries()) {
    const time = new Date(wallClock(exported, look)).toISOString();
    const reading = readings[look]!;
    for (const kind of curves.kinds) {
      const counters = COUNTERS.map((counter) => (reading < 0 ? '' : kind[counter][reading]));
      yield `${[time, ms, kind.kind, kind.regions[look], kind.size[look], ...counters].join(',')}\r\n`;
    }
  }
}
