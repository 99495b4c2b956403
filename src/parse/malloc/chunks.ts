import {ALIGNMENT, type Layout} from './layout.ts';
import type {Ascending} from './ascending.ts';
import {mayBeTcache} from './lists.ts';
import type {Words} from './memory.ts';

/** The low bits of a chunk's size. */
const PREV_INUSE = 1;
const IS_MMAPPED = 2;
const BITS = 8;

/** Bits of a size that no usual chunk has: it would be mapped alone, or not aligned. */
const UNUSUAL = IS_MMAPPED | (ALIGNMENT - BITS);

/** What a walk finds, in ascending order. */
export interface Finder {
  /** A free chunk, one of a fastbin too. */
  free(start: number, size: number): void;
  /** Free chunks side by side: malloc_trim makes one of them first (malloc_consolidate). */
  run(start: number, end: number): void;
  /** A chunk in use. @param isPlain what a thread keeps for itself (tcache) is not in it */
  used(start: number, size: number, isPlain: boolean): void;
  /** The top chunk. @param from where the free chunks right below it begin, or the chunk itself */
  top(start: number, size: number, from: number): void;
}

/** How a walk ended. */
export type Ending =
  /** At the top chunk, the last one. */
  | {readonly is: 'top'; readonly at: number; readonly end: number}
  /** At the two chunks that close a piece of memory after which the arena continues elsewhere. */
  | {readonly is: 'fence'; readonly end: number}
  /** Where no chunk can be. */
  | {readonly is: 'lost'; readonly at: number; readonly why: string};

/** Where an arena ends now: its top chunk, and the first byte after it. */
export interface Edge {
  readonly top: number;
  readonly end: number;
}

/** So often a walk takes a step back in all, and at one chunk. */
const MOST_BACK = 1000;
const MOST_BACK_HERE = 3;

/**
 * Walks the chunks of one piece of an arena: each one's size leads to the next. A chunk is free if the next one says so
 * (PREV_INUSE is clear), or if it is in a fastbin. Each step goes up by at least the smallest chunk, so that it ends.
 *
 * Where no chunk can be, the last ones are read afresh: they may have been joined or cut up since their page was read,
 * and the arena may have grown. So they are where the top chunk is no longer the top.
 *
 * @param start the first chunk
 * @param end of the piece
 * @param fast chunks of fastbins
 * @param renew reads where the arena ends, which a busy one moves; undefined if that isn't known now
 */
export function walkChunks(
  words: Words,
  start: number,
  end: number,
  layout: Layout,
  fast: Ascending,
  found: Finder,
  renew?: (isLost: boolean) => Edge | undefined,
): Ending {
  const {word, least} = layout;
  const fenceSize = 2 * word;
  const last = new Last(found);
  fast.seek(start);
  let previous = -1;
  let [back, backAt, backHere] = [0, -1, 0];
  let edge = end;
  for (let at = start; ;) {
    if (previous >= 0) [previous, at] = last.passed(words, previous, at, edge, layout, fast);
    const field = at + 2 * word > edge ? undefined : words.at(at + word, edge);
    const bits = field === undefined ? 0 : field % BITS;
    const size = field === undefined ? 0 : field - bits;
    const isFree = (bits & PREV_INUSE) === 0;
    const isTop = at + size === edge && size >= least;
    const isFence = size === fenceSize || size === 0;
    const isStale = isTop && renew !== undefined && !isEdge(renew(false), at, edge);
    if (
      isStale ||
      field === undefined ||
      (isFree && previous >= 0 && words.at(at, edge) !== at - previous) ||
      (bits & IS_MMAPPED) !== 0 ||
      !(isTop || isFence || (size >= least && size % ALIGNMENT === 0))
    ) {
      backHere = at === backAt ? backHere + 1 : 1;
      if (previous < 0 || ++back > MOST_BACK || backHere > MOST_BACK_HERE)
        return lostAt(at, field, {previous, end: edge, word, size, bits});
      edge = renew?.(true)?.end ?? edge;
      words.forget();
      backAt = at;
      at = last.drop() ?? previous;
      fast.seek(at);
      previous = -1;
      continue;
    }
    if (previous >= 0) last.add(previous, at, isFree || fast.has(previous) ? FREE : USED);
    if (isTop || isFence) {
      const run = last.finish();
      if (!isTop && run !== undefined) found.run(run, at);
      if (!isTop) return fence(words, at, size, edge, word);
      found.top(at, size, run ?? at);
      return {is: 'top', at, end: edge};
    }
    previous = at;
    at += size;
  }
}

const isEdge = (now: Edge | undefined, top: number, end: number): boolean => now?.top === top && now.end === end;

/** This many chunks are kept back before they are reported: a walk can step back this far. */
const KEPT = 32;

/** States of chunks; of some in use it is known that they hold no tcache. */
const USED = 0;
const PLAIN = 1;
const FREE = 2;

/** The last chunks of a walk. */
class Last {
  readonly #found: Finder;
  readonly #starts = new Float64Array(2 * KEPT);
  readonly #ends = new Float64Array(2 * KEPT);
  readonly #states = new Uint8Array(2 * KEPT);
  #count = 0;
  /** Where the free chunks begin that the last one told belongs to. */
  #run: number | undefined;

  constructor(found: Finder) {
    this.#found = found;
  }

  add(start: number, end: number, state: number): void {
    const index = this.#count++;
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.#states[index] = state;
    if (this.#count < 2 * KEPT) return;
    this.#tell(KEPT);
    this.#starts.copyWithin(0, KEPT);
    this.#ends.copyWithin(0, KEPT);
    this.#states.copyWithin(0, KEPT);
    this.#count -= KEPT;
  }

  /**
   * Adds chunks as long as what was read has usual ones: not the top, no fence, nothing that contradicts itself. Here
   * is where the time goes, so that nothing is allocated, and of a size only the low half is looked at as a rule.
   *
   * @param previous the chunk before, which the one at `at` tells the state of
   * @returns the same two, further on
   */
  passed(
    words: Words,
    previous: number,
    at: number,
    edge: number,
    layout: Layout,
    fast: Ascending,
  ): readonly [number, number] {
    const {view, start, length} = words;
    const {word, least} = layout;
    const tcacheChunk = layout.tcache?.chunk;
    const limit = Math.min(length - 2 * word, edge - start - 1);
    let before = previous - start;
    let offset = at - start;
    let count = 0;
    while (offset >= 0 && offset <= limit) {
      const low = view.getUint32(offset + word, true);
      const size = low & -BITS;
      if (size < least || (low & UNUSUAL) !== 0 || offset + size > limit) break;
      if (word === 8 && view.getUint32(offset + 12, true) !== 0) break;
      const isFree = (low & PREV_INUSE) === 0;
      if (isFree && view.getUint32(offset, true) !== offset - before) break;
      if (isFree && word === 8 && view.getUint32(offset + 4, true) !== 0) break;
      const isPlain = before >= 0 && offset - before === tcacheChunk && !mayBeTcache(view, before + 2 * word, layout);
      const state = isFree || fast.has(start + before) ? FREE : isPlain ? PLAIN : USED;
      this.add(start + before, start + offset, state);
      before = offset;
      offset += size;
      count++;
    }
    words.looked(count);
    return [start + before, start + offset];
  }

  /** Forgets those that were not reported. @returns where the first of them began */
  drop(): number | undefined {
    const first = this.#count > 0 ? this.#starts[0] : undefined;
    this.#count = 0;
    return first;
  }

  /** Tells all. @returns where the free chunks begin that the last one belongs to, if it is free */
  finish(): number | undefined {
    this.#tell(this.#count);
    return this.#run;
  }

  #tell(count: number): void {
    for (let index = 0; index < count; index++) {
      const [start, end] = [this.#starts[index]!, this.#ends[index]!];
      const state = this.#states[index];
      if (state === FREE) {
        this.#run ??= start;
        this.#found.free(start, end - start);
        continue;
      }
      if (this.#run !== undefined) this.#found.run(this.#run, start);
      this.#run = undefined;
      this.#found.used(start, end - start, state === PLAIN);
    }
  }
}

/** Where a walk could not continue. */
interface Place {
  /** The chunk before, or -1. */
  readonly previous: number;
  readonly end: number;
  readonly word: number;
  readonly size: number;
  readonly bits: number;
}

/** Says why no chunk can be at an address. */
function lostAt(at: number, field: number | undefined, {previous, end, word, size, bits}: Place): Ending {
  if (at + 2 * word > end) return lost(previous < 0 ? at : previous, 'reaches beyond the end of its arena');
  if (field === undefined) return lost(at, 'is not resident, or gone');
  if ((bits & IS_MMAPPED) !== 0) return lost(at, 'is marked as mapped separately');
  if (size % ALIGNMENT !== 0 || size < 4 * word) return lost(at, `has the impossible size ${size}`);
  if (at + size > end) return lost(at, 'reaches beyond the end of its arena');
  return lost(at, 'contradicts the free chunk before it');
}

const lost = (at: number, why: string): Ending => ({is: 'lost', at, why});

/**
 * What is left of an old top chunk is closed by two headers (sysmalloc): in main_arena two chunks of two words, in a
 * heap of another arena one of two words, if there was room for it, and one of size 0.
 */
function fence(words: Words, at: number, size: number, end: number, word: number): Ending {
  if (size === 0) return isEnd(at + 2 * word, end) ? {is: 'fence', end} : lost(at, 'has the size 0');
  const next = words.at(at + 3 * word, end);
  if (next === undefined) return lost(at, 'is not resident, or gone');
  const nextSize = next - (next % BITS);
  if (nextSize === 2 * word) return {is: 'fence', end: at + 4 * word};
  if (nextSize === 0 && isEnd(at + 4 * word, end)) return {is: 'fence', end};
  return lost(at, `has the impossible size ${size}`);
}

const isEnd = (at: number, end: number): boolean => end - at >= 0 && end - at < ALIGNMENT;
