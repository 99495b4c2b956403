import type {PackedStay} from '../features/report/pack.ts';
import {duration, endOf, page} from './data.ts';
import type {Placed} from './places.ts';

/** A region for a while, where it is in the picture: pixels. */
export interface Rectangle {
  readonly stay: PackedStay;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A region of one page in a strip of a GiB would be thinner than can be seen. */
const THINNEST = 1.5;

/** Every region at every time, as a rectangle: from its first look to its last, from its start to its end. */
export function rectangles({strips}: Placed, width: number): Rectangle[] {
  const x = xOf(width);
  return strips.flatMap(({strip, parts}) =>
    strip.parts.flatMap(([start, end, stays], index) => {
      const {top, height} = parts[index]!;
      const scale = height / (end - start);
      return stays.map((stay) => {
        const bottom = top + height - (stay[0] - start) * scale;
        const upper = top + height - (stay[1] - start) * scale;
        const middle = (bottom + upper) / 2;
        const half = Math.max(bottom - upper, THINNEST) / 2;
        return {stay, left: x(page.times[stay[5]] ?? 0), right: x(endOf(stay[6])), top: middle - half, bottom: middle + half};
      });
    }),
  );
} // prettier-ignore

/** The place of a time in ms. */
export const xOf =
  (width: number) =>
  (time: number): number =>
    (time / duration) * width;

/** Resident bytes of a stay at a look; undefined where they are not known. */
export function residentAt([, , , , , from, , rss]: PackedStay, look: number): number | undefined {
  if (look < from) return undefined;
  let found: number | undefined;
  for (let at = 0; at < rss.length && rss[at]! <= look; at += 2) found = rss[at + 1]!;
  return found;
}
