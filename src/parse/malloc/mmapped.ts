import type {Layout} from './layout.ts';
import {Struct, Words, type Memory, type Range} from './memory.ts';

/** Chunks that are too large for an arena, and have a mapping each. */
export interface Mmapped {
  readonly count: number;
  readonly bytes: number;
  /** `books`: malloc's own count (mp_). `headers`: found by what lies at the beginning of unnamed memory. */
  readonly from: 'books' | 'headers';
}

/**
 * Finds mmapped chunks by their headers: each begins with a mapping (IS_MMAPPED), and has whole pages. The kernel joins
 * mappings that lie side by side, so that one region may hold several.
 *
 * @param anonymous writable memory of no file
 */
export function foundMmapped(memory: Memory, anonymous: readonly Range[], {word}: Layout, pageSize: number): Mmapped {
  const words = new Words(memory, word);
  let count = 0;
  let bytes = 0;
  for (const {start, end} of anonymous) {
    for (let at = start; at < end;) {
      const size = sizeIn(words.at(at, end), words.at(at + word, end), end - at, pageSize);
      if (size === undefined) break;
      count++;
      bytes += size;
      at += size;
    }
  }
  return {count, bytes, from: 'headers'};
}

/** Bytes of the mmapped chunk that begins at an address and ends at its region's end or before; undefined if none. */
export function mmappedAt(memory: Memory, {start, end}: Range, word: 4 | 8, pageSize: number): number | undefined {
  const bytes = memory.read(start, 2 * word);
  if (bytes.length < 2 * word) return undefined;
  const header = new Struct(bytes, word);
  return sizeIn(header.word(0), header.word(word), end - start, pageSize);
}

/** @param room bytes that there are for it */
function sizeIn(
  previous: number | undefined,
  field: number | undefined,
  room: number,
  pageSize: number,
): number | undefined {
  if (previous !== 0 || field === undefined || field % 8 !== 2) return undefined;
  const size = field - 2;
  return size > 0 && size % pageSize === 0 && size <= room ? size : undefined;
}
