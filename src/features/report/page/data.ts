import {MEASURES} from '../../../model/measures.ts';
import {timeText as clockText} from '../../../model/amounts.ts';
import {lowerBound} from '../../../model/search.ts';
import {values, type PageData} from '../pack.ts';
import type {Counter} from '../../../history/curves.ts';
import {byId} from './dom.ts';

export type ChartMeasure = Counter | 'size' | 'regions';

/** The report's data, from its element in the page. */
export const page = JSON.parse(byId('data').textContent ?? '') as PageData;

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

/** Is it known only where smaps was read? */
export const isCounted = (measure: ChartMeasure): boolean => !MEASURES[measure].listings.includes('maps');

/** Is a time, in ms, one in which the counters are unknown? */
export const isUnread = (time: number): boolean =>
  page.unread.some(([from, to]) => from < time && (time < to || to >= page.duration));

/** The index of the value that was known at a look: the last one up to it; -1 if it is unknown. */
export const placeAt = (measure: ChartMeasure, look: number): number =>
  !isCounted(measure) ? look : isUnread(page.times[look]!) ? -1 : lowerBound(page.usageAt, look + 1) - 1;

/** The last look up to a time in ms. */
export const lookAt = (time: number): number => Math.max(0, lowerBound(page.times, time + 1e-6) - 1);

/** The end of the time for which a look holds. */
export const endOf = (look: number): number => (look >= looks ? duration : (page.times[look] ?? duration));

/** A time of the recording, to the nearest tenth of a second: `1:06.3`, `2:10:00.0`. */
export const timeText = (ms: number): string => clockText(Math.round(ms / 100) * 100, 'always');
