import {layoutOf, knownness, type Layout} from './layout.ts';
import {cachedChunks} from './lists.ts';
import {foundMmapped, type Mmapped} from './mmapped.ts';
import type {Range} from './memory.ts';
import {findParameters} from './parameters.ts';
import {brkPiece, heapsOf} from './pieces.ts';
import {findMain, listArenas, type Arenas, type ArenaState} from './state.ts';
import type {SizeClass} from './tally.ts';
import {walkArena, type Ground, type Walked} from './walk.ts';

/** One arena as malloc itself counts (mallinfo2 in mallinfo(3)). All figures in bytes. */
export interface ArenaBooks {
  readonly address: number;
  readonly isMain: boolean;
  /** Pieces of memory: 1 of the main arena as a rule, blocks of at most 64 MiB of others. */
  readonly heaps: number;
  /** What it has from the kernel (`system` of malloc_info). */
  readonly system: number;
  /** system − free − unread: with what threads keep in their tcaches, and the arena's own headers. */
  readonly inUse: number;
  /** Free chunks, those of fastbins, and the top (fordblks). */
  readonly free: number;
  /** Part of `free`. */
  readonly fastbins: number;
  /**
   * Part of `inUse`: freed by the program, and kept for the thread's next malloc. Undefined where its layout is not
   * known.
   */
  readonly tcache: number | undefined;
  /** Part of `free`: what was never cut up, or is whole again. */
  readonly top: number;
  /** The resident part of `free`. */
  readonly freeResident: number;
  /** What malloc_trim(0) would give back, in resident memory. */
  readonly trimmable: number;
  /** Neither in use nor free: the walk did not get there. 0 unless it is torn. */
  readonly unread: number;
  /** It changed while it was read: its figures are of different moments. */
  readonly moved: boolean;
  /** Why it did not come out, a sentence's end. */
  readonly torn: string | undefined;
}

/** The chunk that an address lies in. */
export interface ChunkFacts {
  readonly start: number;
  /** Bytes, with its header. */
  readonly size: number;
  /** In a fastbin or a tcache it was freed by the program. */
  readonly state: 'in use' | 'free' | 'fastbin' | 'tcache' | 'top';
  /** The address of its arena. */
  readonly arena: number;
  readonly isMain: boolean;
}

/** All of malloc's books. */
export interface Books {
  readonly arenas: readonly ArenaBooks[];
  readonly mmapped: Mmapped;
  /** Where the memory of the arenas lies, ascending. */
  readonly pieces: readonly Range[];
  /** The largest stretches of free memory, those of tops too; the largest first. */
  readonly runs: readonly Range[];
  /** Free chunks by size, ascending, without the tops. */
  readonly classes: readonly SizeClass[];
  /** With the address that was asked for; undefined if no chunk of an arena has it. */
  readonly chunk: ChunkFacts | undefined;
  /** Arenas in the list that can't be believed. */
  readonly refused: Arenas['refused'];
  readonly isClosed: boolean;
  /** Of the C library, each with a malloc of its own: those that were never called have no arena. */
  readonly copies: number;
}

interface Wanted extends Omit<Ground, 'layout'> {
  /**
   * Where main_arena may be: the data of the C library, or of a static program. Each copy of the library has a malloc
   * of its own (dlmopen(3)), and each is wanted.
   */
  readonly copies: ReadonlyArray<readonly Range[]>;
  /** Of glibc 2.`minor`; undefined if not known. */
  readonly minor: number | undefined;
  /** Bytes of a pointer. */
  readonly word: 4 | 8;
}

/** Tried one after another where the version is not known: the layouts that differ in more than the tcache. */
const USUAL = [36, 43, 34, 31, 26];

/** @returns undefined if there is no arena that passes the checks */
export function readBooks(wanted: Wanted): Books | undefined {
  const {minor, word} = wanted;
  const isSure = minor !== undefined && isKnownVersion(minor);
  for (const each of isSure ? [minor] : [...(minor === undefined ? [] : [minor]), ...USUAL]) {
    const layout = layoutOf(each, word);
    const mains = findMains(wanted, layout);
    if (mains.length === 0) continue;
    const books = {...booksOf({...wanted, layout}, mains), copies: wanted.copies.length};
    if (isSure || (books.isClosed && books.arenas.every(({torn}) => torn === undefined))) return books;
  }
  return undefined;
}

/** A main_arena, and the data that it lies in. */
interface Main {
  readonly main: ArenaState;
  readonly data: readonly Range[];
}

/** Of each copy of the C library that was ever called. That of the program first, which alone may use the brk area. */
function findMains({memory, space, copies}: Wanted, layout: Layout): Main[] {
  const mains = copies.flatMap((data): Main[] => {
    const main = findMain(memory, data, layout, space);
    return main ? [{main, data}] : [];
  });
  return mains.sort((a, b) => Number(b.main.isContiguous) - Number(a.main.isContiguous));
}

/** Where an arena's memory is. */
export interface ArenaPlace {
  readonly address: number;
  readonly isMain: boolean;
  /**
   * Blocks of address space that its heaps lie in, in the order in which it got them; of the main arena its part of the
   * brk area, and nothing where it has memory elsewhere, since only a walk finds that.
   */
  readonly blocks: readonly Range[];
}

/**
 * The arenas, as malloc lists them, without a walk: some KiB are read.
 *
 * @returns undefined where not all are there, or one of them is not as it should be
 */
export function readArenas(wanted: Wanted): readonly ArenaPlace[] | undefined {
  const {minor, word, memory, space} = wanted;
  const isSure = minor !== undefined && isKnownVersion(minor);
  for (const each of isSure ? [minor] : [...(minor === undefined ? [] : [minor]), ...USUAL]) {
    const plain = layoutOf(each, word);
    const lists = findMains(wanted, plain).map((found) => {
      const {layout} = layoutFor({...wanted, layout: plain}, found);
      const {states, isClosed} = listArenas(memory, found.main, layout, space);
      return {isClosed, places: states.map((state, index) => placeOf(wanted, layout, state, index === 0))};
    });
    const places = lists.flatMap((list) => list.places);
    if (places.length > 0 && lists.every(({isClosed}) => isClosed) && places.every((place) => place !== undefined))
      return places;
  }
  return undefined;
}

function placeOf({memory}: Wanted, layout: Layout, state: ArenaState, isMain: boolean): ArenaPlace | undefined {
  const {address, systemMem, isContiguous} = state;
  if (systemMem === 0 || (isMain && !isContiguous)) return {address, isMain, blocks: []};
  if (isMain) {
    const piece = brkPiece(memory, state, layout);
    return typeof piece === 'string' ? undefined : {address, isMain, blocks: [piece]};
  }
  const heaps = heapsOf(memory, state, layout);
  if (typeof heaps === 'string') return undefined;
  return {address, isMain, blocks: heaps.map(({start}) => ({start, end: start + layout.heapMax}))};
}

/** Is there a layout of this version that was compared with its source? */
export const isKnownVersion = (minor: number): boolean => knownness(minor) !== 'other';

function booksOf(plain: Ground, mains: readonly Main[]): Omit<Books, 'copies'> {
  const {memory, space, pageSize} = plain;
  const found = mains.map((each) => {
    const {layout, set} = layoutFor(plain, each);
    const ground = {...plain, layout, trimUnit: set?.thpPage || pageSize, first: set?.base};
    const arenas = listArenas(memory, each.main, layout, space);
    return {ground, set, arenas, others: arenas.states.slice(1).map((state) => walkArena(ground, state, false))};
  });
  const taken = found.flatMap(({others}) => others.flatMap(({pieces}) => pieces));
  const walked = found.flatMap(({ground, arenas, others}) => {
    const main = walkArena({...ground, taken}, arenas.states[0]!, true);
    taken.push(...main.pieces);
    return [main, ...others];
  });
  const {ground} = found[0]!;
  const cached = cachedIn(ground, walked);
  const all = walked[0]!.tally.fresh();
  for (const {tally} of walked) all.add(tally);
  const elsewhere = space.anonymous.filter(
    ({start}) => !walked.some(({pieces}) => pieces.some((piece) => isIn(start, piece))),
  );
  return {
    arenas: walked.map((each, index) => arenaBooks(each, ground.layout, cached.bytes[index]!)),
    mmapped: countedIn(found.map(({set}) => set)) ?? foundMmapped(memory, elsewhere, ground.layout, pageSize),
    pieces: walked.flatMap(({pieces}) => pieces).sort((a, b) => a.start - b.start),
    runs: all.runs,
    classes: all.classes,
    chunk: chunkIn(walked, cached.chunks),
    refused: found.flatMap(({arenas}) => arenas.refused),
    isClosed: found.every(({arenas}) => arenas.isClosed),
  };
}

/** What malloc says itself of chunks with a mapping each; undefined if one of several does not say it. */
function countedIn(sets: ReadonlyArray<ReturnType<typeof findParameters>>): Mmapped | undefined {
  let [count, bytes] = [0, 0];
  for (const set of sets) {
    if (!set) return undefined;
    count += set.mmaps;
    bytes += set.mmapped;
  }
  return {count, bytes, from: 'books'};
}

/** The layout as malloc's parameters make it, and these. */
function layoutFor(
  {memory, space, layout}: Ground,
  {main, data}: Main,
): {readonly layout: Layout; readonly set: ReturnType<typeof findParameters>} {
  const home = data.find(({start, end}) => main.address >= start && main.address < end);
  const set = home && findParameters(memory, main.address, home, layout, space);
  // With huge pages, the blocks of threads have four of them (heap_max_size), and a top goes back in whole ones.
  return {layout: set?.hugePage ? {...layout, heapMax: 4 * set.hugePage} : layout, set};
}

const isIn = (address: number, {start, end}: Range): boolean => address >= start && address < end;

function arenaBooks(
  {state, isMain, pieces, tally, fastbins, unread, moved, torn}: Walked,
  layout: Layout,
  tcache: number,
): ArenaBooks {
  return {
    address: state.address,
    isMain,
    heaps: pieces.length,
    system: state.systemMem,
    inUse: Math.max(0, state.systemMem - tally.freeBytes - unread),
    free: tally.freeBytes,
    fastbins,
    tcache: layout.tcache && tcache,
    top: tally.topBytes,
    freeResident: tally.freeResident,
    trimmable: tally.trimmable,
    unread,
    moved,
    torn,
  };
}

interface Cached {
  /** Of each arena. */
  readonly bytes: readonly number[];
  readonly chunks: ReadonlySet<number>;
}

function chunkIn(walked: readonly Walked[], cached: ReadonlySet<number>): ChunkFacts | undefined {
  for (const {tally, state, isMain, fast} of walked) {
    const {seen} = tally;
    if (!seen) continue;
    fast.seek(seen.start);
    const kept = fast.has(seen.start) ? 'fastbin' : cached.has(seen.start) ? 'tcache' : seen.state;
    return {...seen, state: kept, arena: state.address, isMain};
  }
  return undefined;
}

/** What threads keep, by the arena that it lies in: a thread frees chunks of other arenas too. */
function cachedIn({memory, layout, space}: Ground, walked: readonly Walked[]): Cached {
  const bytes = walked.map(() => 0);
  const seen = new Set<number>();
  for (const {tally} of walked) {
    for (const chunk of tally.tcaches) {
      for (const [at, size] of cachedChunks(memory, chunk, layout, space.isWritable) ?? []) {
        const arena = walked.findIndex(({pieces}) => pieces.some((piece) => isIn(at, piece)));
        if (arena < 0 || seen.has(at)) continue;
        seen.add(at);
        bytes[arena]! += size;
      }
    }
  }
  return {bytes, chunks: seen};
}
