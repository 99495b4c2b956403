import type {Kind} from '../model/kind.ts';
import {sumOf, type Series, type Time} from './series.ts';
import type {Values} from './tracks.ts';

/** The counters of smaps that are drawn and written out over time, in bytes. */
export const COUNTERS = ['rss', 'pss', 'privateDirty', 'swap'] as const;
export type Counter = (typeof COUNTERS)[number];

/**
 * One kind of memory over time. `regions` and `size` have a value for each look, the counters one for each reading of
 * smaps.
 */
interface KindCurves extends Readonly<Record<Counter, readonly number[]>> {
  readonly kind: Kind;
  readonly regions: readonly number[];
  readonly size: readonly number[];
}

/** Totals by kind over time, as data: what a report draws and an export writes. */
export interface Curves {
  /** ms since the recording began, one for each look. */
  readonly times: readonly number[];
  /** The looks at which smaps was read, as indices into `times`. */
  readonly usageAt: readonly number[];
  /**
   * Resident memory of the whole process at each look (VmRSS of /proc/PID/status), in bytes; null where it isn't known.
   */
  readonly resident: ReadonlyArray<number | null>;
  /** Every kind that was there at some time, in the order in which they were first seen. */
  readonly kinds: readonly KindCurves[];
}

/** @param series that keeps `COUNTERS` */
export function curvesOf(series: Series): Curves {
  const {times, usageAt, resident} = series;
  const kinds = series.kinds.map((kind) => {
    const of = (measure: Counter | 'regions' | 'size'): readonly number[] => series.valuesOf(kind, measure);
    const [regions, size] = [of('regions'), of('size')];
    return {kind, regions, size, rss: of('rss'), pss: of('pss'), privateDirty: of('privateDirty'), swap: of('swap')};
  });
  return {times, usageAt, resident, kinds};
}

/** The sum over all kinds, value by value. */
export function sumOver({times, usageAt, kinds}: Curves, measure: Counter | 'regions' | 'size'): number[] {
  const {length} = measure === 'regions' || measure === 'size' ? times : usageAt;
  return sumOf(
    kinds.map((kind) => kind[measure]),
    length,
  );
}

/**
 * All resident memory over time: what status says at each look, which costs the process nothing to read, or else the
 * sum of what smaps says.
 */
export function totalResident(curves: Curves): Values {
  const known = curves.resident.flatMap((bytes, look) => (bytes === null ? [] : [look]));
  if (known.length < curves.usageAt.length) return {looks: curves.usageAt, values: sumOver(curves, 'rss')};
  return {looks: known, values: known.map((look) => curves.resident[look]!)};
}

/**
 * Until when the last reading of smaps holds, in ms: to the end, unless status says that resident memory changed since.
 * A recorder that must spare the process reads smaps rarely, or no longer.
 */
export function knownUntil({times, usageAt, resident}: Curves, duration: number): number {
  const last = usageAt.at(-1);
  if (last === undefined) return 0;
  const changed = resident.findIndex((bytes, look) => look > last && bytes !== resident[last]);
  return changed < 0 ? duration : times[last]!;
}

/**
 * Readings farther apart than this part of the time, and this many usual distances, leave a hole; or this part alone.
 */
const FAR = {part: 1 / 20, distances: 4, alone: 1 / 8} as const;

/**
 * When the counters of smaps are unknown: before the first reading, after the last one, and where two are far apart and
 * resident memory changed in between, as status says at looks that read no smaps. What they did then may be anything.
 *
 * @param duration ms: the end
 */
export function unreadOf(curves: Curves, duration: number): Time[] {
  const {times, usageAt, resident} = curves;
  if (usageAt.length === 0) return [];
  const read = usageAt.map((look) => times[look]!);
  const distances = read.slice(1).map((time, index) => time - read[index]!);
  const usual = distances.sort((a, b) => a - b)[distances.length >> 1] ?? 0;
  const isFar = ({from, to}: Time): boolean =>
    to - from > FAR.alone * duration || (to - from > FAR.part * duration && to - from > FAR.distances * usual);
  const between = usageAt.slice(1).flatMap((look, index) => {
    const last = usageAt[index]!;
    const isChanged = resident.slice(last + 1, look).some((bytes) => bytes === null || bytes !== resident[last]);
    return isChanged ? [{from: times[last]!, to: times[look]!}] : [];
  });
  const ends = [
    {from: 0, to: read[0]!},
    {from: knownUntil(curves, duration), to: duration},
  ];
  return [ends[0]!, ...between, ends[1]!].filter(isFar);
}
