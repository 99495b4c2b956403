import type {Kind} from '../../model/kind.ts';
import type {Region} from '../../model/region.ts';
import {totalsByKind, type Totals} from '../../model/totals.ts';
import type {Seen} from './seen.ts';

/** The counters of smaps that are followed over time, in bytes. */
export const COUNTERS = ['rss', 'pss', 'privateDirty', 'swap'] as const;
export type Counter = (typeof COUNTERS)[number];

/** One kind of memory over time. `regions` and `size` have a value for each look, the counters one for each reading of smaps. */
export interface KindSeries extends Readonly<Record<Counter, readonly number[]>> {
  readonly kind: Kind;
  readonly regions: readonly number[];
  readonly size: readonly number[];
}

/** Totals by kind over time. */
export interface Series {
  /** ms since the recording began, one for each look. */
  readonly times: readonly number[];
  /** The looks at which smaps was read, as places in `times`. */
  readonly usageAt: readonly number[];
  /** Resident memory of the whole process at each look (VmRSS of /proc/PID/status), in bytes; null where it isn't known. */
  readonly resident: ReadonlyArray<number | null>;
  /** Every kind that was there at some time, in the order in which they were first seen. */
  readonly kinds: readonly KindSeries[];
}

/** Fills a series, look by look. */
export class SeriesKeeper implements Series {
  readonly times: number[] = [];
  readonly usageAt: number[] = [];
  readonly resident: Array<number | null> = [];
  readonly #kinds = new Map<Kind, Growing>();
  #regions: readonly Region[] | undefined;
  #totals: ReadonlyMap<Kind, Totals> = new Map();

  get kinds(): readonly Growing[] {
    return [...this.#kinds.values()];
  }

  take({moment, snapshot}: Seen): void {
    if (snapshot.regions !== this.#regions) this.#totals = totalsByKind((this.#regions = snapshot.regions));
    for (const kind of this.#totals.keys()) {
      if (!this.#kinds.has(kind)) this.#kinds.set(kind, growing(kind, this.times.length, this.usageAt.length));
    }
    this.times.push(moment.t);
    const {vmRss} = snapshot.status;
    this.resident.push(typeof vmRss === 'number' ? vmRss : null);
    if (moment.hasUsage) this.usageAt.push(this.times.length - 1);
    for (const [kind, series] of this.#kinds) append(series, this.#totals.get(kind), moment.hasUsage);
  }
}

interface Growing extends Record<Counter | 'regions' | 'size', number[]> {
  readonly kind: Kind;
}

/** A kind that is first seen late was not there before. */
function growing(kind: Kind, looks: number, readings: number): Growing {
  const nothing = (count: number): number[] => Array.from({length: count}, () => 0);
  return {
    kind,
    regions: nothing(looks),
    size: nothing(looks),
    rss: nothing(readings),
    pss: nothing(readings),
    privateDirty: nothing(readings),
    swap: nothing(readings),
  };
}

function append(series: Growing, totals: Totals | undefined, hasUsage: boolean): void {
  series.regions.push(totals?.regions ?? 0);
  series.size.push(totals?.size ?? 0);
  if (hasUsage) for (const counter of COUNTERS) series[counter].push(totals?.[counter] ?? 0);
}

/** The sum over all kinds, value by value. */
export function sumOver(series: Series, measure: Counter | 'regions' | 'size'): number[] {
  const length = measure === 'regions' || measure === 'size' ? series.times.length : series.usageAt.length;
  const sum = Array.from({length}, () => 0);
  for (const kind of series.kinds) for (const [index, value] of kind[measure].entries()) sum[index]! += value;
  return sum;
}

/**
 * All resident memory over time: what status says at each look, which costs the process nothing to read, or else the sum of
 * what smaps says.
 */
export function totalResident(series: Series): {readonly looks: readonly number[]; readonly values: readonly number[]} {
  const known = series.resident.flatMap((bytes, look) => (bytes === null ? [] : [look]));
  if (known.length < series.usageAt.length) return {looks: series.usageAt, values: sumOver(series, 'rss')};
  return {looks: known, values: known.map((look) => series.resident[look]!)};
}

/**
 * Until when the last reading of smaps holds, in ms: to the end, unless status says that resident memory changed since. A
 * recorder that must spare the process reads smaps seldom, or no more.
 */
export function knownUntil({times, usageAt, resident}: Series, duration: number): number {
  const last = usageAt.at(-1);
  if (last === undefined) return 0;
  const changed = resident.findIndex((bytes, look) => look > last && bytes !== resident[last]);
  return changed < 0 ? duration : times[last]!;
}
