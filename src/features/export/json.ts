import {COUNTERS} from '../../history/curves.ts';
import type {Exported} from './exported.ts';

/**
 * The document `memmap.export/1`: the same totals by kind over time. `times` are in ms; a counter has one value for
 * each of `usageAt`.
 */
export const exportJSON = ({process, startedAt, curves, events}: Exported): Record<string, unknown> => ({
  schema: 'memmap.export/1',
  process,
  startedAt,
  times: curves.times,
  usageAt: curves.usageAt,
  kinds: curves.kinds.map(({kind, regions, size, ...rest}) => ({
    kind,
    regions,
    size,
    ...Object.fromEntries(COUNTERS.map((counter) => [counter, rest[counter]])),
  })),
  events,
});
