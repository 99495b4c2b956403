import {isFileBacked, sizeOf, type Region} from '../../model/region.ts';
import type {Amount} from './bar.ts';

/** What one line of the picture represents: a region, or neighbours that are one thing. */
export interface Block extends Amount {
  /** Ascending; at least one. */
  readonly regions: readonly Region[];
  /** What it is, in one word: its kind, `program`, `library`, or `mixed`. */
  readonly word: string;
  /** How many things were combined, each a region or an object: 5 stacks, each with its guard. */
  readonly things: number;
}

/**
 * Which file is the program itself: its regions are drawn separately, since the picture of a process begins with them.
 */
export type IsProgram = (region: Region) => boolean;

/**
 * The file that /proc/PID/exe names; else the first that has code, as the kernel puts the program below the libraries.
 */
export function programOf(regions: readonly Region[], exe: string | undefined): IsProgram {
  const isThere = exe !== undefined && regions.some(({name}) => name === exe);
  const name = isThere ? exe : regions.find((region) => region.kind === 'text')?.name;
  return (region) => region.name === name && name !== '';
}

/** Each region on its own. */
export const single = (region: Region): Block => ({
  regions: [region],
  word: region.kind,
  size: sizeOf(region),
  rss: region.usage?.rss,
  things: 1,
});

/** Regions as one thing. */
const whole = (regions: readonly Region[], word: string): Block =>
  regions.length === 1 ? single(regions[0]!) : {...joined(regions.map(single), word), things: 1};

/** Neighbours as one block. Where some of them don't say what is resident, the others' sum is what is known. */
function joined(blocks: readonly Block[], word: string): Block {
  if (blocks.length === 1) return blocks[0]!;
  const regions = blocks.flatMap((block) => block.regions);
  let size = 0;
  let things = 0;
  let rss: number | undefined;
  for (const block of blocks) {
    size += block.size;
    things += block.things;
    if (block.rss !== undefined) rss = (rss ?? 0) + block.rss;
  }
  return {regions, word, size, rss, things};
}

/**
 * Regions that one mapping made, or that belong together, as one block: the segments of a library with its bss, a
 * thread's stack with its guard, an arena with its unused rest, files side by side.
 *
 * @param apart regions that are blocks of their own nevertheless
 */
export function objectBlocks(regions: readonly Region[], isProgram: IsProgram, apart: IsProgram): Block[] {
  const groups: Region[][] = [];
  for (const region of regions) {
    const group = groups.at(-1);
    const isApart = apart(region) || (region.kind === 'bss' && group?.length === 1 && apart(group[0]!));
    if (group && !isApart && !apart(group.at(-1)!) && isOneThing(group, region)) group.push(region);
    else groups.push([region]);
  }
  return groups.map((group) => whole(group, group.length === 1 ? group[0]!.kind : wordOf(group, isProgram)));
}

/** Older linkers left holes of up to 2 MiB between the segments of a library, and so do linkers for large pages. */
const HOLE = 4 * 1024 * 1024;

/** Does a region belong to the one thing that these, below it, are? */
export function isOneThing(group: readonly Region[], next: Region): boolean {
  const [first, last] = [group[0]!, group.at(-1)!];
  const touches = last.end === next.start;
  if (isFileBacked(next) && fileOf(next) === fileOf(first)) return next.start - last.end <= HOLE;
  if (!touches) return false;
  if (next.kind === 'bss') return isFileBacked(first);
  if (next.kind === 'thread-stack') return group.length === 1 && first.kind === 'guard';
  if (first.kind === 'arena') return next.kind === 'reserved' || (next.kind === 'arena' && last.kind === 'arena');
  return first.kind === next.kind && (next.kind === 'file' || next.kind === 'vvar');
}

const fileOf = ({dev, inode, name}: Region): string => `${dev} ${inode} ${name}`;

/** A library's first region may be its constants; code anywhere makes it a library. */
function wordOf(group: readonly Region[], isProgram: IsProgram): string {
  if (group.some(isProgram)) return 'program';
  if (group.some(({kind}) => kind === 'text')) return 'library';
  return wordOfKinds(group);
}

/** The kind that all of them have, apart from guards; else `mixed`. */
export function wordOfKinds(regions: readonly Region[]): string {
  const kinds = new Set(regions.map(({kind}) => kind));
  if (kinds.size > 1) kinds.delete('guard');
  if (kinds.has('arena')) kinds.delete('reserved');
  return kinds.size === 1 ? [...kinds][0]! : 'mixed';
}

/**
 * A hole larger than this separates two areas of the address space, and blocks on its two sides are not drawn as one:
 * 32 TiB.
 */
export const ANOTHER_AREA = 2 ** 45;

/**
 * Neighbours of one kind as one block: 1000 thread stacks, 50000 anonymous regions, 40 libraries.
 *
 * @param stays the word of blocks that are not combined
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
 * @param most how many stay; at most twice that plus one are returned
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

/** Cuts a list into groups of neighbours that belong together. */
export function groupsBy<Item>(items: readonly Item[], together: (last: Item, next: Item) => boolean): Item[][] {
  const groups: Item[][] = [];
  for (const item of items) {
    const group = groups.at(-1);
    if (group && together(group.at(-1)!, item)) group.push(item);
    else groups.push([item]);
  }
  return groups;
}
