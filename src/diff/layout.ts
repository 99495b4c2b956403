import {isFileBacked, type Region, sizeOf} from '../model/region.ts';
import type {Draft} from './draft.ts';
import {pairMovedInTurn} from './moved.ts';
import {baseName, fate, withoutDeleted} from '../model/same.ts';
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
    this.#sweep(
      same,
      same.map((region) => there.get(region.start)!),
      0,
    );
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

/** What the kernel places as a whole: a file's regions with its bss, a region with a label, or unnamed memory between two of these. */
interface LayoutObject {
  /** What it is, with its turn if it occurs again: `/lib/x.so#0`, `anonymous after /lib/x.so#0`. */
  readonly key: string;
  readonly isAnonymous: boolean;
  readonly regions: Region[];
  /** The keys of the named objects below and above; undefined at the ends. */
  readonly below: string | undefined;
  above: string | undefined;
}

const ANONYMOUS = 'anonymous after ';
const START = 'the start';

/** Cuts a listing into objects, in address order. */
function objectsOf(regions: readonly Region[]): LayoutObject[] {
  const objects: LayoutObject[] = [];
  const turns = new Map<string, number>();
  let named: LayoutObject | undefined;
  let name: string | undefined;
  for (const region of regions) {
    const current = objects.at(-1);
    const isNamed = region.name !== '' && !region.name.startsWith('[anon:');
    const what = isNamed ? withoutDeleted(region.name) : undefined;
    if (current && (isNamed ? current === named && name === what : current.isAnonymous || isBss(region, current))) {
      current.regions.push(region);
    } else if (what === undefined) {
      const key = ANONYMOUS + (named?.key ?? START);
      objects.push({key, isAnonymous: true, regions: [region], below: named?.key, above: undefined});
    } else {
      const turn = turns.get(what) ?? 0;
      turns.set(what, turn + 1);
      const key = `${what}#${turn}`;
      if (current?.isAnonymous) current.above = key;
      named = {key, isAnonymous: false, regions: [region], below: named?.key, above: undefined};
      name = what;
      objects.push(named);
    }
  }
  return objects;
}

/** The pages right after a file's last segment: what the program asked for, and the file doesn't have. */
const isBss = (region: Region, file: LayoutObject): boolean =>
  region.start === file.regions.at(-1)!.end && isFileBacked(file.regions.at(-1)!);

/**
 * Another host may have the same library in another folder: what has no partner by its whole name is called as the object of
 * the other side that has the last part of the name in common.
 *
 * @returns both lists, the second in the names of the first
 */
function sameNames(
  before: readonly LayoutObject[],
  after: readonly LayoutObject[],
): [readonly LayoutObject[], readonly LayoutObject[]] {
  const [known, theirs] = [before, after].map((objects) => new Set(objects.map(({key}) => key)));
  const left = new Map<string, string>();
  for (const {key, isAnonymous} of before) if (!isAnonymous && !theirs!.has(key)) left.set(baseName(key), key);
  if (left.size === 0) return [before, after];
  const ours = (key: string): string => (known!.has(key) ? key : (left.get(baseName(key)) ?? key));
  const named = ({key, isAnonymous, regions, below, above}: LayoutObject): LayoutObject => ({
    key: isAnonymous ? `${ANONYMOUS}${below === undefined ? START : ours(below)}` : ours(key),
    isAnonymous,
    regions,
    below: below && ours(below),
    above: above && ours(above),
  });
  return [before, after.map(named)];
}

/** How far each named object lies from where it was, by its key. */
function slidesOfNamed(pairs: ReadonlyArray<{before: LayoutObject; after: LayoutObject}>): Map<string, number> {
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
function slideOfAnonymous(
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
const neighboursOf = (before: LayoutObject, after: LayoutObject): string[] =>
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

/** Unnamed regions that touch each other: what was mapped in one piece (a thread's guard and stack, a heap of malloc's). */
type Block = readonly Region[];

interface BlockPair {
  readonly before: Block;
  readonly after: Block;
  readonly slide: number;
}

/** Cuts unnamed memory into blocks, in address order. */
function blocksOf(regions: readonly Region[]): Block[] {
  const blocks: Region[][] = [];
  for (const region of regions) {
    const last = blocks.at(-1);
    if (last && last.at(-1)!.end === region.start) last.push(region);
    else blocks.push([region]);
  }
  return blocks;
}

/** Blocks that lie in the same place once `slide` is taken out, to the last border. */
function pairAt(slide: number, before: readonly Block[], after: readonly Block[]): BlockPair[] {
  const there = new Map(after.map((block) => [block[0]!.start, block]));
  return before.flatMap((block) => {
    const other = there.get(block[0]!.start + slide);
    return other && signature(block) === signature(other) ? [{before: block, after: other, slide}] : [];
  });
}

/** Blocks that are alike, wherever they lie: if as many are on both sides, each goes with the one in its turn. */
function pairAlike(before: readonly Block[], after: readonly Block[]): BlockPair[] {
  const theirs = bySignature(after);
  return [...bySignature(before)].flatMap(([key, blocks]) => {
    const others = theirs.get(key) ?? [];
    if (others.length !== blocks.length) return [];
    return blocks.map((block, index) => {
      const other = others[index]!;
      return {before: block, after: other, slide: other[0]!.start - block[0]!.start};
    });
  });
}

function bySignature(blocks: readonly Block[]): Map<string, Block[]> {
  const map = new Map<string, Block[]>();
  for (const block of blocks) {
    const key = signature(block);
    const group = map.get(key);
    if (group) group.push(block);
    else map.set(key, [block]);
  }
  return map;
}

/** Sizes, permissions and names, one region after the other. */
const signature = (block: Block): string =>
  block.map((region) => `${sizeOf(region)} ${region.perms} ${region.name}`).join('|');
