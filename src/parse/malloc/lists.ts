import type {Layout} from './layout.ts';
import {reveal, Struct, Words, type Memory} from './memory.ts';
import type {ArenaState, IsWritable} from './state.ts';

/** Lists longer than this are no lists. */
const LONGEST = 4_000_000;

/** Chunks that are free, and look as if they were in use: their neighbours do not know. */
interface Listed {
  readonly chunks: ReadonlySet<number>;
  readonly bytes: number;
  /** Did each list end, with chunks of its own size only? Else it changed, or is corrupt. */
  readonly isWhole: boolean;
}

/** The chunks in an arena's fastbins: fastbin_index, each list has chunks of one size. */
export function fastChunks(memory: Memory, state: ArenaState, layout: Layout, isWritable: IsWritable): Listed {
  const words = new Words(memory, layout.word);
  const chunks = new Set<number>();
  let bytes = 0;
  for (const [bin, first] of state.fastbins.entries()) {
    const size = (bin + 2) * 2 * layout.word;
    for (let at = first; at !== 0;) {
      if (chunks.has(at) || chunks.size >= LONGEST || !isChunk(words, at, size, layout, isWritable))
        return {chunks, bytes, isWhole: false};
      chunks.add(at);
      bytes += size;
      const link = words.at(at + 2 * layout.word);
      if (link === undefined) return {chunks, bytes, isWhole: false};
      at = layout.isMangled ? reveal(link, at + 2 * layout.word) : link;
    }
  }
  return {chunks, bytes, isWhole: true};
}

function isChunk(words: Words, at: number, size: number, {word}: Layout, isWritable: IsWritable): boolean {
  if (at % word !== 0 || !isWritable(at)) return false;
  const field = words.at(at + word);
  return field !== undefined && field - (field % 8) === size;
}

/** TCACHE_FILL_COUNT is 7, and the tunable glibc.malloc.tcache_count allows no more than this. */
const MOST_CACHED = 65_535;

/**
 * What a thread keeps for itself, if there is a tcache in a chunk: a count for each size, and lists of chunks that have
 * this size and end after as many.
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
  const {tcache, word, least} = layout;
  if (!tcache) return undefined;
  const bytes = memory.read(chunk + 2 * word, tcache.bytes);
  if (bytes.length < tcache.bytes) return undefined;
  const fields = new Struct(bytes, word);
  const words = new Words(memory, word);
  const chunks = new Map<number, number>();
  for (let bin = 0; bin < tcache.bins; bin++) {
    const count = tcache.count === 2 ? fields.half(bin * 2) : bytes[bin]!;
    let entry = fields.word(tcache.entries + bin * word);
    if (count > MOST_CACHED || (count === 0) !== (entry === 0)) return undefined;
    const size = least + bin * 16;
    for (let left = count; left > 0; left--) {
      const at = entry - 2 * word;
      if (entry === 0 || chunks.has(at) || !isChunk(words, at, size, layout, isWritable)) return undefined;
      chunks.set(at, size);
      const link = words.at(entry);
      if (link === undefined) return undefined;
      entry = layout.isMangled ? reveal(link, entry) : link;
    }
    if (entry !== 0 && count > 0) return undefined;
  }
  return chunks.size > 0 ? chunks : undefined;
}
