import type {Growth, Line} from '../growth/growth.ts';
import type {Verdict} from '../growth/judge.ts';
import type {Kind} from '../../model/kind.ts';
import {lowerBound} from '../../model/search.ts';
import {knownUntil, sumOver, totalResident, type Series} from './series.ts';
import {sizeOf} from '../../model/region.ts';
import {slopeOf} from './slope.ts';
import type {Stay} from './tracks.ts';

/** Something that grew: all memory, a kind of it, or one region. Bytes. */
export interface Grower {
  readonly what: 'total' | 'kind' | 'region';
  readonly kind: Kind | undefined;
  /** Of a region: its name or label, and where it lay last. */
  readonly name: string;
  readonly start: number | undefined;
  readonly end: number | undefined;
  readonly first: number;
  readonly peak: number;
  readonly last: number;
  /** The look at which it was first seen. */
  readonly from: number;
  /** Bytes a minute; undefined where there are too few values. */
  readonly slope: number | undefined;
  /** What `memmap growth` says of it; undefined where it was not asked, or has not followed it. */
  readonly verdict?: Verdict | undefined;
  /** Its values over time, for a small chart: look, bytes, look, bytes, … */
  readonly points: readonly number[];
}

/** So many regions are listed. */
const MOST = 12;
const MOST_KINDS = 8;

/** What resident memory is measured by where it was read at least twice; else address space. */
export const growthMeasure = ({usageAt}: Series): 'rss' | 'size' => (usageAt.length > 1 ? 'rss' : 'size');

/** The total, each kind that changed, and the regions that grew most, the largest growth first. */
export function growersOf(series: Series, stays: readonly Stay[], duration: number): Grower[] {
  const measure = growthMeasure(series);
  const until = measure === 'rss' ? knownUntil(series, duration) : duration;
  const looks = measure === 'size' ? series.times.map((_, look) => look) : series.usageAt;
  const followed = (kind: Kind, values: readonly number[]): Grower =>
    measured({what: 'kind', kind, name: kind, start: undefined, end: undefined}, looks, values, series.times, until);
  const kinds = series.kinds.map((each) => followed(each.kind, each[measure]));
  const total = totalOf(series, measure);
  const about = {what: 'total', kind: undefined, name: 'total', start: undefined, end: undefined} as const;
  const changed = kinds.filter(({first, peak, last}) => peak > first || last < first).sort(byGrowth);
  const least = changed.map((each) => Math.abs(each.last - each.first)).sort((a, b) => b - a)[MOST_KINDS - 1] ?? 0;
  return [
    measured(about, total.looks, total.values, series.times, duration),
    ...changed.filter((each) => Math.abs(each.last - each.first) >= least).slice(0, MOST_KINDS),
    ...regionGrowers(series, stays, measure, until).sort(byGrowth),
  ];
}

/** The same with verdicts. What grows steadily has the slope that it was judged by: since when it grows so. */
export function judged(growers: readonly Grower[], growth: Growth | undefined): readonly Grower[] {
  if (!growth) return growers;
  return growers.map((grower) => {
    const line = lineOf(grower, growth);
    if (!line) return grower;
    const {verdict, slope} = line;
    return {...grower, verdict, slope: verdict === 'steady growth' ? slope!.slope * 60_000 : grower.slope};
  });
}

function lineOf({what, kind, start}: Grower, {total, kinds, regions}: Growth): Line | undefined {
  if (what === 'total') return total;
  if (what === 'kind') return kinds.find((line) => line.kind === kind);
  return regions.find(({region, isThere}) => isThere && region!.start === start);
}

const totalOf = (series: Series, measure: 'rss' | 'size') =>
  measure === 'rss'
    ? totalResident(series)
    : {looks: series.times.map((_, look) => look), values: sumOver(series, 'size')};

const byGrowth = (a: Grower, b: Grower): number => b.last - b.first - (a.last - a.first) || b.peak - a.peak;

/** Regions that are still there at the end. Which of them grew most is found by their first and last values; only of those all values are looked at. */
function regionGrowers(series: Series, stays: readonly Stay[], measure: 'rss' | 'size', duration: number): Grower[] {
  const tracks = new Map<number, Stay[]>();
  for (const stay of stays) {
    const track = tracks.get(stay.track);
    if (track) track.push(stay);
    else tracks.set(stay.track, [stay]);
  }
  const growth = (track: readonly Stay[]): number => {
    const isLate = track[0]!.from > 0;
    if (measure === 'size') return sizeOf(track.at(-1)!) - (isLate ? 0 : sizeOf(track[0]!));
    // Most looks don't know what is resident: the first and the last that do.
    const known = (stay: Stay | undefined, at: number): number => stay?.rss.at(at) ?? 0;
    const last = track.findLast(({rss}) => rss.length > 0);
    return (
      known(last, -1) -
      (isLate
        ? 0
        : known(
            track.find(({rss}) => rss.length > 0),
            1,
          ))
    );
  };
  const looks = series.times.length;
  const most = [...tracks.values()]
    .filter((track) => track.at(-1)!.to === looks)
    .map((track) => ({track, growth: growth(track)}))
    .filter((each) => each.growth > 0)
    .sort((a, b) => b.growth - a.growth)
    .slice(0, MOST);
  return most.map(({track}) => {
    const points = pointsOf(track, measure, series);
    const {kind, name, start, end} = track.at(-1)!;
    const grower = measured(
      {what: 'region', kind, name, start, end},
      points.map(([look]) => look),
      points.map(([, bytes]) => bytes),
      series.times,
      duration,
    );
    return {...grower, from: track[0]!.from};
  });
}

/** A region's values at each look that knew them, from its first to its last. One that came later grew from nothing. */
function pointsOf(
  track: readonly Stay[],
  measure: 'rss' | 'size',
  series: Series,
): Array<[look: number, bytes: number]> {
  const points: Array<[number, number]> = [];
  const isLate = track[0]!.from > 0;
  if (isLate) points.push([track[0]!.from - 1, 0]);
  for (const stay of track) {
    if (measure === 'size') {
      for (let look = stay.from; look < stay.to; look++) points.push([look, stay.end - stay.start]);
      continue;
    }
    let at = 0;
    for (const look of between(series.usageAt, stay.from, stay.to)) {
      while (at + 2 < stay.rss.length && stay.rss[at + 2]! <= look) at += 2;
      if (at < stay.rss.length && stay.rss[at]! <= look) points.push([look, stay.rss[at + 1]!]);
    }
  }
  return points;
}

const between = (looks: readonly number[], from: number, to: number): readonly number[] =>
  looks.slice(lowerBound(looks, from), lowerBound(looks, to));

function measured(
  about: Pick<Grower, 'what' | 'kind' | 'name' | 'start' | 'end'>,
  looks: readonly number[],
  values: readonly number[],
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
    slope: slopeOf(
      looks.map((look) => times[look]!),
      values,
      duration,
    ),
    points,
  };
}
