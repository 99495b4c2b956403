import {median} from './trend.ts';

/** Where a series has one level before and another after. */
export interface ChangePoint {
  /** The index of the first point of what is after. */
  readonly at: number;
  readonly before: number;
  readonly after: number;
  /** Are both levels further apart than what is beside them moves by itself? */
  readonly isClear: boolean;
}

/** So many points must lie on each side. */
const FEWEST = 3;

/** The levels are so many times the median deviation apart: 4 standard deviations where the noise is normal. */
const CLEAR = 4 * 1.4826;

/**
 * The change point of Hinkley (1970): where two levels, one before and one after, leave the least squares of all places.
 *
 * @param v at least 6 values
 */
export function changePoint(v: readonly number[]): ChangePoint {
  const sum = v.reduce((total, value) => total + value, 0);
  let [left, most, at] = [0, -1, FEWEST];
  for (let k = 1; k <= v.length - FEWEST; k++) {
    left += v[k - 1]!;
    // What two levels explain: the squares between the groups.
    const explained = left ** 2 / k + (sum - left) ** 2 / (v.length - k);
    if (k >= FEWEST && explained > most) [most, at] = [explained, k];
  }
  const sides = [v.slice(0, at), v.slice(at)] as const;
  const [before, after] = [median(sides[0]), median(sides[1])];
  const noise = Math.max(deviation(sides[0]), deviation(sides[1]));
  return {at, before, after, isClear: Math.abs(after - before) > CLEAR * noise};
}

/** Does a difference stand out of values that should be all alike? */
export const isClearOf = (difference: number, values: readonly number[]): boolean =>
  difference > CLEAR * deviation(values);

/** The median of the distances to the median. */
function deviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

/** How many of the largest rises from one point to the next are needed to have come up by `height`. */
export function stepsUp(v: readonly number[], height: number): number {
  const rises = v.slice(1).map((value, index) => value - v[index]!).filter((rise) => rise > 0).sort((a, b) => b - a); // prettier-ignore
  let climbed = 0;
  const last = rises.findIndex((rise) => (climbed += rise) >= height);
  return last < 0 ? Infinity : last + 1;
}
