import type {Kind} from '../../model/kind.ts';
import type {ByteKey} from '../../model/measures.ts';
import type {Region} from '../../model/region.ts';
import type {Points, Series} from '../../history/series.ts';
import type {Track} from '../../history/tracks.ts';
import {FEWEST_LOOKS, judge, LONG, type Judgement} from './judge.ts';

/** What can be followed. */
export const GROWTH_MEASURES = [
  'rss',
  'privateDirty',
  'pss',
  'anonymous',
  'swap',
  'size',
] as const satisfies readonly ByteKey[];
export type GrowthMeasure = (typeof GROWTH_MEASURES)[number];

/** One thing that was followed, and what it did. */
export interface GrowthLine extends Judgement {
  readonly of: 'total' | 'kind' | 'region' | 'regions' | 'threads';
  readonly kind?: Kind | undefined;
  /** As it was seen last. */
  readonly region?: Region | undefined;
  readonly points: Points;
  /** At the first and the last look at it. */
  readonly first: number;
  readonly last: number;
  /** When it was seen first, in ms; and whether it was still there at the end. */
  readonly firstSeen: number;
  readonly isThere: boolean;
}

/** What a process's memory did over a time. */
export interface Growth {
  /** What was followed; where smaps could not be read often enough, `size` stands for it. */
  readonly measure: GrowthMeasure;
  readonly asked: GrowthMeasure;
  /** What the total was measured by: `measure`, or `vmRss` of status where smaps was not read for a long time. */
  readonly totalMeasure: GrowthMeasure | 'vmRss';
  readonly looks: number;
  /** How many of the looks had counters. */
  readonly usageLooks: number;
  /** ms from the first to the last look. */
  readonly span: number;
  readonly least: number;
  readonly total: GrowthLine;
  readonly kinds: readonly GrowthLine[];
  /** Those that moved most. */
  readonly regions: readonly GrowthLine[];
  /** How many things there are: regions, and threads where status says. */
  readonly counts: readonly GrowthLine[];
  /** In bytes: the size of which the user asks when it is reached. */
  readonly limit?: number | undefined;
}

/** At most this many regions are judged: those that moved most. */
const MOST_REGIONS = 200;

/**
 * Judges the whole, each kind and each region.
 *
 * @param asked the measure to follow, if there are enough looks at it
 * @param least a movement of fewer bytes doesn't matter
 * @param hasEnded the process did: what it gave back at the very end is no sign that it doesn't grow
 */
export function growthOf(series: Series, asked: GrowthMeasure, least: number, hasEnded = false): Growth {
  const isKnown = asked === 'size' || series.usageAt.length >= Math.min(FEWEST_LOOKS, series.times.length);
  const measure = isKnown ? asked : 'size';
  const total = totalOf(series, asked, measure);
  const line = (
    points: Points,
    about: Pick<GrowthLine, 'of' | 'kind' | 'region'>,
    limit = least,
    isThere = true,
  ): GrowthLine => ({
    ...about,
    points,
    ...judge(hasEnded ? withoutFinalFall(points) : points, limit),
    first: points.v[0] ?? 0,
    last: points.v.at(-1) ?? 0,
    firstSeen: firstSeen(points),
    isThere,
  });
  const tracks = [...series.tracks].sort((a, b) => movement(b, measure) - movement(a, measure)).slice(0, MOST_REGIONS);
  return {
    measure,
    asked,
    totalMeasure: total.measure,
    looks: series.times.length,
    usageLooks: series.usageAt.length,
    span: lengthOf(series.times),
    least,
    total: line(total.points, {of: 'total'}),
    kinds: series.kinds.map((kind) => line(series.ofKind(kind, measure), {of: 'kind', kind})).sort(byMovement),
    regions: tracks
      .map((track) =>
        line(
          pointsOf(series, track, measure),
          {of: 'region', kind: track.region.kind, region: track.region},
          least,
          track.stays.at(-1)!.to === series.times.length,
        ),
      )
      .filter(({points}) => points.t.length > 0)
      .sort(byMovement),
    counts: [
      line(series.total('regions'), {of: 'regions'}, 3),
      line(series.ofStatus('threads'), {of: 'threads'}, 3),
    ].filter(({points}) => points.t.length > 0),
  };
}

/** Without counters, or where they were not read for a long time, status still says how much is resident in total. */
function totalOf(
  series: Series,
  asked: GrowthMeasure,
  measure: GrowthMeasure,
): {points: Points; measure: Growth['totalMeasure']} {
  const points = series.total(measure);
  const isThin = measure === 'size' || longestGap(points.t, series.times) > LONG * lengthOf(series.times);
  const vmRss = asked === 'rss' && isThin ? series.ofStatus('vmRss') : undefined;
  const isThere = vmRss !== undefined && vmRss.t.length > 0 && vmRss.t.length === series.times.length;
  return isThere ? {points: vmRss, measure: 'vmRss'} : {points, measure};
}

/** The longest time without a look, in ms. */
const longestGap = (looks: readonly number[], all: readonly number[]): number =>
  [...looks, all.at(-1) ?? 0].reduce((longest, t, index) => Math.max(longest, t - (looks[index - 1] ?? all[0]!)), 0);

const lengthOf = (times: readonly number[]): number => (times.at(-1) ?? 0) - (times[0] ?? 0);

const pointsOf = (series: Series, track: Track, measure: GrowthMeasure): Points =>
  series.ofTrack(track, measure === 'size' ? 'size' : 'amount');

/** How far an amount moved, from its lowest value to its highest. */
function movement({stays}: Track, measure: GrowthMeasure): number {
  let [low, high] = [Infinity, 0];
  for (const {start, end, amounts} of stays) {
    const values = measure === 'size' ? [end - start] : amounts.filter((_, at) => at % 2 === 1);
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  }
  return high - low;
}

/** What grew steadily comes first, then what ended highest above its beginning. */
const byMovement = (a: GrowthLine, b: GrowthLine): number =>
  Number(b.verdict === 'steady growth') - Number(a.verdict === 'steady growth') || riseOf(b) - riseOf(a);

export const riseOf = ({first, last}: Pick<GrowthLine, 'first' | 'last'>): number => last - first;

/** The first time at which it was more than 0. */
const firstSeen = ({t, v}: Points): number => t[v.findIndex((value) => value > 0)] ?? t[0] ?? 0;

/** For how long a process may give memory back as it ends: this fraction of all looks. */
const ENDING = 1 / 8;

/**
 * A series of a process that ended, without what it gave back as it did: what follows the last high point, if that is a
 * small part of all.
 */
export function withoutFinalFall({t, v}: Points): Points {
  const most = v.reduce((high, value) => Math.max(high, value), -Infinity);
  const least = v.reduce((low, value) => Math.min(low, value), Infinity);
  const end = v.findLastIndex((value) => value >= most - (most - least) / 10) + 1;
  return v.length - end <= Math.max(1, ENDING * v.length) ? {t: t.slice(0, end), v: v.slice(0, end)} : {t, v};
}
