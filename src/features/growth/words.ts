import {riseOf, type Growth, type GrowthLine} from './growth.ts';
import {counted, sizeText, spanText} from '../../model/amounts.ts';
import type {Slope} from '../../history/trend.ts';
import {MEASURES} from '../../model/measures.ts';

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
  const {total, kinds, span, looks} = growth;
  const what = measureWords(growth.totalMeasure);
  const within = `in ${spanText(span)}`;
  switch (total.verdict) {
    case 'steady growth':
      return [
        `It grows: ${what} by ${slopeText(total.slope!)}, ${steadily(total)}.${mostOf(growth)}`,
        ...forecast(growth),
      ];
    case 'not enough data': {
      const why =
        total.slope === undefined
          ? `${counted(looks, 'sample')} ${looks === 1 ? 'is' : 'are'} too few; at least 12 are needed, ` +
            `and more are better`
          : `it rose by ${sizeText(Math.max(0, riseOf(total)))}, but not evenly enough to call it steady, ` +
            `and it had not stopped`;
      return [`Not enough data to say whether ${what} grows: ${why}.`];
    }
    default:
  }
  const [least, most] = [Math.min(...total.points.v), Math.max(...total.points.v)];
  const answers = {
    step:
      `${upper(what)} went up by ${sizeText(riseOf(total))} in a step after ` +
      `${spanText(total.since ?? 0)}, and stayed there: no steady growth.`,
    plateau:
      `${upper(what)} grew by ${sizeText(riseOf(total))} until ${spanText(total.since ?? 0)} after ` +
      `the first sample, and then stopped or nearly did: no steady growth.`,
    sawtooth:
      `${upper(what)} goes up and down between ${sizeText(least)} and ${sizeText(most)}, and comes ` +
      `back: no steady growth.`,
    flat: `Nothing grows: ${what} moved by ${sizeText(most - least)} ${within}, and is ${sizeText(total.last)}.`,
    shrinks: `${upper(what)} shrank by ${sizeText(-riseOf(total))} ${within}.`,
  };
  const hidden = kinds.filter(({verdict}) => verdict === 'steady growth');
  const but = hidden.map(({kind, slope}) => `But ${kind} grows steadily, by ${slopeText(slope!)}.`);
  return [[answers[total.verdict], ...but].join(' ')];
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const steadily = ({isBelowTeeth, since, points}: GrowthLine): string => {
  const when =
    since === undefined || since <= (points.t[0] ?? 0)
      ? 'all the time'
      : `since ${spanText(since)} after the first sample`;
  return isBelowTeeth ? 'below what comes and goes: its low points rise' : `steadily, ${when}`;
};

function mostOf({kinds, total, measure, totalMeasure}: Growth): string {
  const [first] = kinds.filter(({verdict}) => verdict === 'steady growth');
  const rise = riseOf(total);
  if (!first || rise <= 0) return '';
  if (measure === 'size' && totalMeasure !== 'size') return ` Of the kinds, ${first.kind} grows in size.`;
  return ` ${Math.min(100, Math.round((riseOf(first) / rise) * 100))} % of it is ${first.kind}.`;
}

/** A forecast at this rate: no further ahead than it was watched, and only where the rate is known well. */
function forecast({total, span, limit}: Growth): string[] {
  const {low, high, slope} = total.slope!;
  if (high - low > slope) return [];
  const [from, to] = [total.last + low * span, total.last + high * span].map(sizeText) as [string, string];
  const ahead = `At this rate: ${from === to ? from : `${from} to ${to}`} after another ${spanText(span)}.`;
  if (limit === undefined) return [ahead];
  if (limit <= total.last) return [ahead, `It is already above ${sizeText(limit)}.`];
  const [soon, late] = [high, low].map((rate) => spanText((limit - total.last) / rate)) as [string, string];
  return [ahead, `It reaches ${sizeText(limit)} in ${soon === late ? soon : `${soon} to ${late}`} at this rate.`];
}
