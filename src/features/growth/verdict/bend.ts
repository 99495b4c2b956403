import type {Points} from '../../../history/series.ts';
import {blocksOf, theilSen} from '../../../history/trend.ts';
import {lineThrough} from './fit.ts';

/** Growth that began late, or stopped early, is looked for in this many blocks. */
const PARTS = 48;

/** A level and a rise must explain what one line leaves unexplained this much better. */
const BETTER = {onset: 2, stop: 3} as const;

/** A level of less than this fraction of the time can't be told from chance. */
const SHORTEST = 0.08;

/** The level rises by less than this fraction of the pace of the rise. */
const LEVEL = 0.2;

/** When did growth begin, if memory was level before? In ms; undefined if it grew from the first point on. */
export function onsetOf({t, v}: Points): number | undefined {
  const begin = bend({t: t.map((time) => time - t[0]!), v}, BETTER.onset);
  return begin === undefined ? undefined : t.find((time) => time - t[0]! >= begin);
}

/** When did growth stop, if memory is level since then? In ms; undefined if it had not stopped. */
export function stopOf({t, v}: Points): number | undefined {
  const end = t.at(-1)!;
  const begin = bend({t: t.map((time) => end - time).reverse(), v: v.map((value) => -value).reverse()}, BETTER.stop);
  return begin === undefined ? undefined : t.find((time) => end - time <= begin);
}

/**
 * Where a level turns into a rise: the two-phase regression of Hinkley (1969) with a first phase of slope 0. Each
 * candidate is a level up to a time and a straight line from there, by least squares.
 *
 * @param points the first at 0
 * @returns the time
 */
function bend(points: Points, better: number): number | undefined {
  const {t, v} = blocksOf(points, PARTS);
  if (t.length < 8) return undefined;
  const straight = lineThrough(t, v).squares;
  const span = t.at(-1)! - t[0]!;
  let best = {squares: Infinity, at: 0, slope: 0};
  for (let part = 1; part < 2 * PARTS; part++) {
    const at = t[0]! + (part / (2 * PARTS)) * span;
    const {squares, slope} = lineThrough(
      t.map((time) => Math.max(0, time - at)),
      v,
    );
    if (squares < best.squares) best = {squares, at, slope};
  }
  const {at, slope, squares} = best;
  if (slope <= 0 || at - t[0]! < SHORTEST * span || straight <= better * squares) return undefined;
  const level = t.filter((time) => time <= at);
  if (level.length < 3) return undefined;
  return Math.abs(theilSen(level, v.slice(0, level.length)).slope) < LEVEL * slope ? at : undefined;
}

/**
 * When did the pace change most? The split into two lines, each by least squares, that leaves the least squares.
 *
 * @returns ms; undefined where there are too few points
 */
export function splitOf(points: Points): number | undefined {
  const {t, v} = blocksOf({t: points.t.map((time) => time - points.t[0]!), v: points.v}, PARTS);
  let best = {squares: Infinity, at: 0};
  for (let at = 3; at <= t.length - 3; at++) {
    const sides = [lineThrough(t.slice(0, at), v.slice(0, at)), lineThrough(t.slice(at), v.slice(at))] as const;
    const squares = sides[0].squares + sides[1].squares;
    if (squares < best.squares) best = {squares, at};
  }
  return best.at === 0 ? undefined : points.t.find((time) => time - points.t[0]! >= t[best.at]!);
}
