/** Pairs of points are compared with each other, so their number is limited: 45,000 pairs. */
const MOST_POINTS = 300;
/** Fewer points say nothing about a trend. */
const LEAST_POINTS = 8;

/**
 * The slope of a line through points: the median of the slopes between all pairs of them (Theil 1950, Sen 1968). Single
 * jumps don't move it as they move a mean.
 *
 * @param times ms, ascending
 * @param values bytes
 * @returns bytes a minute; undefined where there are fewer than 8 points
 */
export function slopeOf(times: readonly number[], values: readonly number[]): number | undefined {
  if (values.length < LEAST_POINTS) return undefined;
  const step = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  const points = values.map((value, index) => ({t: times[index]!, value})).filter((_, index) => index % step === 0);
  const slopes: number[] = [];
  for (const [index, a] of points.entries()) {
    for (const b of points.slice(index + 1)) if (b.t > a.t) slopes.push((b.value - a.value) / (b.t - a.t));
  }
  return slopes.length === 0 ? undefined : median(slopes) * 60_000;
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
