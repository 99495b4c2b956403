import type {Diff} from '../diff/diff.ts';
import type {Change} from '../model/change.ts';
import {sizeOf, type Region} from '../model/region.ts';
import type {Amount} from './picture-bar.ts';

/** Regions of both sides that changes tie together; or, without a change, regions that are the same on both sides. */
export interface DiffBlock {
  readonly before: readonly Region[];
  readonly after: readonly Region[];
  readonly changes: readonly Change[];
  /** How many of the regions are the same on both sides. */
  readonly same: number;
}

/**
 * Both sides as one list, ascending: by where things are after. What is gone stands where it was; or, where two runs are
 * compared and all addresses differ, above what lay below it.
 */
export function diffBlocks({before, after, changes, match}: Diff): DiffBlock[] {
  const ties = new Ties(changes);
  const placed: Array<{block: DiffBlock; place: number}> = [];
  const placeOf = new Map<DiffBlock, number>();
  const done = new Set<DiffBlock>();
  // What is the same lies at the same address, in the comparison of two runs too: else it has moved.
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
  // The sort is stable: what is gone follows what it lay above, in its own order.
  return placed.sort((a, b) => a.place - b.place).map(({block}) => block);
}

const unchanged = (before: Region, after: Region): DiffBlock => ({
  before: [before],
  after: [after],
  changes: [],
  same: 1,
});

/** Which regions go together, since a change or several in a row concern them. */
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
export const joinedDiff = (blocks: readonly DiffBlock[]): DiffBlock =>
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

/** How much a block is about: bytes that came or went, or else became resident or no longer are. */
export function amountOfChange({changes}: DiffBlock): number {
  return changes.reduce((sum, {delta}) => sum + Math.abs(delta.size) + Math.abs(delta['rss'] ?? 0), 0);
}
