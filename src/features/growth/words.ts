import {riseOf, type Growth, type GrowthLine} from './growth.ts';
import {counted, deltaText, sizeText, spanText} from '../../model/amounts.ts';
import type {Slope} from '../../history/trend.ts';
import {MEASURES} from '../../model/measures.ts';
import {safe} from '../../text/safe.ts';

/** What is followed, in words. */
export const measureWords = (measure: Growth['totalMeasure']): string =>
  MEASURES[measure === 'vmRss' ? 'rss' : measure].noun;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A slope in the unit in which it reads best, and how far off it may be: `+1.2 MiB/min ± 0.1`. */
export function slopeText({slope, low, high}: Slope, isCount = false): string {
  const isSlow = Math.abs(slope) * MINUTE < (isCount ? 1 : 64 * 1024);
  const [per, name] = isSlow ? [HOUR, 'h'] : [MINUTE, 'min'];
  const [value, off] = [slope * per, ((high - low) / 2) * per];
  const [divisor, unit] = isCount ? [1, ''] : unitOf(Math.abs(value));
  const sign = value > 0 ? '+' : value < 0 ? '−' : '';
  const digits = off / divisor >= 10 || value === 0 ? 0 : off / divisor >= 0.1 || off === 0 ? 1 : 2;
  const text = (number: number): string => (Math.abs(number) / divisor).toFixed(digits);
  return `${sign}${text(value)}${unit}/${name} ± ${text(off)}`;
}

function unitOf(bytes: number): [divisor: number, unit: string] {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const;
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10) - 1));
  return [1024 ** (power + 1), ` ${units[power]}`];
}

/** The answer in a sentence or two. */
export function headline(growth: Growth): string[] {
  const {total, kinds, span} = growth;
  const what = measureWords(growth.totalMeasure);
  const within = `in ${spanText(span)}`;
  switch (total.verdict) {
    case 'steady growth':
      return [
        `It grows: ${what} by ${slopeText(total.slope!)}, ${steadily(total, span)}.${mostOf(growth)}`,
        ...forecast(growth),
      ];
    case 'not enough data':
      return [`Not enough data to say whether ${what} grows: ${whyNot(total)}.`];
    default:
  }
  const [least, most] = [Math.min(...total.points.v), Math.max(...total.points.v)];
  const answers = {
    step:
      `${upper(what)} went up by ${sizeText(riseOf(total))} ${stepsText(total)}, and stayed ` +
      `there: no steady growth.`,
    plateau:
      `${upper(what)} grew by ${sizeText(riseOf(total))} until ${spanText(total.since ?? 0)} after ` +
      `the first sample, and then stopped or nearly did: no steady growth.`,
    sawtooth:
      `${upper(what)} goes up and down between ${sizeText(least)} and ${sizeText(most)}, and comes ` +
      `back: no steady growth.`,
    flat:
      most === least
        ? `Nothing grows: ${what} stayed at ${sizeText(most)} ${within}.`
        : `Nothing grows: ${what} stayed between ${sizeText(least)} and ${sizeText(most)} ${within}, ` +
          `and is ${sizeText(total.last)}.`,
    shrinks: `${upper(what)} shrank by ${sizeText(-riseOf(total))} ${within}.`,
  };
  // Another measure is another matter: the sentence about the sizes says it.
  const hidden = growth.measure === growth.asked ? kinds.filter(({verdict}) => verdict === 'steady growth') : [];
  const but = hidden.map(({kind, slope}) => `But ${kind} grows steadily, by ${slopeText(slope!)}.`);
  return [[answers[total.verdict], ...unread(total), ...but].join(' ')];
}

/** What the sizes did that stand in for a measure which could not be followed; nothing where none do. */
export function sizeSentence({measure, asked, sum, span}: Growth): string[] {
  if (measure === asked) return [];
  const {verdict, slope, first, last} = sum;
  const rate = verdict === 'steady growth' ? `, by ${slopeText(slope!)}` : '';
  const from = first === last ? `stayed at ${sizeText(last)}` : `went from ${sizeText(first)} to ${sizeText(last)}`;
  return [`The address space, all kinds together, ${from} in ${spanText(span)}: ${verdict}${rate}.`];
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Why there is no verdict. */
export function whyNot({
  points,
  hole,
  slope,
  first,
  last,
}: Pick<GrowthLine, 'points' | 'hole' | 'slope' | 'first' | 'last'>): string {
  if (points.t.length === 0) return 'it was never read';
  if (hole && slope === undefined)
    return `it was not read from ${spanText(hole.from)} to ${spanText(hole.to)}, and what it did then is unknown`;
  if (slope === undefined)
    return (
      `${counted(points.t.length, 'sample')} ${points.t.length === 1 ? 'is' : 'are'} too few; at ` +
      `least 12 are needed, ` +
      `and more are better`
    );
  const rose = last > first ? `it rose by ${sizeText(last - first)}` : 'it rose';
  return `${rose}, but not evenly enough to call it steady, and it had not stopped`;
}

/** A verdict is of the time after the last hole. */
const unread = ({hole}: GrowthLine): string[] =>
  hole ? [`It was not read from ${spanText(hole.from)} to ${spanText(hole.to)}: this is what it did after that.`] : [];

const NUMBERS = ['no', 'one', 'two', 'three'] as const;

/** `in a step after 5 s`, `in three steps, after 5 s, 10 s and 15 s`. */
export function stepsText({steps = [], since}: Pick<GrowthLine, 'steps' | 'since'>): string {
  if (steps.length < 2) return `in a step after ${spanText(since ?? 0)}`;
  const times = steps.map(({t}) => spanText(t));
  return `in ${NUMBERS[steps.length]} steps, after ${times.slice(0, -1).join(', ')} and ${times.at(-1)}`;
}

const steadily = ({isBelowTeeth, since = 0, points}: GrowthLine, span: number): string => {
  const isWhole = since <= (points.t[0] ?? 0) && since <= span / 8;
  const when = isWhole ? 'all the time' : `since ${spanText(since)} after the first sample`;
  if (!isBelowTeeth) return `steadily, ${when}`;
  return `below what comes and goes: its low points rise${isWhole ? '' : `, ${when}`}`;
};

/** What a thing is called that grew: a group, or a region. */
export const thingName = ({region, name, kind}: GrowthLine): string =>
  safe(name || region?.name || region?.label || `unnamed ${kind} memory`);

function mostOf({kinds, sum, measure, asked, groups}: Growth): string {
  const [first] = kinds.filter(({verdict}) => verdict === 'steady growth');
  const rise = riseOf(sum);
  if (!first || measure !== asked || rise <= 0) return '';
  const share = Math.round((riseOf(first) / rise) * 100);
  if (share > 100) return ` What grows is ${first.kind}; other kinds shrank.`;
  const group = groups.find((each) => each.kind === first.kind && riseOf(each) > riseOf(first) / 2);
  return ` ${share} % of it is ${first.kind}${
    group ? ` (${thingName(group)}: ${counted(group.count!, 'region')}, ${deltaText(riseOf(group))})` : ''
  }.`;
}

/** A forecast at this rate: no further ahead than it was watched, and only where the rate is known well. */
export function forecast({
  total,
  span,
  limit,
}: Pick<Growth, 'span' | 'limit'> & {readonly total: Pick<GrowthLine, 'slope' | 'last'>}): string[] {
  const {low, high, slope} = total.slope!;
  if (high - low > slope) return [];
  const [from, to] = [total.last + low * span, total.last + high * span].map(sizeText) as [string, string];
  const ahead = `At this rate: ${from === to ? from : `${from} to ${to}`} after another ${spanText(span)}.`;
  if (limit === undefined) return [ahead];
  if (limit <= total.last) return [ahead, `It is already above ${sizeText(limit)}.`];
  const [soon, late] = [high, low].map((rate) => spanText((limit - total.last) / rate)) as [string, string];
  return [ahead, `It reaches ${sizeText(limit)} in ${soon === late ? soon : `${soon} to ${late}`} at this rate.`];
}
