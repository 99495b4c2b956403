import type {Growth, GrowthLine} from '../growth/growth.ts';
import type {Verdict} from '../growth/verdict/judge.ts';
import type {Kind} from '../../model/kind.ts';
import {knownUntil, sumOver, totalResident, type Curves} from '../../history/curves.ts';
import {groupsOf, type GroupValues} from '../../history/groups.ts';
import {amountsOf, sizesOf, type Track, type Values} from '../../history/tracks.ts';
import type {Points} from '../../history/series.ts';
import {heldEvenly, theilSen} from '../../history/trend.ts';
import {sizeOf} from '../../model/region.ts';
import {lowerBound} from '../../model/search.ts';

/** Something that grew: all memory, a kind of it, or one region. Bytes. */
export interface Grower {
  readonly what: 'total' | 'kind' | 'group' | 'region';
  readonly kind: Kind | undefined;
  /**
   * Of a group: what its regions are called, and how many there were last. Of a region: its name or label, and place.
   */
  readonly name: string;
  readonly count?: number | undefined;
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly first: number;
  readonly peak: number;
  readonly last: number;
  /** The look at which it was first seen. */
  readonly from: number;
  /** Bytes a minute; undefined where there are too few values. */
  readonly slope: number | undefined;
  /** The verdict of `memmap growth`; undefined where it was not asked, or did not follow this. */
  readonly verdict?: Verdict | undefined;
  /** Of the verdict `step`: how many. */
  readonly steps?: number | undefined;
  /** Its values over time, for a small chart: look, bytes, look, bytes, … */
  readonly points: readonly number[];
}

/** At most this many regions, and this many kinds, are listed. */
const MOST = 12;
const MOST_KINDS = 8;

/**
 * What growth is measured by: as `memmap growth` does it, so that one table has one measure. Else resident memory where
 * it was read at least twice, or address space.
 *
 * @param begin the look from which growth counts
 */
export function growthMeasure({usageAt}: Curves, begin: number, growth: Growth | undefined): 'rss' | 'size' {
  if (growth) return growth.measure === 'size' ? 'size' : 'rss';
  return usageAt.filter((look) => look >= begin).length > 1 ? 'rss' : 'size';
}

/** What growers are found in. */
interface Grown {
  readonly curves: Curves;
  readonly tracks: readonly Track[];
  /** ms: the end. */
  readonly duration: number;
  readonly measure: 'rss' | 'size';
  /** The look from which growth counts: the first one, or the last exec. */
  readonly begin: number;
}

/** The total, each kind that changed, and the groups and regions that grew most, the largest growth first. */
export function growersOf(grown: Grown): Grower[] {
  const {curves, tracks, duration, measure, begin} = grown;
  const until = measure === 'rss' ? knownUntil(curves, duration) : duration;
  const looks = measure === 'size' ? curves.times.map((_, look) => look) : curves.usageAt;
  const followed = (kind: Kind, values: readonly number[]): Grower =>
    measured(
      {what: 'kind', kind, name: kind, start: undefined, end: undefined},
      valuesFrom({looks, values}, begin),
      curves.times,
      until,
    );
  const kinds = curves.kinds.map((each) => followed(each.kind, each[measure]));
  const total = valuesFrom(totalOf(curves, measure), begin);
  const about = {what: 'total', kind: undefined, name: 'total', start: undefined, end: undefined} as const;
  const changed = kinds.filter(({first, peak, last}) => peak > first || last < first).sort(byGrowth);
  const least = changed.map((each) => Math.abs(each.last - each.first)).sort((a, b) => b - a)[MOST_KINDS - 1] ?? 0;
  const {times, usageAt} = curves;
  const own = sinceBegin(tracks, begin);
  const groups = groupsOf({tracks: own, times, usageAt}, measure === 'size' ? 'size' : 'amount');
  return [
    measured(about, total, curves.times, duration),
    ...changed.filter((each) => Math.abs(each.last - each.first) >= least).slice(0, MOST_KINDS),
    ...[...groupGrowers(grown, groups, until), ...regionGrowers(grown, groups, until)].sort(byGrowth),
  ];
}

/** Adds the verdicts. What grows steadily gets the slope that the verdict is based on: of the time since it began. */
export function judged(growers: readonly Grower[], growth: Growth | undefined): readonly Grower[] {
  if (!growth) return growers;
  return growers.map((grower) => {
    const line = lineOf(grower, growth);
    if (!line) return grower;
    const {verdict, slope, steps} = line;
    return {
      ...grower,
      verdict,
      steps: steps?.length,
      slope: verdict === 'steady growth' ? slope!.slope * 60_000 : grower.slope,
    };
  });
}

function lineOf({what, kind, name, start}: Grower, growth: Growth): GrowthLine | undefined {
  const {total, sum, kinds, groups, regions} = growth;
  if (what === 'total') return growth.measure === growth.asked ? total : sum;
  if (what === 'group') return groups.find((line) => line.kind === kind && line.name === name);
  if (what === 'kind') return kinds.find((line) => line.kind === kind);
  return regions.find(({region, isThere}) => isThere && region!.start === start);
}

const totalOf = (curves: Curves, measure: 'rss' | 'size'): Values =>
  measure === 'rss'
    ? totalResident(curves)
    : {looks: curves.times.map((_, look) => look), values: sumOver(curves, 'size')};

const byGrowth = (a: Grower, b: Grower): number => b.last - b.first - (a.last - a.first) || b.peak - a.peak;

/** Only what was seen from a look on. */
const valuesFrom = ({looks, values}: Values, begin: number): Values => {
  const from = lowerBound(looks, begin);
  return from === 0 ? {looks, values} : {looks: looks.slice(from), values: values.slice(from)};
};

/** Groups of regions that grew and are still there at the end. */
function groupGrowers({curves, begin}: Grown, groups: readonly GroupValues[], until: number): Grower[] {
  return groups
    .filter(({count}) => count > 0)
    .map(({kind, name, count, values}) => {
      const about = {what: 'group', kind, name, count, start: undefined, end: undefined} as const;
      return measured(about, valuesFrom(values, begin), curves.times, until);
    })
    .filter(({first, last}) => last > first)
    .sort(byGrowth)
    .slice(0, MOST);
}

/** An exec ends each track. */
const sinceBegin = (tracks: readonly Track[], begin: number): readonly Track[] =>
  begin === 0 ? tracks : tracks.filter(({stays}) => stays[0]!.from >= begin);

/**
 * Regions of no group that are still there at the end. Those that grew most are found by their first and last values;
 * only of those all values are read.
 */
function regionGrowers(
  {curves, tracks, measure, begin}: Grown,
  groups: readonly GroupValues[],
  duration: number,
): Grower[] {
  const looks = curves.times.length;
  const grouped = new Set(groups.flatMap((group) => group.tracks));
  const most = sinceBegin(tracks, begin)
    .filter((track) => track.stays.at(-1)!.to === looks && !grouped.has(track))
    .map((track) => ({track, growth: growthOf(track, measure, begin)}))
    .filter((each) => each.growth > 0)
    .sort((a, b) => b.growth - a.growth)
    .slice(0, MOST);
  return most.map(({track}) => {
    const {kind, name, start, end} = track.stays.at(-1)!;
    const about = {what: 'region', kind, name, start, end} as const;
    const grower = measured(about, valuesOf(track, measure, curves, begin), curves.times, duration);
    return {...grower, from: track.stays[0]!.from};
  });
}

/** From its first to its last value. One that came later grew from nothing. */
function growthOf({stays}: Track, measure: 'rss' | 'size', begin: number): number {
  const isLate = stays[0]!.from > begin;
  if (measure === 'size') return sizeOf(stays.at(-1)!) - (isLate ? 0 : sizeOf(stays[0]!));
  // Most looks read no resident memory: the first and the last that did.
  const first = isLate ? 0 : (stays.find(({amounts}) => amounts.length > 0)?.amounts[1] ?? 0);
  const last = stays.findLast(({amounts}) => amounts.length > 0)?.amounts.at(-1) ?? 0;
  return last - first;
}

/** A region's values at each look that knew them, from its first to its last. One that came later grew from nothing. */
function valuesOf(track: Track, measure: 'rss' | 'size', {usageAt}: Curves, begin: number): Values {
  const {looks, values} = measure === 'size' ? sizesOf(track) : amountsOf(track, usageAt);
  const {from} = track.stays[0]!;
  return from > begin ? {looks: [from - 1, ...looks], values: [0, ...values]} : {looks, values};
}

function measured(
  about: Pick<Grower, 'what' | 'kind' | 'name' | 'count' | 'start' | 'end'>,
  {looks, values}: Values,
  times: readonly number[],
  duration: number,
): Grower {
  const step = Math.max(1, Math.ceil(values.length / 120));
  const points = values.flatMap((value, at) =>
    at % step === 0 || at === values.length - 1 ? [looks[at]!, value] : [],
  );
  return {
    ...about,
    first: values[0] ?? 0,
    peak: values.reduce((most, value) => Math.max(most, value), 0),
    last: values.at(-1) ?? 0,
    from: looks[0] ?? 0,
    slope: paceOf({t: looks.map((look) => times[look]!), v: values}, duration),
    points,
  };
}

/** The time is cut into this many pieces: 20,000 pairs of values. */
const PIECES = 200;
/** Fewer values say nothing about a trend. */
const LEAST = 8;

/**
 * How fast something grows, by the estimator of Theil and Sen: single jumps move it less than they move a mean.
 *
 * @param end ms: until when the last value held
 * @returns bytes a minute; undefined where there are fewer than 8 values
 */
function paceOf(points: Points, end: number): number | undefined {
  if (points.v.length < LEAST || end <= points.t[0]!) return undefined;
  const {t, v} = heldEvenly(points, end, PIECES);
  return theilSen(t, v).slope * 60_000;
}
