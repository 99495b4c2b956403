import type {Points} from '../model/series.ts';

/** The part of its whole movement that a turn must have to count as one. */
const TURN = 0.4;

/**
 * The low points of a series that goes up and down: after each fall, the lowest before it rises again. Where memory is
 * collected from time to time, these are what was left. The first rise and the last fall may be cut off, and are left out.
 *
 * @param slope of the series, which is taken out before ups and downs are measured
 */
export function valleysOf({t, v}: Points, {slope}: {readonly slope: number}): Points {
  const level = v.map((value, index) => value - slope * (t[index]! - t[0]!));
  const turn =
    TURN *
    (level.reduce((most, value) => Math.max(most, value)) - level.reduce((least, value) => Math.min(least, value)));
  const valleys: number[] = [];
  let low = 0;
  let high = 0;
  let isFalling = false;
  for (const [index, value] of level.entries()) {
    if (value < level[low]!) low = index;
    if (value > level[high]!) high = index;
    if (isFalling && value > level[low]! + turn) {
      valleys.push(low);
      isFalling = false;
      high = index;
    } else if (!isFalling && value < level[high]! - turn) {
      isFalling = true;
      low = index;
    }
  }
  return {t: valleys.map((index) => t[index]!), v: valleys.map((index) => v[index]!)};
}
