import {ALIGNMENT, type Layout} from './layout.ts';
import type {Words} from './memory.ts';

/** The low bits of a chunk's size. */
const PREV_INUSE = 1;
const IS_MMAPPED = 2;
const BITS = 8;

/** What a walk finds, in ascending order. */
export interface Finder {
  /** A free chunk, one of a fastbin too. */
  free(start: number, size: number): void;
  /** Free chunks side by side: malloc_trim makes one of them first (malloc_consolidate). */
  run(start: number, end: number): void;
  /** A chunk in use. */
  used(start: number, size: number): void;
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
  fast: ReadonlySet<number>,
  found: Finder,
  renew?: (isLost: boolean) => Edge | undefined,
): Ending {
  const {word, least} = layout;
  const fenceSize = 2 * word;
  const last = new Last(found);
  let previous = -1;
  let [back, backAt, backHere] = [0, -1, 0];
  let edge = end;
  for (let at = start; ;) {
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
      previous = -1;
      continue;
    }
    if (previous >= 0) last.add(previous, at, isFree || (fast.size > 0 && fast.has(previous)));
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

/** The last chunks of a walk. */
class Last {
  readonly #found: Finder;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #frees: boolean[] = [];
  /** Where the free chunks begin that the last one told belongs to. */
  #run: number | undefined;

  constructor(found: Finder) {
    this.#found = found;
  }

  add(start: number, end: number, isFree: boolean): void {
    this.#starts.push(start);
    this.#ends.push(end);
    this.#frees.push(isFree);
    if (this.#starts.length < 2 * KEPT) return;
    this.#tell(KEPT);
    this.#forget(KEPT);
  }

  /** Forgets those that were not reported. @returns where the first of them began */
  drop(): number | undefined {
    const [first] = this.#starts;
    this.#forget(this.#starts.length);
    return first;
  }

  /** Tells all. @returns where the free chunks begin that the last one belongs to, if it is free */
  finish(): number | undefined {
    this.#tell(this.#starts.length);
    return this.#run;
  }

  #forget(count: number): void {
    this.#starts.splice(0, count);
    this.#ends.splice(0, count);
    this.#frees.splice(0, count);
  }

  #tell(count: number): void {
    for (let index = 0; index < count; index++) {
      const [start, end] = [this.#starts[index]!, this.#ends[index]!];
      if (this.#frees[index]!) {
        this.#run ??= start;
        this.#found.free(start, end - start);
        continue;
      }
      if (this.#run !== undefined) this.#found.run(this.#run, start);
      this.#run = undefined;
      this.#found.used(start, end - start);
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
