import {joined, type Block} from './picture-blocks.ts';

/** Above this a hole parts two areas of the address space, and blocks on its sides are not drawn as one: 32 TiB. */
export const ANOTHER_AREA = 2 ** 45;

/**
 * Neighbours of one kind as one block: 1000 thread stacks, 50000 anonymous regions, 40 libraries.
 *
 * @param stays what is not put together with its like
 */
export function runsOfOneKind(blocks: readonly Block[], stays = ''): Block[] {
  const isRun = (last: Block, next: Block): boolean =>
    last.word === next.word && last.word !== stays && next.regions[0]!.start - last.regions.at(-1)!.end < ANOTHER_AREA;
  return groupsBy(blocks, isRun).map((group) => joined(group, group[0]!.word));
}

/**
 * The blocks that matter most stay, and what lies between two of them becomes one: the program, the heap and the stack
 * first, then in turn the one with most resident memory and the one with most address space.
 *
 * @param most how many stay; no more than twice that and one are returned
 */
export function mostImportant(blocks: readonly Block[], most: number): Block[] {
  const kept = new Set<Block>();
  const lists = [
    blocks.filter(({word}) => LANDMARKS.has(word)),
    [...blocks].sort((a, b) => (b.rss ?? 0) - (a.rss ?? 0) || b.size - a.size),
    [...blocks].sort((a, b) => b.size - a.size),
  ];
  for (const block of lists[0]!.slice(0, most)) kept.add(block);
  for (let index = 0; kept.size < Math.min(most, blocks.length); index++) {
    kept.add(lists[1]![index]!);
    if (kept.size < most) kept.add(lists[2]![index]!);
  }
  return groupsBy(blocks, (last, next) => !kept.has(last) && !kept.has(next)).map((group) =>
    joined(group, group.every(({word}) => word === group[0]!.word) ? group[0]!.word : 'mixed'),
  );
}

const LANDMARKS: ReadonlySet<string> = new Set(['program', 'heap', 'stack']);

/** Cuts a list into groups of neighbours that go together. */
export function groupsBy<Item>(items: readonly Item[], together: (last: Item, next: Item) => boolean): Item[][] {
  const groups: Item[][] = [];
  for (const item of items) {
    const group = groups.at(-1);
    if (group && together(group.at(-1)!, item)) group.push(item);
    else groups.push([item]);
  }
  return groups;
}
