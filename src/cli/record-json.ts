import type {RecordSummary} from '../render/record.ts';

/** The document `memmap.recorded/1`: times in ms, sizes in bytes. */
export function recordedJSON(summary: RecordSummary): object {
  const {file, ms, looks, moments, marks, size, listings, reason, cost} = summary;
  return {schema: 'memmap.recorded/1', file, ms: Math.round(ms), looks, moments, marks, size, listings, reason, cost};
}
