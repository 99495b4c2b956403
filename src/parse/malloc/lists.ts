import {Ascending} from './ascending.ts';
import {ALIGNMENT, type Layout} from './layout.ts';
import {reveal, Struct, Words, type Memory} from './memory.ts';
import type {ArenaState, IsWritable} from './state.ts';

/** Lists longer than this are no lists. */
const LONGEST = 4_000_000;

/** Chunks that are free, and look as if they were in use: their neighbours do not know. */
interface Listed {
  readonly chunks: Ascending;
  readonly bytes: number;
  /** Did each list end, with chunks of its own size only? Else it changed, or is corrupt. */
  readonly isWhole: boolean;
}

/** The chunks in an arena's fastbins: fastbin_index, each list has chunks of one size. */
export function fastChunks(memory: Memory, state: ArenaState, layout: Layout, isWritable: IsWritable): Listed {
  const words = new Words(memory, layout.word);
  const chunks: number[] = [];
  let [bytes, isWhole] = [0, true];
  for (const [bin, first] of state.fastbins.entries()) {
    const size = (bin + 2) * 2 * layout.word;
    const before = chunks.length;
    isWhole = addList(chunks, first, size, words, layout, isWritable);
    bytes += (chunks.length - before) * size;
    if (!isWhole) break;
  }
  return {chunks: new Ascending(chunks), bytes, isWhole};
}

/**
 * Adds the chunks of one list. A loop is found by looking back at one chunk, a later one after twice as many steps each
 * time (Brent's algorithm).
 *
 * @returns did it end?
 */
function addList(
  chunks: number[],
  first: number,
  size: number,
  words: Words,
  layout: Layout,
  isWritable: IsWritable,
): boolean {
  const begin = chunks.length;
  let [mark, markedAt] = [0, begin];
  for (let at = first; at !== 0;) {
    if (at === mark) {
      // Some of it was gone through more than once.
      for (const each of new Set(chunks.splice(begin))) chunks.push(each);
      return false;
    }
    if (chunks.length >= LONGEST || !isChunk(words, at, size, layout, isWritable)) return false;
    chunks.push(at);
    if (chunks.length - begin >= 2 * (markedAt - begin)) [mark, markedAt] = [at, chunks.length];
    const link = words.at(at + 2 * layout.word, at + layout.least);
    if (link === undefined) return false;
    at = layout.isMangled ? reveal(link, at + 2 * layout.word) : link;
  }
  return true;
}

function isChunk(words: Words, at: number, size: number, {word, least}: Layout, isWritable: IsWritable): boolean {
  if (at % word !== 0 || !isWritable(at)) return false;
  const field = words.at(at + word, at + least);
  return field !== undefined && field - (field % 8) === size;
}

/** A list has room for 7 chunks, or 16 since 2.42; glibc.malloc.tcache_count allows no more than this. */
const MOST_CACHED = 65_535;

/**
 * What a thread keeps for itself, if there is a tcache in a chunk: a number for each list, which has to agree with
 * the chunks in it, and each of these has the size that belongs there.
 *
 * @param chunk a chunk that has the size of a tcache
 * @returns its chunks with their sizes; undefined if it is not one
 */
export function cachedChunks(
  memory: Memory,
  chunk: number,
  layout: Layout,
  isWritable: IsWritable,
): ReadonlyMap<number, number> | undefined {
  const {tcache, word} = layout;
  if (!tcache) return undefined;
  const bytes = memory.read(chunk + 2 * word, tcache.bytes);
  if (bytes.length < tcache.bytes) return undefined;
  const fields = new Struct(bytes, word);
  const words = new Words(memory, word);
  const chunks = new Map<number, number>();
  let room: number | undefined;
  for (let bin = 0; bin < tcache.bins; bin++) {
    const number = tcache.count === 2 ? fields.half(bin * 2) : bytes[bin]!;
    const before = chunks.size;
    for (let entry = fields.word(tcache.entries + bin * word); entry !== 0;) {
      const at = entry - 2 * word;
      const size = chunks.size - before < MOST_CACHED ? cachedSize(words, at, bin, layout, isWritable) : undefined;
      const link = size === undefined || chunks.has(at) ? undefined : words.at(entry, at + layout.least);
      if (size === undefined || link === undefined) return undefined;
      chunks.set(at, size);
      entry = layout.isMangled ? reveal(link, entry) : link;
    }
    const length = chunks.size - before;
    // Each list may have as many chunks as any other.
    if (tcache.counts === 'room' ? (room ??= number + length) !== number + length : number !== length) return undefined;
  }
  return chunks.size > 0 ? chunks : undefined;
}

/**
 * Can there be a tcache with anything in it? Its lists begin nowhere, or at what malloc returned, which is aligned: of
 * what programs have in chunks of that size this is seldom true.
 *
 * @param at of the struct, in bytes of the view
 */
export function mayBeTcache(view: DataView, at: number, {tcache, word}: Layout): boolean {
  let any = 0;
  for (let bin = 0; bin < (tcache?.bins ?? 0); bin++) {
    const entry = at + tcache!.entries + bin * word;
    const low = view.getUint32(entry, true);
    if (low % ALIGNMENT !== 0) return false;
    any |= low;
    if (word === 8) any |= view.getUint32(entry + 4, true);
  }
  return any !== 0;
}

/** The size of a chunk in a list of a tcache; undefined if it does not belong there. */
function cachedSize(words: Words, at: number, bin: number, layout: Layout, isWritable: IsWritable): number | undefined {
  const {least, word, tcache} = layout;
  if (bin < tcache!.small) {
    const size = least + bin * ALIGNMENT;
    return isChunk(words, at, size, layout, isWritable) ? size : undefined;
  }
  if (at % word !== 0 || !isWritable(at)) return undefined;
  const field = words.at(at + word, at + least) ?? 0;
  const size = field - (field % 8);
  const from = 1024 * 2 ** (bin - tcache!.small);
  return size >= from && size < 2 * from ? size : undefined;
}
