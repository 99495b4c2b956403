import {lowerBound} from '../../../model/search.ts';
import {values, type Page} from '../pack.ts';
import type {Counter} from '../series.ts';
import {byId} from './dom.ts';

export type Measure = Counter | 'size' | 'regions';

/** The report's data, from its element in the page. */
export const page = JSON.parse(byId('data').textContent ?? '') as Page;

export const looks = page.times.length;

/** ms; never 0, so that it can be divided by. */
export const duration = Math.max(1, page.duration, page.times.at(-1) ?? 0);

/** Each kind's values; counters have one for each reading of smaps. */
export const kinds = page.series.map((series) => ({
  kind: series.kind,
  regions: values(series.regions),
  size: values(series.size),
  rss: values(series.rss),
  pss: values(series.pss),
  privateDirty: values(series.privateDirty),
  swap: values(series.swap),
}));

export const isCounted = (measure: Measure): boolean => measure !== 'size' && measure !== 'regions';

/** The index of the value that was known at a look: the last one up to it; -1 if there was none yet. */
export const placeAt = (measure: Measure, look: number): number =>
  isCounted(measure) ? lowerBound(page.usageAt, look + 1) - 1 : look;

/** The last look up to a time in ms. */
export const lookAt = (time: number): number => Math.max(0, lowerBound(page.times, time + 1e-6) - 1);

/** The end of the time for which a look holds. */
export const endOf = (look: number): number => (look >= looks ? duration : (page.times[look] ?? duration));

/** A time of the recording: `1:06.3`, `2:10:00`. */
export function timeText(ms: number): string {
  const tenths = Math.round(ms / 100);
  const [hours, minutes] = [Math.floor(tenths / 36_000), Math.floor(tenths / 600) % 60];
  const seconds = `${String(Math.floor(tenths / 10) % 60).padStart(2, '0')}.${tenths % 10}`;
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}
