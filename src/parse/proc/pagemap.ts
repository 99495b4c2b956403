import {MAPPED_BY_SEVERAL} from '../../model/cow/pages.ts';
import {classOfPage, PAGE, type PageRuns} from '../../model/pages/pages.ts';

/**
 * /proc/PID/pagemap: a word of 64 bits for each page of address space, in the machine's byte order.
 * Documentation/admin-guide/mm/pagemap.rst; fs/proc/task_mmu.c. Bits 0–54 are the page frame number of a present page
 * (0 for readers without CAP_SYS_ADMIN), or where in swap it is; bits 55–63 are the state.
 *
 * Words are taken as two halves of 32 bits: as BigInts, a million of them take ten times as long.
 */

const IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Where the halves of a word are in a Uint32Array; those of /proc/kpageflags too. */
export const LOW = IS_LITTLE ? 0 : 1;
export const HIGH = IS_LITTLE ? 1 : 0;

/** Bits 59 and 60 are 0 and have no meaning yet. */
const STATE_BITS = PAGE.softDirty | PAGE.exclusive | PAGE.uffdWp | PAGE.guard | PAGE.file | PAGE.swapped | PAGE.present;
const FRAME_BITS = 0x7fffff;
const AMBIGUOUS = PAGE.present | PAGE.file | PAGE.exclusive | PAGE.guard;

/**
 * The state of one page: bits of PAGE. `classOfPage` and `pageWords` say what they mean.
 *
 * @param high bits 32–63 of its word
 */
export const pageState = (high: number): number => (high >>> 23) & STATE_BITS;

/** The same for the first of some words as they are in memory; undefined if there are none. */
export const firstPageState = (words: Uint32Array): number | undefined =>
  words.length < 2 ? undefined : pageState(words[HIGH]!);

/** Is a page of words as they are in memory in RAM? */
export const isPresent = (words: Uint32Array, page: number): boolean =>
  (pageState(words[page * 2 + HIGH]!) & PAGE.present) !== 0;

/** The page frame number of a present page; 0 where the kernel hides it. Physical memory ends below 2^52 bytes. */
export function pageFrame(low: number, high: number): number {
  const above = high & FRAME_BITS;
  // Below 16 TiB of memory V8 has it as a small integer, and allocates nothing.
  return above === 0 ? low >>> 0 : above * 2 ** 32 + (low >>> 0);
}

/** What the frame says about an anonymous page that isn't exclusive: PAGE.zero, PAGE.ksm, PAGE.copyOnWrite, or 0. */
export type FrameReader = (frame: number) => number;

/**
 * What a process has at each of some pages, as keys that can be compared with those of other processes (model/cow): two
 * with the same key have one page. Where the frame is known, that is the key, and of a swapped page its place in swap.
 * Where it is hidden, a page that only one process maps is like no other, and all that several map are alike. The zero
 * page and pages that KSM merged are nobody's, as far as the frame says which they are.
 *
 * @param words two numbers per page, as they are in memory
 * @param frames undefined where page frames are hidden
 * @param process its number, from 0 on
 * @param keys gets the keys; 0 for what is no anonymous page
 * @returns swapped pages of which nothing can be said: those of a reader from whom frames are hidden
 */
export function pageKeys(
  words: Uint32Array,
  frames: FrameReader | undefined,
  process: number,
  keys: Float64Array,
): number {
  let unknown = 0;
  for (let page = 0; page * 2 < words.length; page++) {
    const [low, high] = [words[page * 2 + LOW]!, words[page * 2 + HIGH]!];
    const state = high === 0 ? 0 : pageState(high);
    const kind = classOfPage(state);
    const isOwn = kind === 'own';
    if (kind === 'swapped') {
      keys[page] = frames && (state & PAGE.file) === 0 ? -1 - pageFrame(low, high) : 0;
      if (!frames && (state & PAGE.file) === 0) unknown++;
    } else if (!isOwn && kind !== 'shared') keys[page] = 0;
    else if (!frames) keys[page] = isOwn ? -1 - process : MAPPED_BY_SEVERAL;
    else {
      const frame = pageFrame(low, high);
      keys[page] = isOwn || (frames(frame) & (PAGE.zero | PAGE.ksm)) === 0 ? frame : 0;
    }
  }
  return unknown;
}

/** Turns words into runs. One reader per range; words are added in ascending order. */
export class RunReader {
  readonly #starts: number[] = [];
  readonly #states: number[] = [];
  readonly #pageSize: number;
  readonly #frames: FrameReader | undefined;
  #at: number;
  #last = -1;
  /** Did a present page show its frame number? */
  sawFrame = false;

  /** @param start the address of the first page */
  constructor(start: number, pageSize: number, frames?: FrameReader) {
    this.#at = start;
    this.#pageSize = pageSize;
    this.#frames = frames;
  }

  /**
   * @param words two numbers per page, as they are in memory
   * @param from the first page's index, of `count`
   */
  add(words: Uint32Array, from: number, count: number): void {
    let at = this.#at;
    let last = this.#last;
    const pageSize = this.#pageSize;
    for (let index = from * 2, end = (from + count) * 2; index < end; index += 2, at += pageSize) {
      const high = words[index + HIGH]!;
      let state = pageState(high);
      if (this.#frames && (state & AMBIGUOUS) === PAGE.present) {
        state |= this.#frames(pageFrame(words[index + LOW]!, high));
      }
      if (state === last) continue;
      this.#starts.push(at);
      this.#states.push((last = state));
      if (state & PAGE.present && pageFrame(words[index + LOW]!, high) !== 0) this.sawFrame = true;
    }
    this.#at = at;
    this.#last = last;
  }

  /** Marks the rest of the range as not read. @param end of the range */
  giveUp(end: number): void {
    if (this.#at >= end) return;
    if (this.#last !== PAGE.unread) {
      this.#starts.push(this.#at);
      this.#states.push((this.#last = PAGE.unread));
    }
    this.#at = end;
  }

  finish(): PageRuns {
    return {starts: this.#starts, states: this.#states, end: this.#at};
  }
}
