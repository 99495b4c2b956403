import {counted} from '../../model/amounts.ts';
import {hex, type Purpose, type Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {ArenaPlace} from '../../parse/malloc/books.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import {arenasIn} from './target.ts';

/** A block of address space that a heap of an arena lies in, and which one it is. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly arena: ArenaPlace;
  /** Such as `malloc arena 3 of 4, block 2 of 2`. */
  readonly label: string;
}

/**
 * Says of each region that malloc's arenas have whose it is, where the regions alone allow a guess: a few KiB of its
 * memory are read.
 *
 * @param snapshot of a live process
 * @throws Trouble `denied`; `gone`
 */
export function withArenas(snapshot: Snapshot, root: string): Snapshot {
  const {process, regions} = snapshot;
  const handle = new ProcessHandle(process.pid!, root);
  try {
    const isSame = handle.stat().startTime === process.startTime;
    const arenas = isSame ? arenasIn(handle, snapshot) : undefined;
    if (!arenas) return snapshot.withRegions(regions, UNKNOWN);
    const blocks = blocksOf(arenas);
    const told = regions.map((region) => ({...region, ...purposeOf(region, blocks)}));
    const renamed = new Map(
      told
        .flatMap(({label}, row) => (label === regions[row]!.label ? [] : [row]))
        .map((row) => [regions[row]!.label ?? '', told[row]!.label!] as const),
    );
    const isElsewhere = arenas[0]!.blocks.length === 0;
    return snapshot.withRegions(
      told.map((region) => ({...region, label: beside(region.label, renamed)})),
      isElsewhere
        ? ELSEWHERE
        : `A few KiB of its memory were read for this: ${counted(arenas.length, 'arena')} of malloc.`,
    );
  } finally {
    handle.close();
  }
}

/** What has no name is called after its neighbours: `between [heap] and heap 1 of malloc's arenas`. */
function beside(label: string | undefined, renamed: ReadonlyMap<string, string>): string | undefined {
  if (label?.startsWith('between ') !== true) return label;
  return [...renamed].reduce((text, [old, now]) => (old === '' ? text : text.replace(old, now)), label);
}

const UNKNOWN = "The arenas of glibc's malloc were not found: labels of arenas are guesses.";
const ELSEWHERE =
  'The main arena of malloc is not in one piece: only a walk finds it (memmap heap), so it has no label.';

function blocksOf(arenas: readonly ArenaPlace[]): Block[] {
  const all = arenas.flatMap((arena, index) =>
    arena.blocks.map(({start, end}, at): Block => {
      const which = arena.isMain ? "malloc's main arena" : `malloc arena ${index + 1} of ${arenas.length}`;
      const block = arena.blocks.length > 1 ? `, block ${at + 1} of ${arena.blocks.length}` : '';
      return {start, end, arena, label: `${which}${block}`};
    }),
  );
  return all.sort((a, b) => a.start - b.start);
}

/** @returns undefined for what is not, or not for certain, memory of arenas alone */
function purposeOf({start, end, kind}: Region, blocks: readonly Block[]): Purpose | undefined {
  const own = blocks.filter((block) => block.start < end && block.end > start);
  const [first] = own;
  const isWhole = own.reduce((at, block) => (block.start <= at ? Math.max(at, block.end) : at), start) >= end;
  // The brk area may continue after the top, and before the first chunk.
  if (!first || !(isWhole || first.arena.isMain)) return undefined;
  const label = own.map((block) => block.label).join('; ');
  const evidence = first.arena.isMain
    ? `main_arena, at ${hex(first.arena.address)}, has its top chunk here`
    : `heap_info at the beginning of the block says that it is of the arena at ${hex(first.arena.address)}`;
  const unused = kind === 'reserved' ? 'unused part of ' : '';
  const isOwn = first.arena.isMain || kind === 'reserved';
  return {kind: isOwn ? kind : 'arena', label: `${unused}${label}`, evidence, confidence: undefined};
}
