import type {Region} from '../model/region.ts';
import type {LayoutObject} from './objects.ts';

/** How far each named object lies from where it was, by its key. */
export function slidesOfNamed(pairs: ReadonlyArray<{before: LayoutObject; after: LayoutObject}>): Map<string, number> {
  const named = pairs.filter(({before}) => !before.isAnonymous);
  return new Map(named.map(({before, after}) => [before.key, slideOfNamed(before, after)]));
}

function slideOfNamed(before: LayoutObject, after: LayoutObject): number {
  const [a] = before.regions as [Region];
  const [b] = after.regions as [Region];
  // The stack's top is where the kernel put it; its start moves as it grows.
  if (a.name === '[stack]') return after.regions.at(-1)!.end - before.regions.at(-1)!.end;
  // Some listings have no offsets.
  return b.start - (b.offset ?? 0) - (a.start - (a.offset ?? 0));
}

/**
 * Unnamed memory goes with the object below or above it, if half of its borders do: a slide that brings a thread's guard over
 * another's stack says nothing. If it goes with neither, it is not known which is which.
 */
export function slideOfAnonymous(
  before: LayoutObject,
  after: LayoutObject,
  slides: ReadonlyMap<string, number>,
): number | undefined {
  const neighbours = neighboursOf(before, after);
  let best: number | undefined;
  let most = Math.max(before.regions.length, after.regions.length) - 1;
  for (const neighbour of neighbours) {
    const slide = slides.get(neighbour);
    const fit = slide === undefined ? 0 : commonBorders(before.regions, after.regions, slide);
    if (fit > most) [best, most] = [slide, fit];
  }
  return best;
}

/** The named objects that lie below and above unnamed memory on both sides. Below is what it is called after. */
export const neighboursOf = (before: LayoutObject, after: LayoutObject): string[] =>
  [before.below, before.above === after.above ? before.above : undefined].filter((key) => key !== undefined);

/** How many starts and ends of `before`, moved by `slide`, are also in `after`, with the same permissions. */
function commonBorders(before: readonly Region[], after: readonly Region[], slide: number): number {
  const starts = new Set(after.map(({start, perms}) => `${start} ${perms}`));
  const ends = new Set(after.map(({end, perms}) => `${end} ${perms}`));
  let common = 0;
  for (const {start, end, perms} of before) {
    if (starts.has(`${start + slide} ${perms}`)) common++;
    if (ends.has(`${end + slide} ${perms}`)) common++;
  }
  return common;
}
