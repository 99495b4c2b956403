import type {Points} from '../model/series.ts';
import {BLOCKS, blocksOf, deepestFall} from './blocks.ts';
import {fillsUp, steadyRise} from './steady.ts';
import {changePoint, isClearOf, stepsUp} from './step.ts';
import {valleysOf} from './teeth.ts';
import {median, theilSen, type Slope} from './trend.ts';

/** What a series does. A closed set; docs/growth.md says how each is told. */
export const VERDICTS = {
  'steady growth': 'it grew all the time, and had not stopped at the end',
  step: 'it went up in one to three steps, and stayed there',
  plateau: 'it grew, and then stopped or nearly did',
  sawtooth: 'it goes up and comes down again',
  flat: 'it hardly moved',
  shrinks: 'it became less, and stayed so',
  'not enough data': 'too few looks, or it grew in too uneven a way to say more',
} as const;

export type Verdict = keyof typeof VERDICTS;

export interface Judgement {
  readonly verdict: Verdict;
  /** Bytes (or things) per ms; of steady growth, since it began. Undefined of too few looks. */
  readonly slope: Slope | undefined;
  /** When the growth or the step began, or the plateau was reached: in ms, as the points have it. */
  readonly since: number | undefined;
  /** Is it the low points that grew, below what comes and goes? */
  readonly isBelowTeeth: boolean;
}

/** Fewer looks than these say nothing. */
export const FEWEST_LOOKS = 12;

/** Fewer low points than these say nothing. */
const FEWEST_VALLEYS = 6;

/** Growth may have begun later than the looks: after these parts of them. */
const STARTS = [0, 1 / 6, 1 / 3, 1 / 2];

/** The part of the whole time for which nobody may look without that something is missed. */
export const LONG = 1 / 8;

/** How likely Mann and Kendall may take chance for a trend: of a part of the looks, and of low points, of which there are few. */
const SURE = {looks: 0.001, valleys: 0.005};

/** What moves by less than this part of its level is flat. */
const MUCH = 0.1;

/**
 * Says what a series does. The verdict is the same for a series that is moved in time, or whose times or values (and
 * `least`) are multiplied by one number.
 *
 * @param least a movement of less than this doesn't matter
 */
export function judge(points: Points, least = 0): Judgement {
  const {t, v} = points;
  if (t.length < FEWEST_LOOKS || t.at(-1)! <= t[0]!) return {...NOTHING, verdict: 'not enough data'};
  const blocks = blocksOf(points, BLOCKS);
  const slope = theilSen(blocks.t, blocks.v);
  const range = largest(v) - smallest(v);
  if (range === 0 || range < least) return {...NOTHING, verdict: 'flat', slope};
  const up = risen(points, slope, least);
  if (up) return up;
  const down = risen({t, v: v.map((value) => -value)}, {slope: -slope.slope}, least);
  const isLess = Math.min(v[0]!, blocks.v[0]!) - Math.max(v.at(-1)!, blocks.v.at(-1)!) >= Math.max(least, 1);
  if (down && isLess && down.verdict !== 'not enough data') return {...NOTHING, verdict: 'shrinks', slope, since: down.since}; // prettier-ignore
  return {...NOTHING, verdict: usualRange(v) > MUCH * Math.abs(median(v)) ? 'sawtooth' : 'flat', slope};
}

const NOTHING = {slope: undefined, since: undefined, isBelowTeeth: false} as const;

/** What went up and stayed up; undefined if nothing did. */
function risen(points: Points, whole: {readonly slope: number}, least: number): Judgement | undefined {
  const fall = deepestFall(blocksOf(points, BLOCKS).v);
  for (const part of STARTS) {
    const from = Math.round(part * points.t.length);
    const tail = {t: points.t.slice(from), v: points.v.slice(from)};
    const slope = tail.t.length < FEWEST_LOOKS ? undefined : steadyRise(tail, least, fall, SURE.looks);
    if (slope && !fillsUp(points, from)) return {verdict: 'steady growth', slope, since: tail.t[0], isBelowTeeth: false}; // prettier-ignore
  }
  const valleys = valleysOf(points, whole);
  const slope = valleys.t.length < FEWEST_VALLEYS ? undefined : steadyRise(valleys, least, 0, SURE.valleys);
  if (slope) return {verdict: 'steady growth', slope, since: valleys.t[0], isBelowTeeth: true};
  return stepped(points, least) ?? levelledOff(points, least);
}

function stepped({t, v}: Points, least: number): Judgement | undefined {
  const {at, before, after, isClear} = changePoint(v);
  const rise = after - before;
  if (!isClear || rise <= 0 || rise < least || stepsUp(v, 0.8 * rise) > 3 || isUnseen({t, v})) return undefined;
  return {...NOTHING, verdict: 'step', slope: slopeOf({t, v}), since: t[at]};
}

/** Did nobody look for a long time while most of it came? What looks like a step may have come little by little. */
function isUnseen({t, v}: Points): boolean {
  let most = 1;
  for (let at = 2; at < v.length; at++) if (v[at]! - v[at - 1]! > v[most]! - v[most - 1]!) most = at;
  return t[most]! - t[most - 1]! > LONG * (t.at(-1)! - t[0]!);
}

/** It is clearly higher at the end than at the beginning, and never came down by much. */
function levelledOff(points: Points, least: number): Judgement | undefined {
  const blocks = blocksOf(points, BLOCKS);
  const lastQuarter = points.v.slice(Math.floor(points.v.length * 0.75));
  const [first] = blocks.v;
  const rise = median(lastQuarter) - first!;
  const isUp = rise > 0 && rise >= least && isClearOf(rise, lastQuarter) && deepestFall(blocks.v) < rise / 3;
  if (!isUp) return undefined;
  const quarters = blocksOf(points, 4);
  const [before, last] = quarters.v.slice(-2) as [number, number];
  // Of even looks the last quarter takes a third of the time between the first one and the last one.
  const long = (3 * (quarters.t[3]! - quarters.t[2]!)) / (quarters.t[3]! - quarters.t[0]!);
  const slope = slopeOf(points);
  if (last - before >= 0.15 * rise * long) return {...NOTHING, verdict: 'not enough data', slope};
  return {...NOTHING, verdict: 'plateau', slope, since: blocks.t[blocks.v.findIndex((value) => value > first! + 0.9 * rise)]}; // prettier-ignore
}

function slopeOf(points: Points): Slope {
  const {t, v} = blocksOf(points, BLOCKS);
  return theilSen(t, v);
}

/** From low to high without the wildest tenth. */
function usualRange(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))]!;
  return at(0.95) - at(0.05);
}

const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), -Infinity);
const smallest = (values: readonly number[]): number => values.reduce((least, value) => Math.min(least, value), Infinity); // prettier-ignore
