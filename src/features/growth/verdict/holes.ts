import type {Points, Time} from '../../../history/series.ts';

/** No sample for more than this fraction of the whole time is a hole: what was missed there is unknown. */
const LONG = 1 / 8;

/**
 * Of a change that is said to have come at once: no sample for this many times the usual distance, and this fraction.
 */
const FAR = {distances: 8, part: 1 / 20} as const;

/**
 * The times of more than an eighth of the whole in which there was no sample, also before the first and after the last.
 */
export function holesOf(t: readonly number[], {from, to}: Time): readonly Time[] {
  const least = LONG * (to - from);
  return [...t, to].flatMap((end, index) => {
    const begin = t[index - 1] ?? from;
    return end - begin > least ? [{from: begin, to: end}] : [];
  });
}

/** How long an amount must be read without a hole, up to the end, to be judged: this fraction of the whole time. */
const ENOUGH = 1 / 2;

/**
 * What follows the last hole. What an amount did in a hole is unknown, and must not be taken for flat; what it did
 * since then can be judged.
 *
 * @returns undefined if that is less than half of the time, or if the end was not read
 */
export function sinceLastHole({t, v}: Points, holes: readonly Time[], {from, to}: Time): Points | undefined {
  const last = holes.at(-1);
  if (!last) return {t, v};
  if (to - last.to < ENOUGH * (to - from)) return undefined;
  const begin = t.findIndex((time) => time >= last.to);
  return {t: t.slice(begin), v: v.slice(begin)};
}

/** Is the distance between two samples so long that what came between them may have come little by little? */
export function isFarApart({t}: Points, before: number, after: number): boolean {
  const span = t.at(-1)! - t[0]!;
  const distances = t.slice(1).map((time, index) => time - t[index]!);
  const usual = distances.sort((a, b) => a - b)[distances.length >> 1]!;
  const distance = t[after]! - t[before]!;
  return distance > LONG * span || (distance > FAR.distances * usual && distance > FAR.part * span);
}
