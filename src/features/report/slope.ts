/** The time is cut into so many pieces: 20,000 pairs of values. */
const PIECES = 200;
/** Fewer values say nothing about a trend. */
const LEAST = 8;

/**
 * How fast something grows: the median of the slopes between all pairs of values at even distances of time (Theil 1950, Sen
 * 1968). Single jumps don't move it as they move a mean. A recording has a value only where something changed: until the
 * next one it holds.
 *
 * @param times ms, ascending
 * @param values bytes, one for each time
 * @param end ms: until when the last value held
 * @returns bytes a minute; undefined where there are fewer than 8 values
 */
export function slopeOf(times: readonly number[], values: readonly number[], end: number): number | undefined {
  if (values.length < LEAST || end <= times[0]!) return undefined;
  const step = (end - times[0]!) / PIECES;
  const even = held(times, values, step);
  const slopes: number[] = [];
  for (let a = 0; a < even.length; a++) {
    for (let b = a + 1; b < even.length; b++) slopes.push((even[b]! - even[a]!) / ((b - a) * step));
  }
  return median(slopes) * 60_000;
}

function held(times: readonly number[], values: readonly number[], step: number): number[] {
  let at = 0;
  return Array.from({length: PIECES + 1}, (_, piece) => {
    const t = times[0]! + piece * step;
    while (at + 1 < times.length && times[at + 1]! <= t) at++;
    return values[at]!;
  });
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
