import type {Layout} from './layout.ts';
import {Words, type Memory, type Range} from './memory.ts';

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
      const field = words.at(at + word, end);
      if (field === undefined || field % 8 !== 2 || words.at(at, end) !== 0) break;
      const size = field - 2;
      if (size === 0 || size % pageSize !== 0 || at + size > end) break;
      count++;
      bytes += size;
      at += size;
    }
  }
  return {count, bytes, from: 'headers'};
}
