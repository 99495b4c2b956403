import type {Region} from '../model/region.ts';
import type {Draft} from './draft.ts';
import {pairMovedInTurn} from './moved.ts';
import {objectsOf, type LayoutObject} from './objects.ts';
import {fate} from './same.ts';
import {sweep, type Swept} from './sweep.ts';

/**
 * The layout match: two runs of a program, or two hosts. The kernel places the executable (if it is position-independent),
 * the libraries, the heap, the stack and the vdso at random addresses, each as a whole. So memory is compared object by
 * object: the object's slide is found and taken out, and then the same sweep applies.
 *
 * What lies in the same place on both sides is settled first, and what belongs to no pair of objects is swept where it is.
 */
export function sweepLayout(before: readonly Region[], after: readonly Region[]): Swept {
  const drafts: Draft[] = [];
  let unchanged = 0;
  const settled = inPlace(before, after);
  const add = (first: readonly Region[], second: readonly Region[], slide: number): void => {
    const swept = sweep(first, second, slide);
    for (const draft of swept.drafts) drafts.push(draft);
    unchanged += swept.unchanged;
  };
  const isLeft = (region: Region): boolean => !settled.has(region);
  const isSettled = (region: Region): boolean => settled.has(region);

  const {pairs, alone} = matchObjects(objectsOf(before), objectsOf(after));
  add(before.filter(isSettled), after.filter(isSettled), 0);
  for (const {before: a, after: b, slide} of pairs) add(a.regions.filter(isLeft), b.regions.filter(isLeft), slide);
  const rest = (regions: readonly Region[]) => regions.filter((region) => alone.has(region) && isLeft(region));
  add(rest(before), rest(after), 0);
  return {drafts: pairMovedInTurn(drafts), unchanged};
}

/** Regions, of both sides, that are the same memory at the same addresses: an executable that isn't position-independent. */
function inPlace(before: readonly Region[], after: readonly Region[]): Set<Region> {
  const settled = new Set<Region>();
  const there = new Map(after.map((region) => [region.start, region]));
  for (const region of before) {
    const other = there.get(region.start);
    if (other?.end === region.end && fate(region, other, 0) === 'kept') settled.add(region).add(other);
  }
  return settled;
}

interface ObjectPair {
  readonly before: LayoutObject;
  readonly after: LayoutObject;
  readonly slide: number;
}

/** Pairs objects by their keys, and finds their slides; the regions of objects without a partner are alone. */
function matchObjects(before: readonly LayoutObject[], after: readonly LayoutObject[]) {
  const others = new Map(after.map((object) => [object.key, object]));
  const slides = new Map<string, number>();
  for (const object of before) {
    const other = others.get(object.key);
    if (other && !object.isAnonymous) slides.set(object.key, slideOfNamed(object, other));
  }
  const pairs: ObjectPair[] = [];
  const alone = new Set([...before, ...after].flatMap((object) => object.regions));
  for (const object of before) {
    const other = others.get(object.key);
    const slide = other && (other.isAnonymous ? slideOfAnonymous(object, other, slides) : slides.get(other.key));
    if (!other || slide === undefined) continue;
    pairs.push({before: object, after: other, slide});
    for (const region of [...object.regions, ...other.regions]) alone.delete(region);
  }
  return {pairs, alone};
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
function slideOfAnonymous(before: LayoutObject, after: LayoutObject, slides: Map<string, number>): number | undefined {
  const neighbours = [before.below, before.above === after.above ? before.above : undefined];
  let best: number | undefined;
  let most = Math.max(before.regions.length, after.regions.length) - 1;
  for (const neighbour of neighbours) {
    const slide = neighbour === undefined ? undefined : slides.get(neighbour);
    const fit = slide === undefined ? 0 : commonBorders(before.regions, after.regions, slide);
    if (fit > most) [best, most] = [slide, fit];
  }
  return best;
}

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
