/**
 * Where malloc of glibc keeps its books: malloc/malloc.c (struct malloc_state, malloc_chunk, malloc_par,
 * tcache_perthread_struct) and malloc/arena.c (struct _heap_info). All in bytes. None of it is an interface: it is as
 * the versions below have it, and each arena is verified before it is believed (state.ts).
 */
export interface Layout {
  /** Bytes of a pointer and of a size (SIZE_SZ). */
  readonly word: 4 | 8;
  /** Bytes of the smallest chunk (MINSIZE). */
  readonly least: number;
  /** Bytes of struct malloc_chunk: what malloc_trim leaves of each free chunk. */
  readonly chunk: number;
  /** In malloc_state. */
  readonly flags: number;
  readonly fastbins: number;
  /** NFASTBINS. */
  readonly fastbinCount: number;
  readonly top: number;
  readonly bins: number;
  readonly next: number;
  readonly systemMem: number;
  readonly maxSystemMem: number;
  /** Bytes of malloc_state. */
  readonly state: number;
  /** Bytes of heap_info, at the beginning of each heap of a thread's arena. */
  readonly heapInfo: number;
  /** HEAP_MAX_SIZE: such heaps begin at multiples of it. */
  readonly heapMax: number;
  /** Has malloc settings for huge pages? Since 2.35. */
  readonly hasHuge: boolean;
  /** Since 2.32 the links of fastbins and tcache are mangled with their own address (PROTECT_PTR, "safe-linking"). */
  readonly isMangled: boolean;
  /** Undefined where it is laid out otherwise, and not known. */
  readonly tcache: TcacheLayout | undefined;
}

/** tcache_perthread_struct: a number and a list for each size, or range of sizes. */
interface TcacheLayout {
  /** TCACHE_MAX_BINS. */
  readonly bins: number;
  /** Lists of chunks of one size; those behind them have sizes between two powers of two. */
  readonly small: number;
  /** What the numbers say: how many chunks a list has, or, since 2.42, for how many it has room left. */
  readonly counts: 'chunks' | 'room';
  /** Bytes of a number. */
  readonly count: 1 | 2;
  /** Where the lists begin. */
  readonly entries: number;
  /** Bytes of the struct. */
  readonly bytes: number;
  /** Bytes of the chunk that it lies in. */
  readonly chunk: number;
}

/** MALLOC_ALIGNMENT: of what malloc returns. On i386 it is 16 as well, since 2.26. */
export const ALIGNMENT = 16;

/** NBINS. */
export const BINS = 128;

const BINMAP = 16;

/** The minor versions whose books were compared with malloc_info. */
const TRIED = [31, 36, 41, 43];

/**
 * The versions whose source was read: 2.26 brought the tcache, 2.27 have_fastchunks, 2.30 larger counts, 2.32 mangled
 * links, 2.35 a longer heap_info, 2.42 another tcache, and 2.43 took the fastbins away.
 */
const FIRST = 26;
const LAST = 43;

/** How well a version is known. `other`: arenas are believed if they pass the checks, and that is said. */
export const knownness = (minor: number): 'tried' | 'same' | 'other' =>
  TRIED.includes(minor) ? 'tried' : minor >= FIRST && minor <= LAST ? 'same' : 'other';

/**
 * The layout of glibc 2.`minor`, or the nearest that is known.
 *
 * @param word bytes of a pointer in the program
 */
export function layoutOf(minor: number, word: 4 | 8): Layout {
  const fastbins = minor < 27 ? 8 : alignUp(12, word);
  const fastbinCount = minor >= 43 ? 0 : word === 8 ? 10 : 11;
  const top = minor >= 43 ? 8 : fastbins + fastbinCount * word;
  const bins = top + 2 * word;
  const next = bins + (BINS * 2 - 2) * word + BINMAP;
  return {
    word,
    least: 4 * word,
    chunk: 6 * word,
    flags: 4,
    fastbins,
    fastbinCount,
    top,
    bins,
    next,
    systemMem: next + 3 * word,
    maxSystemMem: next + 4 * word,
    state: next + 5 * word,
    heapInfo: word === 4 ? 24 : minor < 35 ? 32 : 48,
    heapMax: word === 8 ? 64 * 2 ** 20 : 2 ** 20,
    hasHuge: minor >= 35,
    isMangled: minor >= 32,
    tcache: minor < FIRST || minor > LAST ? undefined : tcacheOf(minor, word),
  };
}

function tcacheOf(minor: number, word: 4 | 8): TcacheLayout {
  const small = 64;
  const bins = minor < 42 ? small : small + 12;
  const count = minor < 30 ? 1 : 2;
  const bytes = bins * (count + word);
  const chunk = alignUp(bytes + word, ALIGNMENT);
  return {bins, small, counts: minor < 42 ? 'chunks' : 'room', count, entries: bins * count, bytes, chunk};
}

/** Of any magnitude: addresses do not fit the 32 bits of `&`. @param step a power of two, or any number above 0 */
export const alignUp = (value: number, step: number): number => Math.ceil(value / step) * step;
export const alignDown = (value: number, step: number): number => Math.floor(value / step) * step;

/** The first chunk at or after an address: what malloc returns, two words on, is aligned. */
export const chunkFrom = (address: number, {word}: Layout): number => alignUp(address + 2 * word, ALIGNMENT) - 2 * word;
