import type {Round} from './family.ts';
import type {MetricGrouping} from './groups.ts';

/** The document `memmap.metrics/1`: the same metrics and samples. */
export const metricsJSON = ({at, families}: Round, by: MetricGrouping): object => ({
  schema: 'memmap.metrics/1',
  at: new Date(at).toISOString(),
  by,
  metrics: families.map(({name, type, help, samples}) => ({name, type, help, samples})),
});
