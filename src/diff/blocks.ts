import {sizeOf, type Region} from '../model/region.ts';

/** Unnamed regions that touch each other: what was mapped in one piece (a thread's guard and stack, a heap of malloc's). */
export type Block = readonly Region[];

export interface BlockPair {
  readonly before: Block;
  readonly after: Block;
  readonly slide: number;
}

/** Cuts unnamed memory into blocks, in address order. */
export function blocksOf(regions: readonly Region[]): Block[] {
  const blocks: Region[][] = [];
  for (const region of regions) {
    const last = blocks.at(-1);
    if (last && last.at(-1)!.end === region.start) last.push(region);
    else blocks.push([region]);
  }
  return blocks;
}

/** Blocks that lie in the same place once `slide` is taken out, to the last border. */
export function pairAt(slide: number, before: readonly Block[], after: readonly Block[]): BlockPair[] {
  const there = new Map(after.map((block) => [block[0]!.start, block]));
  return before.flatMap((block) => {
    const other = there.get(block[0]!.start + slide);
    return other && signature(block) === signature(other) ? [{before: block, after: other, slide}] : [];
  });
}

/** Blocks that are alike, wherever they lie: if as many are on both sides, each goes with the one in its turn. */
export function pairAlike(before: readonly Block[], after: readonly Block[]): BlockPair[] {
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
