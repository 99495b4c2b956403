import type {Thread} from '../model/clues/clues.ts';
import {hasNoAccess, isPrivate, isWritable, type Region, sizeOf} from '../model/region.ts';
import {FLAG, type Space, type Decision} from './space.ts';

const MIB = 1024 * 1024;

/**
 * The stacks of the threads whose stack pointers are known, and what the kernel lets grow downwards. A pointer into
 * memory that was already recognised as something else (the Go heap, malloc's memory) leaves that as it is: the stack
 * is a part of it.
 */
export function tellStacks(space: Space): void {
  tellMarked(space);
  tellGrowing(space);
  for (const [index, threads] of threadsByRegion(space)) {
    if (!space.isOpen(index) || !isWritable(space.at(index))) continue;
    const verdict = stackOf(space, index, threads);
    space.tell(index, verdict);
    if (verdict.kind === 'thread-stack') tellGuard(space, index, guardsOf(verdict.label!, verdict.confidence));
  }
}

/** A larger region is not a stack, unless the process has a higher RLIMIT_STACK. */
const LARGEST_STACK = 64 * MIB;

/**
 * A stack pointer only says that the stack is somewhere in the region: a program may put one into any memory
 * (pthread_attr_setstack(3)), and the kernel merges a stack with its neighbours. A guard below shows where it ends, and
 * its size that it is a stack and nothing else.
 */
function stackOf(space: Space, index: number, threads: readonly Thread[]): Decision {
  const who = threadsText(threads);
  const isIn = space.find(threads[0]!.stackPointer!) === index;
  const pointer = `the stack pointer of thread ${threads[0]!.tid} is in ${isIn ? 'it' : 'the guard below it'}`;
  const isSmall = sizeOf(space.at(index)) <= Math.max(LARGEST_STACK, space.clues.limits?.stack ?? 0);
  const hasGuard = space.touchesBelow(index) && hasNoAccess(space.at(index - 1));
  const stack = {kind: 'thread-stack', label: `stack of ${who}`} as const;
  if (hasGuard && isSmall && threads.length === 1) return {...stack, evidence: `${pointer}, and a guard is below it`};
  if (hasGuard || isSmall)
    return {...stack, evidence: `${pointer}; nothing shows that all of it is that stack`, confidence: 'guess'};
  return {
    kind: 'anon',
    label: `holds the stack of ${who}`,
    evidence: `${pointer}; it is larger than a stack, and nothing shows which part is one`,
    confidence: 'guess',
  };
}

/** Threads by the region that their stack pointer is in; a stack that has overflowed ends in its guard. */
function threadsByRegion(space: Space): Map<number, Thread[]> {
  const found = new Map<number, Thread[]>();
  for (const thread of space.clues.threads ?? []) {
    const at = thread.stackPointer === undefined ? -1 : space.find(thread.stackPointer);
    const index = isGuardBelow(space, at) ? at + 1 : at;
    if (index < 0) continue;
    const threads = found.get(index);
    if (threads) threads.push(thread);
    else found.set(index, [thread]);
  }
  return found;
}

const isGuardBelow = (space: Space, index: number): boolean =>
  index >= 0 && space.touchesAbove(index) && hasNoAccess(space.at(index)) && isWritable(space.at(index + 1));

function threadsText(threads: readonly Thread[]): string {
  const [first] = threads as [Thread];
  const one = first.name === '' ? `thread ${first.tid}` : `thread ${first.tid} (${first.name})`;
  return threads.length === 1 ? one : `${one} and ${threads.length - 1} more`;
}

/** What is said about a stack's guard. */
interface Guards {
  readonly small: Decision;
  readonly large: Decision;
}

function guardsOf(label: string, confidence?: 'guess'): Guards {
  const evidence = `no access, and it ends where the ${label} begins`;
  return {
    small: {kind: 'guard', label: `guard of the ${label}`, evidence, confidence},
    large: {kind: 'reserved', label: `ends in the guard of the ${label}`, evidence, confidence},
  };
}

/**
 * What is right below a stack, without access, is its guard. Of a large region only the end is the guard: the rest was
 * reserved before, and merged with it.
 */
function tellGuard(space: Space, stack: number, guards: Guards): void {
  const guard = stack - 1;
  if (!space.touchesBelow(stack) || !space.isOpen(guard) || !hasNoAccess(space.at(guard))) return;
  if (space.isHeld(guard)) return;
  space.tell(guard, sizeOf(space.at(guard)) <= MIB ? guards.small : guards.large);
}

/** Shadow stacks, by their flag; and stacks above a guard that Android's C library has named. */
function tellMarked(space: Space): void {
  for (let index = 0; space.hasAny(FLAG.ss) && index < space.length; index++)
    if (space.isOpen(index) && space.has(index, FLAG.ss)) space.tell(index, SHADOW);
  for (const guard of space.telling) {
    if (!NAMED_GUARD.test(space.at(guard).name)) continue;
    let index = guard + 1;
    // ART closes the first page of a stack.
    if (isAbove(space, index) && hasNoAccess(space.at(index))) space.tell(index++, CLOSED_PAGE);
    if (isAbove(space, index) && isWritable(space.at(index))) space.tell(index, ABOVE_GUARD);
  }
}

const isAbove = (space: Space, index: number): boolean =>
  index < space.length && space.isOpen(index) && space.touchesBelow(index);

/** bionic/libc/bionic/pthread_create.cpp */
const NAMED_GUARD = /^\[anon:thread stack guard/;

const SHADOW: Decision = {
  kind: 'thread-stack',
  label: 'a shadow stack',
  evidence: 'VmFlags has ss: only calls write return addresses there',
};
const ABOVE_GUARD: Decision = {
  kind: 'thread-stack',
  label: 'stack of some thread',
  evidence: 'it begins where a guard ends that the C library named "thread stack guard"',
  confidence: 'guess',
};
const CLOSED_PAGE: Decision = {
  kind: 'guard',
  label: 'guard of the stack of some thread',
  evidence: 'no access, between a "thread stack guard" and the stack',
  confidence: 'guess',
};

/**
 * mprotect on a part of the main stack leaves the kernel's label to one piece; all pieces have VM_GROWSDOWN. Without
 * flags their place says so: the kernel lets nothing else touch a stack from below (stack_guard_gap).
 */
function tellGrowing(space: Space): void {
  if (!space.hasAny(FLAG.known)) return tellPieces(space);
  for (let index = space.length - 1; index >= 0; index--) {
    if (!space.isOpen(index)) continue;
    const isBelowStack = space.kindAt(index + 1) === 'stack' && space.touchesBelow(index + 1);
    if (space.has(index, FLAG.gd)) space.tell(index, isBelowStack ? PIECE : GROWING);
    else if (isBelowStack && !space.hasFlags(index)) space.tell(index, PIECE_BY_PLACE);
  }
}

function tellPieces(space: Space): void {
  for (const stack of space.telling) {
    if (space.kindAt(stack) !== 'stack') continue;
    for (let index = stack - 1; index >= 0 && space.isOpen(index) && space.touchesBelow(index + 1); index--)
      space.tell(index, PIECE_BY_PLACE);
  }
}

const PIECE: Decision = {
  kind: 'stack',
  label: "a piece of the main thread's stack",
  evidence: 'VmFlags has gd (it grows downwards), and it touches the rest of [stack]',
};
const PIECE_BY_PLACE: Decision = {
  ...PIECE,
  evidence: 'it touches [stack] from below, where nothing else may be',
  confidence: 'guess',
};
const GROWING: Decision = {
  kind: 'thread-stack',
  label: 'a stack that grows downwards',
  evidence: 'VmFlags has gd: it was mapped with MAP_GROWSDOWN',
};

const KIB = 1024;

/**
 * Stacks of threads whose stack pointer is not known: they were running, the reader may not ask, or the listing is all
 * there is. A C library maps guard and stack as one block; one of the two, or both together, is a round number of MiB
 * or what RLIMIT_STACK says (8 MiB by default).
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
    if (index === space.length || !space.isOpen(index) || !space.isOpen(guard) || !space.touchesBelow(index)) continue;
    if (!looksLikeStack(space.at(guard), space.at(index), space.clues.limits?.stack)) continue;
    space.tell(index, verdict);
    tellGuard(space, index, guards);
  }
  if (space.hasAny(FLAG.gu)) tellWithGuardInside(space, verdict.label);
}

/** glibc 2.42 makes the guard with madvise(MADV_GUARD_INSTALL): guard and stack stay one region. */
function tellWithGuardInside(space: Space, label: string): void {
  const evidence = "VmFlags has gu (guard pages are in it), and it has the size of a thread's stack";
  for (let index = 0; index < space.length; index++) {
    const region = space.at(index);
    if (!space.has(index, FLAG.gu) || !space.isOpen(index) || !isWritable(region) || !isPrivate(region)) continue;
    const size = sizeOf(region);
    const limit = space.clues.limits?.stack;
    const isStack = [size, size - 4 * KIB, size - 64 * KIB].some((bytes) => isRound(bytes) || bytes === limit);
    if (isStack) space.tell(index, {kind: 'thread-stack', label, evidence, confidence: 'guess'});
  }
}

function looksLikeStack(guard: Region, region: Region, limit: number | null | undefined): boolean {
  if (sizeOf(guard) > 64 * KIB || !isWritable(region) || !isPrivate(region)) return false;
  const size = sizeOf(region);
  const both = size + sizeOf(guard);
  return isRound(size) || isRound(both) || size === limit || both === limit;
}

const isRound = (bytes: number): boolean => bytes > 0 && bytes % MIB === 0 && bytes <= 64 * MIB;
