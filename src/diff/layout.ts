import {isFileBacked, type Region} from '../model/region.ts';
import {blocksOf, pairAlike, pairAt, type Block, type BlockPair} from './blocks.ts';
import type {Draft} from './draft.ts';
import {pairMovedInTurn} from './moved.ts';
import {objectsOf, sameNames, type LayoutObject} from './objects.ts';
import {fate} from './same.ts';
import {neighboursOf, slideOfAnonymous, slidesOfNamed} from './slides.ts';
import {sweep, type Swept} from './sweep.ts';

/**
 * The layout match: two runs of a program, or two hosts. The kernel places the executable (if it is position-independent),
 * the libraries, the heap, the stack and the vdso at random addresses, each as a whole. So memory is compared object by
 * object: the object's slide is found and taken out, and then the same sweep applies.
 *
 * It goes from what is certain to what is guessed: what lies in the same place on both sides; what has a name; unnamed memory
 * that lies with a named neighbour; unnamed blocks that are alike; and what is left is swept where it is.
 */
export function sweepLayout(before: readonly Region[], after: readonly Region[]): Swept {
  const layout = new Layout(before, after);
  layout.settleInPlace();
  layout.sweepNamed();
  layout.pairBlocks();
  layout.sweepBesideNamed();
  layout.sweepRest();
  return {drafts: pairMovedInTurn(layout.drafts), unchanged: layout.unchanged};
}

class Layout {
  readonly drafts: Draft[] = [];
  unchanged = 0;
  readonly #before: readonly Region[];
  readonly #after: readonly Region[];
  /** Regions, of both sides, of which all is said. */
  readonly #settled = new Set<Region>();
  readonly #pairs: Array<{before: LayoutObject; after: LayoutObject}>;
  /** By the key of a named object. */
  readonly #slides: ReadonlyMap<string, number>;

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
    this.#sweep(same, same.map((region) => there.get(region.start)!), 0); // prettier-ignore
  }

  sweepNamed(): void {
    for (const {before, after} of this.#pairs) {
      if (!before.isAnonymous) this.#sweep(before.regions, after.regions, this.#slides.get(before.key)!);
    }
  }

  /** Unnamed memory that goes with a neighbour to the last border; then blocks that are alike, which is a guess. */
  pairBlocks(): void {
    for (const {before, after} of this.#pairs) {
      if (!before.isAnonymous) continue;
      for (const neighbour of neighboursOf(before, after)) {
        const slide = this.#slides.get(neighbour);
        if (slide !== undefined) this.#sweepBlocks(pairAt(slide, this.#blocks(before), this.#blocks(after)), false);
      }
    }
    const [ours, theirs] = [this.#before, this.#after].map((regions) =>
      blocksOf(this.#left(regions).filter(isUnnamed)),
    );
    this.#sweepBlocks(pairAlike(ours!, theirs!), true);
  }

  sweepBesideNamed(): void {
    for (const {before, after} of this.#pairs) {
      if (!before.isAnonymous) continue;
      const [ours, theirs] = [this.#left(before.regions), this.#left(after.regions)];
      const slide = slideOfAnonymous({...before, regions: ours}, {...after, regions: theirs}, this.#slides);
      if (slide !== undefined) this.#sweep(ours, theirs, slide);
    }
  }

  sweepRest(): void {
    this.#sweep(this.#before, this.#after, 0);
  }

  #sweepBlocks(pairs: readonly BlockPair[], isGuess: boolean): void {
    for (const {before, after, slide} of pairs) this.#sweep(before, after, slide, isGuess);
  }

  #blocks(object: LayoutObject): Block[] {
    return blocksOf(this.#left(object.regions));
  }

  #left(regions: readonly Region[]): Region[] {
    return regions.filter((region) => !this.#settled.has(region));
  }

  #sweep(before: readonly Region[], after: readonly Region[], slide: number, isGuess = false): void {
    const [ours, theirs] = [this.#left(before), this.#left(after)];
    const {drafts, unchanged} = sweep(ours, theirs, slide);
    for (const draft of drafts) this.drafts.push(isGuess ? {...draft, isGuess} : draft);
    this.unchanged += unchanged;
    for (const region of ours) this.#settled.add(region);
    for (const region of theirs) this.#settled.add(region);
  }
}

const isUnnamed = (region: Region): boolean => !isFileBacked(region) && !/^\[(?!anon:)/.test(region.name);
