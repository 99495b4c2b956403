import {hasNoAccess, isExecutable, isPrivate, isWritable} from '../model/region.ts';
import {allocatorIn} from './runtimes/allocators.ts';
import {FLAG, type Space, type Decision} from './space.ts';

const MIB = 1024 * 1024;

/**
 * glibc's malloc gives threads heaps of their own: blocks whose size is HEAP_MAX_SIZE and which begin at a multiple of
 * it, since the block of any pointer is found by masking its low bits. They are mapped without access and with
 * MAP_NORESERVE; mprotect makes the lower part writable as it is needed (malloc/arena.c, new_heap and grow_heap). 64
 * MiB with 64-bit pointers, 1 MiB with 32-bit ones.
 *
 * Each block is a heap of an arena: `heap_info` at its start. Which arena it belongs to, only the memory itself says
 * (`memmap heap` reads it): an arena that outgrows its block gets another.
 */
export function tellArenas(space: Space): void {
  // Each block ends with its unused part, or is recognised by its flag.
  if (space.closed.length === 0 && !space.hasAny(FLAG.nr)) return;
  const block = is32Bit(space) ? MIB : 64 * MIB;
  let number = 0;
  for (let index = 0; index < space.length; index++) {
    if (space.start[index]! % block !== 0 || !isUsed(space, index)) continue;
    const last = lastOf(space, index, block);
    if (last < 0) continue;
    const blocks = Math.ceil((space.end[last]! - space.start[index]!) / block);
    name(space, index, last, number + 1, blocks, block);
    number += blocks;
    index = last;
  }
}

/** Is all of it below 4 GiB? A 32-bit program has no region above, and a 64-bit one always has its stack there. */
const is32Bit = ({end, length}: Space): boolean => length === 0 || end[length - 1]! <= 2 ** 32;

const isUsed = (space: Space, index: number): boolean => {
  const region = space.at(index);
  return (
    space.isOpen(index) && isWritable(region) && !isExecutable(region) && isPrivate(region) && isGlibcs(space, index)
  );
};

/**
 * V8 adds MADV_DONTFORK to what it maps; what the JVM made writable no longer has nr. Without flags, neither can be
 * seen.
 */
const isGlibcs = (space: Space, index: number): boolean =>
  !space.hasFlags(index) || (space.has(index, FLAG.nr) && !space.has(index, FLAG.dc));

/**
 * Finds the block's last region: used parts, then one without access up to a multiple of the block's size. Or one that
 * is used up to there, with nothing left: without the flag `nr`, that may be any memory.
 *
 * @returns -1 if this is not such a block
 */
function lastOf(space: Space, first: number, block: number): number {
  const limit = Math.ceil(space.end[first]! / block) * block;
  for (let index = first; index < space.length && space.start[index]! < limit; index++) {
    const region = space.at(index);
    if (index > first && (!space.isOpen(index) || !space.touchesBelow(index))) return -1;
    const isWhole = region.end % block === 0;
    if (hasNoAccess(region))
      return isWhole && region.end - region.start < block && index > first && isGlibcs(space, index) ? index : -1;
    if (!isUsed(space, index)) return -1;
    if (isWhole && space.has(index, FLAG.nr)) return allocatorIn(space) ? -1 : index;
  }
  return -1;
}

function name(space: Space, first: number, end: number, number: number, blocks: number, block: number): void {
  const last = number + blocks - 1;
  const labels = `${blocks === 1 ? `heap ${number}` : `heaps ${number} to ${last}`} of malloc's arenas`;
  const evidence = block === MIB ? EVIDENCE_32 : EVIDENCE;
  const used: Decision = {kind: 'arena', label: labels, evidence, confidence: 'guess'};
  for (let index = first; index <= end; index++) {
    space.tell(
      index,
      hasNoAccess(space.at(index))
        ? {kind: 'reserved', label: `unused part of heap ${last} of malloc's arenas`, evidence, confidence: 'guess'}
        : used,
    );
  }
}

const evidenceOf = (size: string): string =>
  `a block of ${size} at a multiple of ${size}, writable up to where it is used: a heap of one of the ` +
  `arenas of glibc's malloc`;

const EVIDENCE = evidenceOf('64 MiB');
const EVIDENCE_32 = evidenceOf('1 MiB');
