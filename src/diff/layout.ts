import {type Region, sizeOf} from '../model/region.ts';
import {fate} from '../model/same.ts';
import {fold, type UnnamedPiece} from './fold.ts';
import type {Draft} from './draft.ts';
import {
  exchanged,
  isAnotherFile,
  isUnnamed,
  type LayoutObject,
  neighboursOf,
  objectsOf,
  sameNames,
  slidesOfNamed,
} from './objects.ts';
import {sweep, type Swept} from './sweep.ts';

/**
 * The layout match: two runs of a program, or two hosts. The kernel places the executable (if it is
 * position-independent), the libraries, the heap, the stack and the vdso at random addresses, each as a whole. So
 * memory is compared object by object: the object's slide is found and taken out, and then the same sweep applies.
 *
 * What lies in the same place on both sides comes first; then what has a name; then unnamed memory that moved with a
 * named neighbour and has the same borders. Where other unnamed memory lies, and what it was merged with, is chance: it
 * is compared by what it is for and how much there is (diff/fold.ts).
 */
export function sweepLayout(before: readonly Region[], after: readonly Region[]): Swept {
  const layout = new Layout(before, after);
  layout.settleInPlace();
  layout.sweepNamed();
  layout.sweepBesideNamed();
  layout.foldUnnamed();
  layout.sweepRest();
  return {drafts: layout.drafts, unchanged: layout.unchanged};
}

interface Pair {
  readonly before: LayoutObject;
  readonly after: LayoutObject;
}

class Layout {
  readonly drafts: Draft[] = [];
  unchanged = 0;
  readonly #before: readonly Region[];
  readonly #after: readonly Region[];
  /** Regions of both sides that are done with. */
  readonly #settled = new Set<Region>();
  readonly #pairs: readonly Pair[];
  /** By the key of a named object. */
  readonly #slides: ReadonlyMap<string, number>;
  /** What a file's bss was merged with: what is left of a region when its bss is taken off. */
  readonly #rests: {readonly before: UnnamedPiece[]; readonly after: UnnamedPiece[]} = {before: [], after: []};

  constructor(before: readonly Region[], after: readonly Region[]) {
    this.#before = before;
    this.#after = after;
    const [ours, theirs] = sameNames(objectsOf(before), objectsOf(after));
    const others = new Map(theirs.map((object) => [object.key, object]));
    this.#pairs = ours.flatMap((object) => {
      const other = others.get(object.key);
      return other ? [{before: object, after: other}] : [];
    });
    this.#slides = slidesOfNamed(this.#pairs);
  }

  /** Regions that are the same memory at the same addresses: an executable that isn't position-independent. */
  settleInPlace(): void {
    const there = new Map(this.#after.map((region) => [region.start, region]));
    const same = this.#before.filter((region) => {
      const other = there.get(region.start);
      return other?.end === region.end && fate(region, other, 0) === 'kept';
    });
    this.#sweep(
      same,
      same.map((region) => there.get(region.start)!),
      0,
    );
  }

  sweepNamed(): void {
    for (const {before, after} of this.#pairs) {
      if (before.isAnonymous) continue;
      const [ours, theirs] = [this.#left(before.regions), this.#left(after.regions)];
      const slide = this.#slides.get(before.key)!;
      if (isAnotherFile(ours, theirs)) this.#exchange(ours, theirs);
      else if (slide === 0) this.#sweep(ours, theirs, 0);
      else this.#sweepWithBss(ours, theirs, slide);
    }
  }

  /** Unnamed memory that moved with a neighbour and has the same borders. */
  sweepBesideNamed(): void {
    for (const {before, after} of this.#pairs) {
      if (!before.isAnonymous) continue;
      for (const neighbour of neighboursOf(before, after)) {
        const slide = this.#slides.get(neighbour);
        if (slide === undefined) continue;
        const theirs = new Map(this.#left(after.regions).map((region) => [region.start, region]));
        for (const region of this.#left(before.regions)) {
          const other = theirs.get(region.start + slide);
          if (other && isAlike(region, other)) this.#sweep([region], [other], slide);
        }
      }
    }
  }

  foldUnnamed(): void {
    const [ours, theirs] = [this.#unnamed(this.#before), this.#unnamed(this.#after)];
    for (const draft of fold([...ours, ...this.#rests.before], [...theirs, ...this.#rests.after])) {
      this.drafts.push(draft);
    }
    for (const {region} of [...ours, ...theirs]) this.#settled.add(region);
  }

  /** What only one side has. */
  sweepRest(): void {
    this.#sweep(this.#left(this.#before), [], 0);
    this.#sweep([], this.#left(this.#after), 0);
  }

  #exchange(before: readonly Region[], after: readonly Region[]): void {
    const [ours, theirs] = [before, after].map((regions) => regions.filter((region) => !isUnnamed(region)));
    this.drafts.push(exchanged(ours!, theirs!));
    for (const region of [...ours!, ...theirs!]) this.#settled.add(region);
  }

  /**
   * A file's bss is the unnamed memory right above it. The kernel merges it with whatever unnamed memory lies above
   * that, and ASLR decides what does. So of two that differ in size, the smaller one is the bss, and the rest of the
   * larger one is not the file's.
   */
  #sweepWithBss(before: readonly Region[], after: readonly Region[], slide: number): void {
    const [ours, theirs] = [before, after].map(bssOf);
    const [a, b] = [ours ? sizeOf(ours) : 0, theirs ? sizeOf(theirs) : 0];
    if (a === b && ours?.start === (theirs && theirs.start - slide)) return this.#sweep(before, after, slide);
    const without = (regions: readonly Region[]): Region[] =>
      regions.filter((region) => region !== ours && region !== theirs);
    this.#sweep(without(before), without(after), slide);
    if (
      ours &&
      theirs &&
      ours.start + slide === theirs.start &&
      ours.perms === theirs.perms &&
      ours.name === theirs.name
    ) {
      this.#sweepCut(ours, theirs, Math.min(a, b), slide);
    }
  }

  /**
   * The common part of two regions moved; the rest of either is a piece of its own. Counters are those of whole
   * regions, and go to the fold.
   */
  #sweepCut(before: Region, after: Region, size: number, slide: number): void {
    this.drafts.push({
      kind: 'moved',
      range: {start: after.start, end: after.start + size},
      from: {start: before.start, end: before.start + size},
      slide,
      before: [before],
      after: [after],
      size: 0,
      usage: {},
    });
    this.#rests.before.push({start: before.start + size, end: before.end, region: before, isRest: true});
    this.#rests.after.push({start: after.start + size, end: after.end, region: after, isRest: true});
    this.#settled.add(before);
    this.#settled.add(after);
  }

  #unnamed(regions: readonly Region[]): UnnamedPiece[] {
    return this.#left(regions)
      .filter(isUnnamed)
      .map((region) => ({start: region.start, end: region.end, region}));
  }

  #left(regions: readonly Region[]): Region[] {
    return regions.filter((region) => !this.#settled.has(region));
  }

  #sweep(before: readonly Region[], after: readonly Region[], slide: number): void {
    const {drafts, unchanged} = sweep(before, after, slide);
    for (const draft of drafts) this.drafts.push(draft);
    this.unchanged += unchanged;
    for (const region of before) this.#settled.add(region);
    for (const region of after) this.#settled.add(region);
  }
}

/** The unnamed region at the end of a file's regions. */
function bssOf(regions: readonly Region[]): Region | undefined {
  const last = regions.at(-1);
  return last && regions.length > 1 && isUnnamed(last) ? last : undefined;
}

/** The same size, permissions and name. */
const isAlike = (a: Region, b: Region): boolean => sizeOf(a) === sizeOf(b) && a.perms === b.perms && a.name === b.name;
