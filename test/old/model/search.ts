/**
 * Binary search: the first of ascending places at which something holds. It holds nowhere before, and everywhere after.
 *
 * @param from the first place that may be it
 * @returns `end` if it holds at none
 */
export function firstWhere(holdsAt: (place: number) => boolean, end: number, from = 0): number {
  let [low, high] = [from, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holdsAt(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The place of the first value that is not below `value`. */
export const lowerBound = (values: readonly number[], value: number): number =>
  firstWhere((place) => values[place]! >= value, values.length);

/** The place of the first region that starts at an address or above it; at or after the place `from`. */
export const firstFrom = (regions: ReadonlyArray<{readonly start: number}>, address: number, from = 0): number =>
  firstWhere((place) => regions[place]!.start >= address, regions.length, from);
