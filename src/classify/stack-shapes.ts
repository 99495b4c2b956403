import {sizeOf, type Region} from '../model/region.ts';
import {isWritable, type Space} from './space.ts';
import {guardsOf, tellGuard} from './stacks.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * Stacks of threads that did not tell their stack pointer: they were running, the reader may not ask, or the listing is all
 * there is. A C library maps guard and stack as one block; one of the two, or both together, is a round number of MiB or
 * what RLIMIT_STACK says (8 MiB by default).
 */
export function tellStacksByShape(space: Space): void {
  const label = 'stack of some thread';
  const asked =
    space.clues.threads?.length && space.clues.threads.every(({stackPointer}) => stackPointer !== undefined);
  const whose = asked ? '; none of its threads has its stack pointer there: kept for the next thread' : '';
  const evidence = `no access below it, and the size of a thread's stack${whose}`;
  const verdict = {kind: 'thread-stack', label: asked ? 'unused stack' : label, evidence, confidence: 'guess'} as const;
  const guards = guardsOf(verdict.label, 'guess');
  for (const guard of space.closed) {
    const index = guard + 1;
    if (index === space.regions.length || !space.isOpen(index) || !space.isOpen(guard) || !space.touchesBelow(index)) continue; // prettier-ignore
    if (!looksLikeStack(space.regions[guard]!, space.regions[index]!, space.clues.limits?.stack)) continue;
    space.verdicts[index] = verdict;
    tellGuard(space, index, guards);
  }
}

function looksLikeStack(guard: Region, region: Region, limit: number | null | undefined): boolean {
  if (sizeOf(guard) > 64 * KIB || !isWritable(region) || region.perms[3] !== 'p') return false;
  const size = sizeOf(region);
  const both = size + sizeOf(guard);
  return isRound(size) || isRound(both) || size === limit || both === limit;
}

const isRound = (bytes: number): boolean => bytes > 0 && bytes % MIB === 0 && bytes <= 64 * MIB;
