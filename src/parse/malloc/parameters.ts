import {alignUp, BINS, type Layout} from './layout.ts';
import {Struct, type Memory, type Range, type Space} from './memory.ts';
import {binAt} from './state.ts';

/** What malloc counts and is set to for all arenas: mp_ (struct malloc_par). Bytes. */
interface Parameters {
  /** Chunks with a mapping each. */
  readonly mmaps: number;
  readonly mmapped: number;
  /** The huge pages that malloc asks for by madvise(2): glibc.malloc.hugetlb=1. 0: none. */
  readonly thpPage: number;
  /** The huge pages that it maps: glibc.malloc.hugetlb=2, or their size. 0: none. */
  readonly hugePage: number;
  /** Where the first memory of main_arena begins (sbrk_base); 0: it has none yet. */
  readonly base: number;
}

/** DEFAULT_MMAP_MAX: how many such chunks there may be; seldom set otherwise (M_MMAP_MAX in mallopt(3)). */
const MMAP_MAX = 65_536;

/** No program sets arena_test and arena_max to more. */
const MOST_ARENAS = 65_536;

/** Bytes to both sides of main_arena in which mp_ is looked for: both are in one file's data. */
const NEAR = 256 * 1024;

/**
 * Finds mp_, which lies near main_arena: the fields n_mmaps, n_mmaps_max, max_n_mmaps, no_dyn_threshold, mmapped_mem,
 * max_mmapped_mem, sbrk_base follow one another in all versions. Since 2.35 thp_pagesize, hp_pagesize and hp_flags
 * stand before them.
 *
 * @param data the range that main_arena lies in
 */
export function findParameters(
  memory: Memory,
  main: number,
  data: Range,
  layout: Layout,
  {isWritable}: Space,
): Parameters | undefined {
  const {word, hasHuge} = layout;
  const start = Math.max(data.start, main - NEAR);
  const bytes = memory.read(start, Math.min(data.end, main + NEAR) - start);
  const fields = new Struct(bytes, word);
  const last = binAt(0, BINS - 1, layout);
  // hp_flags is an int, so that n_mmaps is at half a word behind it.
  const before = hasHuge ? 4 + 2 * word : 0;
  const find = (isUsual: boolean): Parameters | undefined => {
    for (let at = before + 5 * word; at + 16 + 4 * word <= bytes.length; at += 4) {
      if ((fields.int(at + 4) === MMAP_MAX) !== isUsual || (start + at >= main && start + at <= main + last)) continue;
      const behind = alignUp(start + at + 16, word) - start;
      const [mmaps, most, isFixed] = [fields.int(at), fields.int(at + 8), fields.int(at + 12)];
      const [mmapped, ever, base] = [fields.word(behind), fields.word(behind + word), fields.word(behind + 2 * word)];
      const isSane = mmaps <= most && (most <= MMAP_MAX || !isUsual) && isFixed <= 1 && mmapped <= ever;
      if (!isSane || (mmaps === 0) !== (mmapped === 0) || !(base === 0 || isWritable(base))) continue;
      if (!isUsual && !(isFixed === 1 && base !== 0 && hasSettings(fields, at - before, word))) continue;
      const thpPage = hasHuge ? fields.word(at - 4 - 2 * word) : 0;
      const hugePage = hasHuge ? fields.word(at - 4 - word) : 0;
      if (isPage(thpPage) && isPage(hugePage)) return {mmaps, mmapped, thpPage, hugePage, base};
    }
    return undefined;
  };
  // Who sets another M_MMAP_MAX fixes the threshold with it (do_set_mmaps_max): more is asked of what stands before.
  return find(true) ?? find(false);
}

/** Do mmap_threshold, arena_test and arena_max stand right before a place? Nobody has none as the first two. */
const hasSettings = (fields: Struct, end: number, word: 4 | 8): boolean => {
  const [threshold, test, most] = [fields.word(end - 3 * word), fields.word(end - 2 * word), fields.word(end - word)];
  return threshold > 0 && test > 0 && test <= MOST_ARENAS && most <= MOST_ARENAS;
};

/** None, or a power of two up to 16 GiB. */
const isPage = (size: number): boolean => size === 0 || (size <= 2 ** 34 && Number.isInteger(Math.log2(size)));
