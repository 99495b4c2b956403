import type {Points, Time} from '../../../history/series.ts';
import {BLOCKS, blocksOf, deepestFall, median, type Slope, theilSen} from '../../../history/trend.ts';
import {onsetOf, splitOf, stopOf} from './bend.ts';
import {holesOf, sinceLastHole} from './holes.ts';
import {risingLows} from './lows.ts';
import {CLEAR, deviation, type Step, stepsOf} from './steps.ts';
import {fillsUp, steadyRise} from './steady.ts';

/** What a series does. A closed set; docs/growth.md says how each is recognised. */
export const VERDICTS = {
  'steady growth': 'it grew all the time, and had not stopped at the end',
  step: 'it went up in one to three steps, and stayed there',
  plateau: 'it grew, and then stopped or nearly did',
  sawtooth: 'it goes up and comes down again',
  flat: 'it hardly moved',
  shrinks: 'it became less, and stayed so',
  'not enough data': 'too few samples, too large a hole in them, or it grew too unevenly to say more',
} as const;

export type Verdict = keyof typeof VERDICTS;

export interface Judgement {
  readonly verdict: Verdict;
  /** Bytes (or things) per ms; of steady growth, since it began. Undefined where there are too few samples. */
  readonly slope: Slope | undefined;
  /** When the growth or the step began, or the plateau was reached: in ms, as the points have it. */
  readonly since: number | undefined;
  /** Is it the low points that grew, below what comes and goes? */
  readonly isBelowTeeth: boolean;
  /** Of the verdict `step`: each of them. */
  readonly steps?: readonly Step[] | undefined;
  /** The last time in which it was not read, of more than an eighth of the whole; what it did then is unknown. */
  readonly hole?: Time | undefined;
}

/** Fewer samples than this say nothing. */
export const FEWEST_LOOKS = 12;

/** Growth may have begun later than the samples did: it is judged from these fractions of them on. */
const LATE = [1 / 6, 1 / 3, 1 / 2];

/** What moves by less than this fraction of its level is flat. */
const MUCH = 0.1;

/**
 * Says what a series does. The verdict is the same for a series that is moved in time, or whose times or values (and
 * `least`) are multiplied by one number.
 *
 * @param least a movement of less than this doesn't matter
 * @param watched for how long the process was watched; by default from the first point to the last
 */
export function judge(points: Points, least = 0, watched: Time = spanOf(points.t)): Judgement {
  if (points.t.length < FEWEST_LOOKS) return {...NOTHING, verdict: 'not enough data'};
  const holes = holesOf(points.t, watched);
  const seen = sinceLastHole(points, holes, watched);
  if (!seen) return {...NOTHING, verdict: 'not enough data', hole: holes.at(-1)};
  return {...judgeSeen(seen, least, points.v[0]!), ...(holes.length > 0 ? {hole: holes.at(-1)} : {})};
}

const spanOf = (t: readonly number[]): Time => ({from: t[0] ?? 0, to: t.at(-1) ?? 0});

const NOTHING = {slope: undefined, since: undefined, isBelowTeeth: false} as const;

/** @param first its very first value, which may lie before a hole */
function judgeSeen(points: Points, least: number, first: number): Judgement {
  const {t, v} = points;
  if (t.length < FEWEST_LOOKS || t.at(-1)! <= t[0]!) return {...NOTHING, verdict: 'not enough data'};
  const blocks = blocksOf(points, BLOCKS);
  const slope = theilSen(blocks.t, blocks.v);
  const range = largest(v) - smallest(v);
  if (range === 0 || range < least) return {...NOTHING, verdict: 'flat', slope};
  const up = risen(points, slope, least);
  if (up) return up;
  const down = risen({t, v: v.map((value) => -value)}, {slope: -slope.slope}, least);
  const isLess = Math.min(first, v[0]!, blocks.v[0]!) - Math.max(v.at(-1)!, blocks.v.at(-1)!) >= Math.max(least, 1);
  if (down && isLess && down.verdict !== 'not enough data')
    return {...NOTHING, verdict: 'shrinks', slope, since: down.since};
  if (roseAtOnce(points, least)) return {...NOTHING, verdict: 'plateau', slope, since: t[1]};
  return {...NOTHING, verdict: usualRange(v) > MUCH * Math.abs(median(v)) ? 'sawtooth' : 'flat', slope};
}

/** What went up and stayed up; undefined if nothing did. */
function risen(points: Points, whole: {readonly slope: number}, least: number): Judgement | undefined {
  return (
    grewSteadily(points, least, [0]) ??
    stepped(points, least) ??
    grewBelowTeeth(points, whole, least) ??
    grewSteadily(points, least, LATE) ??
    levelledOff(points, least)
  );
}

/** @param starts from which fractions of the samples on */
function grewSteadily(points: Points, least: number, starts: readonly number[]): Judgement | undefined {
  const fall = deepestFall(blocksOf(points, BLOCKS).v);
  for (const part of starts) {
    const from = Math.round(part * points.t.length);
    const tail = {t: points.t.slice(from), v: points.v.slice(from)};
    const slope = tail.t.length < FEWEST_LOOKS ? undefined : steadyRise(tail, least, fall);
    if (!slope || fillsUp(points, from) || stopOf(tail) !== undefined) continue;
    const onset = onsetOf(points) ?? onsetOf(tail);
    if (onset === undefined) return {...NOTHING, verdict: 'steady growth', slope, since: beginOf(points, from)};
    const begin = points.t.indexOf(onset);
    const since = slopeOf({t: points.t.slice(begin), v: points.v.slice(begin)});
    return {...NOTHING, verdict: 'steady growth', slope: since.low > 0 ? since : slope, since: onset};
  }
  return undefined;
}

/** When the growth began that is steady from a point on, or before it, where another pace came first. */
function beginOf(points: Points, from: number): number {
  const split = from === 0 ? undefined : splitOf(points);
  return split === undefined ? points.t[from]! : Math.min(split, points.t[from]!);
}

function grewBelowTeeth(points: Points, whole: {readonly slope: number}, least: number): Judgement | undefined {
  const lows = risingLows(points, whole.slope, least);
  return lows && {...NOTHING, verdict: 'steady growth', ...lows, isBelowTeeth: true};
}

function stepped(points: Points, least: number): Judgement | undefined {
  const steps = stepsOf(points, least);
  return steps && {...NOTHING, verdict: 'step', slope: slopeOf(points), since: steps[0]!.t, steps};
}

/** It is clearly higher at the end than at the beginning, and never came down by much. */
function levelledOff(points: Points, least: number): Judgement | undefined {
  const blocks = blocksOf(points, BLOCKS);
  const stop = stopOf(points);
  const lastQuarter = points.v.slice(Math.floor(points.v.length * 0.75));
  const [first] = blocks.v;
  const rise = median(lastQuarter) - first!;
  const isUp = rise > 0 && rise >= least && isClearOf(rise, lastQuarter) && deepestFall(blocks.v) < rise / 3;
  if (!isUp) return undefined;
  const slope = slopeOf(points);
  if (stop !== undefined) return {...NOTHING, verdict: 'plateau', slope, since: stop};
  const quarters = blocksOf(points, 4);
  const [before, last] = quarters.v.slice(-2) as [number, number];
  // With evenly spaced samples, getting to the last quarter takes a third of the time from the first quarter to the
  // last.
  const long = (3 * (quarters.t[3]! - quarters.t[2]!)) / (quarters.t[3]! - quarters.t[0]!);
  if (last - before >= 0.15 * rise * long) return {...NOTHING, verdict: 'not enough data', slope};
  return {
    ...NOTHING,
    verdict: 'plateau',
    slope,
    since: blocks.t[blocks.v.findIndex((value) => value > first! + 0.9 * rise)],
  };
}

function slopeOf(points: Points): Slope {
  const {t, v} = blocksOf(points, BLOCKS);
  return theilSen(t, v);
}

/** Was only the very first sample clearly lower than all others? Then there are too few before the rise for a step. */
function roseAtOnce({v}: Points, least: number): boolean {
  const [first, ...rest] = v as [number, ...number[]];
  const rise = median(rest) - first;
  return rise > least && rise > MUCH * Math.abs(median(v)) && rest.every((value) => value > first + rise / 2);
}

/** From low to high, without the most extreme tenth. */
function usualRange(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))]!;
  return at(0.95) - at(0.05);
}

const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), -Infinity);
const smallest = (values: readonly number[]): number =>
  values.reduce((least, value) => Math.min(least, value), Infinity);

/** Does a difference stand out from values that should all be alike? */
const isClearOf = (difference: number, values: readonly number[]): boolean => difference > CLEAR * deviation(values);
