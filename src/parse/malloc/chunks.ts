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
  /** A chunk in use that has the size of a tcache. */
  maybeTcache(start: number): void;
  /** The top chunk. @param from where the free chunks right below it begin, or the chunk itself */
  top(start: number, size: number, from: number): void;
}

/** How a walk ended. */
export type Ending =
  /** At the top chunk, the last one. */
  | {readonly is: 'top'; readonly at: number; readonly end: number}
  /** At the two chunks that close a piece of memory behind which the arena goes on elsewhere. */
  | {readonly is: 'fence'; readonly end: number}
  /** Where no chunk can be. */
  | {readonly is: 'lost'; readonly at: number; readonly why: string};

/**
 * Walks the chunks of one piece of an arena: each one's size leads to the next. A chunk is free if the next one says so
 * (PREV_INUSE is clear), or if it is in a fastbin. Each step goes up by at least the smallest chunk, so that it ends.
 *
 * @param start the first chunk
 * @param end of the piece
 * @param fast chunks of fastbins
 */
export function walkChunks(
  words: Words,
  start: number,
  end: number,
  layout: Layout,
  fast: ReadonlySet<number>,
  found: Finder,
): Ending {
  const {word, least, tcache} = layout;
  const tcacheSize = tcache?.chunk;
  const fenceSize = 2 * word;
  let previous = -1;
  let run = -1;
  for (let at = start; ;) {
    if (at + 2 * word > end) return lost(previous, 'reaches beyond the end of its arena');
    const field = words.at(at + word, end);
    if (field === undefined) return lost(at, 'is not resident, or gone');
    const bits = field % BITS;
    const size = field - bits;
    if (previous >= 0) {
      const isFree = (bits & PREV_INUSE) === 0;
      if (isFree && words.at(at, end) !== at - previous) return lost(at, 'contradicts the free chunk before it');
      if (isFree || (fast.size > 0 && fast.has(previous))) {
        if (run < 0) run = previous;
        found.free(previous, at - previous);
      } else {
        if (run >= 0) found.run(run, previous);
        run = -1;
        if (at - previous === tcacheSize) found.maybeTcache(previous);
      }
    }
    if ((bits & IS_MMAPPED) !== 0) return lost(at, 'is marked as mapped alone');
    if (at + size === end && size >= least) {
      found.top(at, size, run < 0 ? at : run);
      return {is: 'top', at, end};
    }
    if (size === fenceSize || size === 0) {
      if (run >= 0) found.run(run, at);
      return fence(words, at, size, end, word);
    }
    if (size < least || size % ALIGNMENT !== 0) return lost(at, `has the impossible size ${size}`);
    previous = at;
    at += size;
  }
}

const lost = (at: number, why: string): Ending => ({is: 'lost', at, why});

/**
 * What is left of an old top chunk is closed by two headers (sysmalloc): in main_arena two chunks of two words, in a heap
 * of another arena one of two words, if there was room for it, and one of size 0.
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
