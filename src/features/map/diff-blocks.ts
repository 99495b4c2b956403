import type {Diff} from '../../diff/diff.ts';
import {type Change, CHANGE_KINDS, type ChangeKind, signedHex} from '../../model/change.ts';
import {type Region, sizeOf} from '../../model/region.ts';
import type {Amount} from './bar.ts';
import {ANOTHER_AREA, groupsBy, isOneThing, wordOfKinds} from './blocks.ts';
import {distinctNames} from './words.ts';
import {safe} from '../../text/safe.ts';

/** Regions of both sides that changes tie together; or, without a change, regions that are the same on both sides. */
export interface DiffBlock {
  readonly before: readonly Region[];
  readonly after: readonly Region[];
  readonly changes: readonly Change[];
  /** How many of the regions are the same on both sides. */
  readonly same: number;
}

/**
 * Both sides as one list, ascending: by where things are after. What is gone is placed where it was; or, where two runs
 * are compared and all addresses differ, above what was below it.
 */
export function diffBlocks({before, after, changes, match}: Diff): DiffBlock[] {
  const ties = new Ties(changes);
  const placed: Array<{block: DiffBlock; place: number}> = [];
  const placeOf = new Map<DiffBlock, number>();
  const done = new Set<DiffBlock>();
  // What is the same is at the same address, even where two runs are compared: otherwise it has moved.
  const untied = new Map(
    before.regions.filter((region) => !ties.of('before', region)).map((region) => [region.start, region]),
  );
  for (const region of after.regions) {
    const block = ties.of('after', region) ?? unchanged(untied.get(region.start) ?? region, region);
    if (done.has(block)) continue;
    done.add(block);
    placed.push({block, place: region.start});
    placeOf.set(block, region.start);
  }
  let below = -1;
  for (const region of before.regions) {
    const block = ties.of('before', region);
    if (block && block.after.length === 0) {
      if (!done.has(block)) placed.push({block, place: match === 'address' ? region.start : below});
    } else below = block ? placeOf.get(block)! : region.start;
    if (block) done.add(block);
  }
  // The sort is stable: what is gone follows what was below it, in its own order.
  return placed.sort((a, b) => a.place - b.place).map(({block}) => block);
}

const unchanged = (before: Region, after: Region): DiffBlock => ({
  before: [before],
  after: [after],
  changes: [],
  same: 1,
});

/** Which regions belong together, since a change, or several in a row, concern them. */
class Ties {
  readonly #blocks = {before: new Map<Region, DraftBlock>(), after: new Map<Region, DraftBlock>()};

  constructor(changes: readonly Change[]) {
    for (const change of changes) this.#add(change);
    for (const side of ['before', 'after'] as const) {
      for (const block of new Set(this.#blocks[side].values())) block[side].sort((a, b) => a.start - b.start);
    }
  }

  of(side: 'before' | 'after', region: Region): DiffBlock | undefined {
    return this.#blocks[side].get(region);
  }

  #add(change: Change): void {
    const found = new Set<DraftBlock>();
    for (const side of ['before', 'after'] as const) {
      for (const region of change[side]) {
        const block = this.#blocks[side].get(region);
        if (block) found.add(block);
      }
    }
    // The largest takes the others in, so that a long chain of changes costs no more than its length.
    const [block = {before: [], after: [], changes: [], same: 0}, ...others] = [...found].sort(
      (a, b) => weight(b) - weight(a),
    );
    block.changes.push(change);
    for (const side of ['before', 'after'] as const) {
      const added = change[side].filter((region) => !this.#blocks[side].has(region));
      for (const other of others) added.push(...other[side]);
      for (const region of added) {
        block[side].push(region);
        this.#blocks[side].set(region, block);
      }
    }
    for (const other of others) block.changes.push(...other.changes);
  }
}

interface DraftBlock {
  readonly before: Region[];
  readonly after: Region[];
  readonly changes: Change[];
  readonly same: 0;
}

const weight = ({before, after}: DraftBlock): number => before.length + after.length;

/** Neighbours as one line of the picture. */
const joinedDiff = (blocks: readonly DiffBlock[]): DiffBlock =>
  blocks.length === 1
    ? blocks[0]!
    : {
        before: blocks.flatMap((block) => block.before),
        after: blocks.flatMap((block) => block.after),
        changes: blocks.flatMap((block) => block.changes),
        same: blocks.reduce((sum, block) => sum + block.same, 0),
      };

/** Bytes on one side. */
export function amountOf(regions: readonly Region[]): Amount {
  let size = 0;
  let rss: number | undefined;
  for (const region of regions) {
    size += sizeOf(region);
    if (region.usage?.rss !== undefined) rss = (rss ?? 0) + region.usage.rss;
  }
  return {size, rss};
}

/** How much a block is about: bytes that were added or removed, or that became resident or no longer are. */
function amountOfChange({changes}: DiffBlock): number {
  return changes.reduce((sum, {delta}) => sum + Math.abs(delta.size) + Math.abs(delta['rss'] ?? 0), 0);
}

/**
 * The same blocks in fewer lines, from the finest view to the coarsest. What is unchanged is always one line, and so
 * are the segments of a library to which the same happened; then what moved as one; then neighbours to which the same
 * happened; finally only the largest changes stay, with all between two of them as one.
 */
export function* fewerDiffBlocks(blocks: readonly DiffBlock[]): Generator<{blocks: DiffBlock[]; isLast: boolean}> {
  const objects = joinedBy(blocks, whatHappened, areOneThing);
  yield {blocks: objects, isLast: false};
  const slides = joinedBy(
    objects,
    (block) => slideOf(block) ?? `${whatHappened(block)} ${wordOfKinds(regionsOf(block))}`,
  );
  yield {blocks: slides, isLast: false};
  const alike = joinedBy(slides, whatHappened);
  yield {blocks: alike, isLast: false};
  const largest = [...alike].sort((a, b) => amountOfChange(b) - amountOfChange(a));
  for (const keep of [24, 18, 14, 11, 9, 7, 5, 3, 1]) {
    const kept = new Set(largest.slice(0, keep));
    const isRest = (block: DiffBlock): boolean => !kept.has(block);
    const areRest = (last: DiffBlock, next: DiffBlock): boolean =>
      isRest(last) && isRest(next) && (isNear(last, next) || keep < AREAS_MATTER);
    yield {blocks: groupsBy(alike, areRest).map(joinedDiff), isLast: keep === 1};
  }
}

/** Joins neighbours of one area that have the same key and are `together`. */
function joinedBy(
  blocks: readonly DiffBlock[],
  keyOf: (block: DiffBlock) => string,
  together = (_last: DiffBlock, _next: DiffBlock): boolean => true,
): DiffBlock[] {
  const keys = new Map(blocks.map((block) => [block, keyOf(block)]));
  return groupsBy(
    blocks,
    (last, next) => keys.get(last) === keys.get(next) && isNear(last, next) && together(last, next),
  ).map(joinedDiff);
}

const isNear = (last: DiffBlock, next: DiffBlock): boolean =>
  regionsOf(next)[0]!.start - regionsOf(last).at(-1)!.end < ANOTHER_AREA;

/** With so few changes kept, even what is far apart is one line. */
const AREAS_MATTER = 5;

const areOneThing = (last: DiffBlock, next: DiffBlock): boolean =>
  last.changes.length === 0 || isOneThing(regionsOf(last), regionsOf(next)[0]!);

const whatHappened = (block: DiffBlock): string => kindsOf(block).join();

/** By how much all of it moved, and nothing else. */
function slideOf({changes}: DiffBlock): string | undefined {
  const [first] = changes;
  const isOne = changes.every(({kind, slide}) => kind === 'moved' && slide === first!.slide);
  return first && isOne ? String(first.slide) : undefined;
}

const regionsOf = ({before, after}: DiffBlock) => (after.length > 0 ? after : before);

/** The kinds of change in a block, the most important first. */
export function kindsOf({changes}: DiffBlock): ChangeKind[] {
  if (changes.length < 2) return changes.map(({kind}) => kind);
  const there = new Set(changes.map(({kind}) => kind));
  return CHANGE_KINDS.filter((kind) => there.has(kind));
}

/** What happened to a block, the longest text first: the first that fits is used. */
export function diffTexts(block: DiffBlock): string[] {
  const {before, after, changes, same} = block;
  const names = distinctNames(after.length > 0 ? after : before).map((texts) => texts.at(-1)!);
  const list = names.length > 0 ? `: ${names.join(', ')}` : '';
  const others = same > 0 ? [`${same} unchanged`] : [];
  if (changes.length === 0) return [`${same} unchanged${list}`];
  const kinds = kindsOf(block).map((kind) => ({kind, those: changes.filter((change) => change.kind === kind)}));
  const full = [...kinds.map(({kind, those}) => `${count(those)}${kind}${details(those)}`), ...others].join(', ');
  const brief = [...kinds.map(({kind, those}) => `${count(those)}${kind}`), ...others].join(', ');
  const sentence = changes.length === 1 && same === 0 ? [safe(changes[0]!.text)] : [];
  return [...sentence, `${full}${list}`, `${brief}${list}`];
}

const count = (changes: readonly Change[]): string => (changes.length > 1 ? `${changes.length} ` : '');

/** Where to, or from what to what: what is the same for all of these changes, which are of one kind. */
function details(changes: readonly Change[]): string {
  const [first] = changes as [Change];
  const {kind, slide, before, after, range, from} = first;
  if (kind === 'moved' && slide !== undefined && changes.every((change) => change.slide === slide))
    return ` by ${signedHex(slide)}`;
  if (changes.length > 1) return '';
  if (kind === 'split') return ` in ${after.length}`;
  if (kind !== 'reprotected') return '';
  const was = at(before, (from ?? range).start)?.perms;
  const is = at(after, range.start)?.perms;
  return was === undefined || is === undefined ? '' : ` from ${safe(was)} to ${safe(is)}`;
}

const at = (regions: readonly Region[], place: number): Region | undefined =>
  regions.find(({start, end}) => start <= place && place < end);
