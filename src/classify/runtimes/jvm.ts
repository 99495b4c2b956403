import {hasNoAccess, isExecutable, isPrivate, isWritable} from '../../model/region.ts';
import {sizeText} from '../../model/amounts.ts';
import {FLAG, type Space, type Decision} from '../space.ts';
import {type Reservation, reservationsIn, runs} from './runtimes.ts';

const KIB = 1024;

/** Compressed pointers reach 32 GiB: heaps up to about that size are put below it (compressedOops.cpp). */
const COMPRESSED_REACH = 2 ** 35;

/**
 * The memory of a HotSpot JVM. It reserves addresses with MAP_NORESERVE, and maps over them what it uses: the Java
 * heap, the highest block below 32 GiB; the metaspace, next to the class data archive; the code cache, below which G1
 * has its tables. Checked against `jcmd PID VM.native_memory detail` of JDK 17 and 25.
 */
export function tellJvm(space: Space): void {
  if (!runs(space, 'JVM')) return;
  tellJavaStacks(space);
  tellLowBlocks(space);
  for (const reservation of reservationsIn(space, 256 * KIB)) {
    if (isJvms(space, reservation)) tellReservation(space, reservation);
  }
  tellMerged(space);
}

/**
 * Stacks of Java threads, of any size (-Xss256k, -Xss512k): the guard zone is inside, at the bottom, and without access
 * (stackOverflow.hpp: red, yellow and, since JDK 9, reserved pages; 12 or 16 KiB). Such a pair is a stack where there
 * is another of its size, or where it is as large as a stack can be asked to be.
 */
function tellJavaStacks(space: Space): void {
  const sizes = new Map<number, number[]>();
  for (const guard of space.closed) {
    const index = guard + 1;
    const stack = space.above(guard);
    if (!stack || !space.isOpen(guard) || !space.isOpen(index) || !space.touchesBelow(index)) continue;
    const zone = stack.start - space.start[guard]!;
    const size = stack.end - space.start[guard]!;
    if (!isWritable(stack) || isExecutable(stack) || !isPrivate(stack) || !GUARD_ZONES.has(zone)) continue;
    if (size <= LARGEST_STACK && size >= SMALLEST_STACK) sizes.set(size, [...(sizes.get(size) ?? []), index]);
  }
  for (const [size, found] of sizes) {
    if (found.length < 2 && size % (128 * KIB) !== 0) continue;
    for (const index of found) {
      space.tell(index, JAVA_STACK);
      space.tell(index - 1, JAVA_GUARD);
    }
  }
}

const GUARD_ZONES: ReadonlySet<number> = new Set([12, 16, 20, 80].map((size) => size * KIB));
const SMALLEST_STACK = 128 * KIB;
const LARGEST_STACK = 16 * 1024 * KIB;

const WHY_STACK = "its program has libjvm.so, and the pair is a guard zone as Java threads have it, and a stack's rest";
const JAVA_STACK: Decision = {
  kind: 'thread-stack',
  label: 'stack of some thread',
  evidence: WHY_STACK,
  confidence: 'guess',
};
const JAVA_GUARD: Decision = {
  kind: 'guard',
  label: 'guard zone of the stack of some thread',
  evidence: WHY_STACK,
  confidence: 'guess',
};

/** Metaspace is made usable in pieces of this size (metaspaceSettings.hpp, JDK 16 on): it begins at a multiple. */
const GRANULE = 64 * KIB;

/** What metaspace may have more than its counter says, which is of a while ago. */
const slackOf = (metaspace: number): number => metaspace / 4 + 4096 * KIB;

/**
 * The kernel merges what malloc or the JVM itself maps right below metaspace with it: a region that begins elsewhere
 * than metaspace can, or that is larger than all of it, is other memory too. Where the JVM's own counter says how large
 * metaspace is, the regions together can't be larger.
 */
function tellMerged(space: Space): void {
  const found: number[] = [];
  for (let index = 0; index < space.length; index++) if (space.isTold(index, METASPACE.used)) found.push(index);
  const size = (index: number): number => space.end[index]! - space.start[index]!;
  const known = space.clues.jvm?.metaspace;
  let room = known === undefined ? Infinity : known + slackOf(known);
  for (const index of found.sort((a, b) => size(a) - size(b))) {
    const fits = space.start[index]! % GRANULE === 0 && size(index) <= room;
    if (fits) room -= size(index);
    else space.tell(index, mergedWith(known));
  }
}

const mergedWith = (metaspace: number | undefined): Decision => ({
  kind: 'anon',
  label: 'memory of the JVM: malloc or metaspace',
  evidence:
    'its program has libjvm.so, and this block touches metaspace' +
    (metaspace === undefined
      ? ', but begins elsewhere than that can'
      : `, which has ${sizeText(metaspace)} by the counters in hsperfdata`),
  confidence: 'guess',
});

/** From below 32 GiB down: the first block of adjacent regions is the heap, others hold classes. */
function tellLowBlocks(space: Space): void {
  let what: Pair | undefined;
  for (let index = lastBelow(space, COMPRESSED_REACH); index >= 0; index--) {
    const isTouching = space.touchesAbove(index);
    if (!space.isOpen(index)) {
      if (!isArchive(space, index) || !isTouching) what = what && METASPACE;
      continue;
    }
    if (!isTouching || !what) what = what ? METASPACE : HEAP;
    space.tell(index, hasNoAccess(space.at(index)) ? what.unused : what.used);
  }
}

function lastBelow(space: Space, address: number): number {
  let index = 0;
  while (index < space.length && space.start[index]! < address) index++;
  return index - 1;
}

const isArchive = (space: Space, index: number): boolean =>
  index >= 0 && index < space.length && space.regions.nameAt(index).endsWith('.jsa');

/** Where flags are known, what is reserved has nr. */
function isJvms(space: Space, {from, to}: Reservation): boolean {
  for (let index = from; index < to; index++) {
    if (hasNoAccess(space.at(index)) && (space.has(index, FLAG.nr) || !space.hasFlags(index))) return true;
  }
  return false;
}

function tellReservation(space: Space, {from, to, hasCode}: Reservation): void {
  const isBesideArchive =
    (isArchive(space, from - 1) && space.touchesBelow(from)) || (isArchive(space, to) && space.touchesBelow(to));
  let what = hasCode ? TABLES : isBesideArchive ? METASPACE : OTHER;
  for (let index = from; index < to; index++) {
    const region = space.at(index);
    if (isExecutable(region)) what = CODE;
    space.tell(index, hasNoAccess(region) ? what.unused : what.used);
  }
}

interface Pair {
  readonly used: Decision;
  readonly unused: Decision;
}

const pair = (kind: Decision['kind'], what: string, why: string, confidence?: 'guess'): Pair => ({
  used: {kind, label: what, evidence: `its program has libjvm.so, and ${why}`, confidence},
  unused: {
    kind: 'reserved',
    label: `unused part of ${what}`,
    evidence: `its program has libjvm.so, and ${why}`,
    confidence: 'guess',
  },
});

const HEAP = pair(
  'managed',
  'the Java heap',
  'this block is the highest one below 32 GiB, where compressed pointers reach',
  'guess',
);
const METASPACE = pair(
  'managed',
  "Java's metaspace",
  'this block is next to the class data archive, or at a low address',
  'guess',
);
const CODE = pair('jit', "the JVM's code cache", 'this block is executable and does not belong to a file');
const TABLES = pair(
  'managed',
  "tables of the JVM's collector",
  'this block touches the code cache from below',
  'guess',
);
const OTHER = pair(
  'managed',
  'memory of the JVM: metaspace, tables or malloc',
  'this block was reserved as one, with MAP_NORESERVE',
  'guess',
);
