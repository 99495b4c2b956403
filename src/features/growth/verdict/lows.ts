import type {Points} from '../../../history/series.ts';
import {median, type Slope, theilSen} from '../../../history/trend.ts';
import {onsetOf} from './bend.ts';
import {squaresOf} from './fit.ts';

/**
 * At least this many low points say something on their own; or this many of each and in total, with the high points.
 */
const FEWEST = {alone: 5, each: 3, together: 7} as const;

/**
 * More low points than this are taken together, the lowest of a few neighbours each: few samples hit the very lowest.
 */
const GROUPS = 12;

/** The rise is this many times what the low points may be off, or more. */
const SAFE = 1.5;

/** A turn counts as one from this fraction of the whole movement. */
const TURN = 0.4;

/**
 * Do the low points rise, below what comes and goes? A leak's do, a collector's don't. Where teeth are few or samples
 * are, it takes the high points as well, which must rise at the same rate.
 *
 * @param slope of the whole series, which is taken out before ups and downs are measured
 * @param least a rise of less than this doesn't matter
 */
export function risingLows(points: Points, slope: number, least: number): {slope: Slope; since: number} | undefined {
  const {lows, highs} = turnsOf(points, slope);
  const low = extremes(points, lows, (a, b) => a < b);
  if (low.t.length < FEWEST.each) return undefined;
  const rate = theilSen(low.t, low.v);
  const rise = rate.slope * (low.t.at(-1)! - low.t[0]!);
  if (rate.low <= 0 || rise < least || rise < (SAFE * strobeOf(points, lows)) / Math.sqrt(lows.length / low.t.length))
    return undefined;
  const found = {slope: rate, since: onsetOf(low) ?? points.t[0]!};
  if (low.t.length >= FEWEST.alone && isRising([low])) return found;
  const high = extremes(points, highs, (a, b) => a > b);
  const isEnough = high.t.length >= FEWEST.each && low.t.length + high.t.length >= FEWEST.together;
  return isEnough && isRising([low, high]) ? found : undefined;
}

/**
 * Student's t that a slope reaches by chance in 1 of 1,000 cases, one-sided: for 3 degrees of freedom and more. The
 * last is for 21; with more it is hardly less.
 */
const CHANCE = [
  10.21, 7.17, 5.89, 5.21, 4.79, 4.5, 4.3, 4.14, 4.02, 3.93, 3.85, 3.79, 3.73, 3.69, 3.65, 3.61, 3.58, 3.55, 3.53,
] as const;

/** Do the points rise at one rate, each list from a level of its own, and do so all the time? By least squares. */
function isRising(lists: readonly Points[]): boolean {
  const free = lists.reduce((sum, {t}) => sum + t.length - 1, 0) - 1;
  if (free < 3) return false;
  const each = lists.map(({t, v}) => squaresOf({t: t.map((time) => time - t[0]!), v}));
  const [xx, xy, yy] = (['xx', 'xy', 'yy'] as const).map((of) => each.reduce((sum, one) => sum + one[of], 0)) as [
    number,
    number,
    number,
  ];
  const slope = xy / xx;
  const error = Math.sqrt(Math.max(0, yy - slope * xy) / free / xx);
  return slope / error >= CHANCE[Math.min(free, CHANCE.length + 2) - 3]! && lists.every(isEven);
}

/** Each third is higher than the one before, and the later half rises about as fast as the earlier one. */
function isEven({t, v}: Points): boolean {
  if (t.length < 5) return v.every((value, at) => at === 0 || value > v[at - 1]!);
  const third = Math.ceil(t.length / 3);
  const levels = [v.slice(0, third), v.slice(third, -third), v.slice(-third)].map(median) as [number, number, number];
  if (!(levels[1] > levels[0]) || !(levels[2] > levels[1])) return false;
  const half = t.length >> 1;
  const rate = (from: number, to: number): number => theilSen(t.slice(from, to), v.slice(from, to)).slope;
  return rate(half, t.length) > 0.45 * rate(0, t.length - half);
}

/**
 * How far off a low point may be, since the sample came a moment after it: the next sample is higher by this much.
 * Teeth as regular as the samples make this error grow or shrink from tooth to tooth, as a stroboscope does.
 */
const strobeOf = ({v}: Points, lows: readonly number[]): number => median(lows.map((at) => v[at + 1]! - v[at]!));

/** The most extreme of each few neighbours. */
function extremes({t, v}: Points, turns: readonly number[], isMore: (a: number, b: number) => boolean): Points {
  const groups = Math.min(GROUPS, turns.length);
  const most = Array.from({length: groups}, (_, group) => {
    const [from, to] = [group, group + 1].map((edge) => Math.round((edge * turns.length) / groups));
    return turns.slice(from, to).reduce((best, at) => (isMore(v[at]!, v[best]!) ? at : best));
  });
  return {t: most.map((at) => t[at]!), v: most.map((at) => v[at]!)};
}

/**
 * The turns of a series that goes up and down: after each fall, the lowest point before it rises again, and before each
 * fall the highest one. Where memory is collected from time to time, the low points are what was left. The first rise
 * and the last fall may be cut off, and are left out.
 */
function turnsOf({t, v}: Points, slope: number): {lows: readonly number[]; highs: readonly number[]} {
  const level = v.map((value, index) => value - slope * (t[index]! - t[0]!));
  const turn =
    TURN *
    (level.reduce((most, value) => Math.max(most, value)) - level.reduce((least, value) => Math.min(least, value)));
  const [lows, highs]: [number[], number[]] = [[], []];
  let low = 0;
  let high = 0;
  let isFalling = false;
  for (const [index, value] of level.entries()) {
    if (value < level[low]!) low = index;
    if (value > level[high]!) high = index;
    if (isFalling && value > level[low]! + turn) {
      // Steps turn too once the slope is taken out, but never come down.
      if (v[low]! < v[highs.at(-1)!]!) lows.push(low);
      else highs.pop();
      isFalling = false;
      high = index;
    } else if (!isFalling && value < level[high]! - turn) {
      highs.push(high);
      isFalling = true;
      low = index;
    }
  }
  return {lows, highs};
}
