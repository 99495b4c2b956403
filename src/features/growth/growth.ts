import type {Kind} from '../../model/kind.ts';
import type {ByteKey} from '../../model/measures.ts';
import type {Region} from '../../model/region.ts';
import type {Points, Series, Time} from '../../history/series.ts';
import {groupKey, groupsOf, movement} from '../../history/groups.ts';
import {holesOf, sinceLastHole} from './verdict/holes.ts';
import {FEWEST_LOOKS, judge, type Judgement, type Verdict} from './verdict/judge.ts';

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
  readonly of: 'total' | 'kind' | 'group' | 'region' | 'regions' | 'threads' | 'stack' | 'books';
  readonly kind?: Kind | undefined;
  /** As it was seen last. */
  readonly region?: Region | undefined;
  /**
   * Of a group: what its regions are called, and how many there were last. Of a stack: its functions. Of malloc's
   * books: which part it is.
   */
  readonly name?: string | undefined;
  readonly count?: number | undefined;
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
  /** What kinds, groups and regions were followed by; where smaps could not be read often enough, it is `size`. */
  readonly measure: GrowthMeasure;
  readonly asked: GrowthMeasure;
  /** What the total was measured by: `asked`, or `vmRss` of status where that was read more often. */
  readonly totalMeasure: GrowthMeasure | 'vmRss';
  readonly looks: number;
  /** How many of the looks had counters. */
  readonly usageLooks: number;
  /** ms from the first to the last look. */
  readonly span: number;
  readonly least: number;
  readonly total: GrowthLine;
  /** The sum of the kinds, by `measure`, at the looks at which they are known: what shares are of. */
  readonly sum: GrowthLine;
  readonly kinds: readonly GrowthLine[];
  /** Regions of one kind and name, taken together; no group whose growth is that of one of its regions. */
  readonly groups: readonly GrowthLine[];
  /** Those that moved most. */
  readonly regions: readonly GrowthLine[];
  /** How many things there are: regions, and threads where status says. */
  readonly counts: readonly GrowthLine[];
  /** In bytes: the size of which the user asks when it is reached. */
  readonly limit?: number | undefined;
}

/** At most this many regions are judged, and this many groups: those that moved most. */
const MOST_REGIONS = 200;
const MOST_GROUPS = 50;

/** What has this part of the rise of the whole does what the whole does. */
const NEARLY_ALL = 0.9;

/**
 * Judges the whole, each kind, each group of regions and each region.
 *
 * @param asked the measure to follow, if there are enough looks at it
 * @param least a movement of fewer bytes doesn't matter
 * @param hasEnded the process did: what it gave back at the very end is not a sign that it doesn't grow
 */
export function growthOf(series: Series, asked: GrowthMeasure, least: number, hasEnded = false): Growth {
  const measure = isTold(series, asked) ? asked : 'size';
  const followed = measure === 'size' ? 'size' : 'amount';
  const {times} = series;
  const whole = {from: times[0] ?? 0, to: times.at(-1) ?? 0};
  const line = (points: Points, about: About, limit = least, watched = whole): GrowthLine =>
    lineOf(points, about, {least: limit, watched, hasEnded});
  const ofWhole = totalOf(series, asked);
  const total = line(ofWhole.points, {of: 'total'});
  const sum = line(series.total(measure), {of: 'total'});
  const isAlike = measure === asked;
  const kinds = series.kinds.map((kind) => {
    const own = line(series.ofKind(kind, measure), {of: 'kind', kind});
    return isAlike ? likeWhole(own, total, sum) : own;
  });
  const kindOf = (own: GrowthLine): GrowthLine => {
    const kind = kinds.find((each) => each.kind === own.kind);
    return kind ? likeWhole(own, kind, kind) : own;
  };
  const regions = series.tracks
    .map((track) => ({track, moved: movement(track, followed)}))
    .sort((a, b) => b.moved - a.moved)
    .slice(0, MOST_REGIONS)
    .map(({track}) => {
      const {from, to} = {from: track.stays[0]!.from, to: track.stays.at(-1)!.to};
      const watched = {from: times[from]!, to: times[Math.min(to, times.length - 1)]!};
      const about = {
        of: 'region',
        kind: track.region.kind,
        region: track.region,
        isThere: to === times.length,
      } as const;
      return kindOf(line(series.ofTrack(track, followed), about, least, watched));
    })
    .filter(({points}) => points.t.length > 0)
    .sort(byMovement);
  return {
    measure,
    asked,
    totalMeasure: ofWhole.measure,
    looks: times.length,
    usageLooks: series.usageAt.length,
    span: whole.to - whole.from,
    least,
    total,
    sum,
    kinds: kinds.sort(byMovement),
    groups: groupsOf(series, followed)
      .map(({kind, name, count, values}) => kindOf(line(series.points(values), {of: 'group', kind, name, count})))
      .sort(byMovement)
      .slice(0, MOST_GROUPS),
    regions,
    counts: [
      line(series.total('regions'), {of: 'regions'}, 3),
      line(series.ofStatus('threads'), {of: 'threads'}, 3),
    ].filter(({points}) => points.t.length > 0),
  };
}

type About = Pick<GrowthLine, 'of' | 'kind' | 'region' | 'name' | 'count'> & {readonly isThere?: boolean};

interface Judged {
  /** A movement of less than this doesn't matter. */
  readonly least: number;
  readonly watched: Time;
  /** What was given back at the very end is left out. */
  readonly hasEnded: boolean;
}

/** Judges one amount. */
export function lineOf(points: Points, about: About, {least, watched, hasEnded}: Judged): GrowthLine {
  const seen = hasEnded ? withoutFinalFall(points) : points;
  const to = seen.t.length < points.t.length ? seen.t.at(-1)! : watched.to;
  return {
    isThere: true,
    ...about,
    points,
    ...judge(seen, least, {from: watched.from, to}),
    first: points.v[0] ?? 0,
    last: points.v.at(-1) ?? 0,
    firstSeen: firstSeen(points),
  };
}

/** Do the looks tell an amount: each of them, or enough, without a hole in which anything may have happened? */
function isTold({times, usageAt}: Series, asked: GrowthMeasure): boolean {
  if (asked === 'size' || usageAt.length === times.length) return true;
  const t = usageAt.map((look) => times[look]!);
  const watched = {from: times[0]!, to: times.at(-1)!};
  const seen = sinceLastHole({t, v: t}, holesOf(t, watched), watched);
  return seen !== undefined && seen.t.length >= FEWEST_LOOKS;
}

/** Where smaps was read at fewer of the looks than this, status says more about resident memory in total. */
const NEARLY_EACH = 7 / 8;

/** Status says at each look how much is resident in total; smaps only where it was read. */
function totalOf(series: Series, asked: GrowthMeasure): {points: Points; measure: Growth['totalMeasure']} {
  const isThin = series.usageAt.length < NEARLY_EACH * series.times.length;
  const vmRss = asked === 'rss' && isThin ? series.ofStatus('vmRss') : undefined;
  if (vmRss && vmRss.t.length > series.usageAt.length) return {points: vmRss, measure: 'vmRss'};
  return {points: series.total(asked), measure: asked};
}

/**
 * What makes up nearly all of a rise can't be said to stop where the whole continues, or to continue where the whole
 * stopped: the whole is seen more often, or with less noise, and says it for both.
 *
 * @param whole what was judged
 * @param sum what the parts add up to
 */
function likeWhole(part: GrowthLine, whole: GrowthLine, sum: GrowthLine): GrowthLine {
  const [a, b] = [part.verdict, whole.verdict];
  const isOther = a !== b && (isSteady(a) ? hasStopped(b) : isSteady(b) && (hasStopped(a) || a === 'not enough data'));
  if (!isOther || riseOf(sum) <= 0 || riseOf(part) < NEARLY_ALL * riseOf(sum)) return part;
  const {verdict, slope, since, isBelowTeeth, steps} = whole;
  return {...part, verdict, slope, since, isBelowTeeth, steps};
}

const isSteady = (verdict: Verdict): boolean => verdict === 'steady growth';
const hasStopped = (verdict: Verdict): boolean => verdict === 'plateau' || verdict === 'step';

/** What grew steadily comes first, then what ended highest above its beginning. */
export const byMovement = (a: GrowthLine, b: GrowthLine): number =>
  Number(b.verdict === 'steady growth') - Number(a.verdict === 'steady growth') || riseOf(b) - riseOf(a);

/**
 * What grew, each thing once: groups in place of their regions, and the regions of no group. Most growth first.
 */
export function thingsOf({groups, regions}: Pick<Growth, 'groups' | 'regions'>): readonly GrowthLine[] {
  const grouped = new Set(groups.map(({kind, name}) => groupKey(kind!, name!)));
  const single = regions.filter(({region}) => !grouped.has(groupKey(region!.kind, region!.label ?? region!.name)));
  return [...groups, ...single].sort(byMovement);
}

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
