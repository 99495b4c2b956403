import {alignUp, BINS, type Layout} from './layout.ts';
import {Struct, Words, type Memory, type Range} from './memory.ts';
import {binAt} from './state.ts';

/** Chunks that are too large for an arena, and have a mapping each. */
export interface Mmapped {
  readonly count: number;
  readonly bytes: number;
  /** `books`: malloc's own count (mp_). `headers`: found by what lies at the beginning of unnamed memory. */
  readonly from: 'books' | 'headers';
}

/** DEFAULT_MMAP_MAX: how many such chunks there may be; seldom set otherwise (M_MMAP_MAX in mallopt(3)). */
const MMAP_MAX = 65_536;

/** Bytes to both sides of main_arena in which mp_ is looked for: both are in one file's data. */
const NEAR = 256 * 1024;

/**
 * Finds malloc's own count of mmapped chunks in mp_ (struct malloc_par), which lies near main_arena: the fields
 * n_mmaps, n_mmaps_max, max_n_mmaps, no_dyn_threshold, mmapped_mem, max_mmapped_mem, sbrk_base follow one another in
 * all versions.
 *
 * @param data the range that main_arena lies in
 */
export function countedMmapped(
  memory: Memory,
  main: number,
  data: Range,
  layout: Layout,
  brk: Range | undefined,
): Mmapped | undefined {
  const {word} = layout;
  const start = Math.max(data.start, main - NEAR);
  const bytes = memory.read(start, Math.min(data.end, main + NEAR) - start);
  const fields = new Struct(bytes, word);
  const last = binAt(0, BINS - 1, layout);
  // Since 2.35 an int stands before n_mmaps, so that it is at half a word.
  for (let at = 0; at + 16 + 4 * word <= bytes.length; at += 4) {
    if (fields.int(at + 4) !== MMAP_MAX || (start + at >= main && start + at <= main + last)) continue;
    const behind = alignUp(start + at + 16, word) - start;
    const [count, most, isFixed] = [fields.int(at), fields.int(at + 8), fields.int(at + 12)];
    const [now, ever, base] = [fields.word(behind), fields.word(behind + word), fields.word(behind + 2 * word)];
    const isSane = count <= most && most <= MMAP_MAX && isFixed <= 1 && now <= ever && (count === 0) === (now === 0);
    if (isSane && brk && base >= brk.start && base < brk.end) return {count, bytes: now, from: 'books'};
  }
  return undefined;
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
