import type {ReadAt} from '../elf/headers.ts';
import {alignDown} from './layout.ts';

/** From the first byte to the first byte after. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The memory of a process, or made-up memory. */
export interface Memory {
  /** @returns fewer bytes than asked for, or none, where memory is not resident, not mapped, or gone */
  readonly read: ReadAt;
  /** The same into a buffer, from its beginning: nothing is allocated. @returns how many bytes */
  readonly readInto: (address: number, length: number, into: Uint8Array) => number;
  /** How many bytes of a range are resident. A page counts as resident for the part of it that is in the range. */
  readonly residentIn: (start: number, end: number) => number;
}

/** Where memory is mapped. A fresh look may find it changed. */
export interface Space {
  /** The brk area, if there is one. */
  readonly brk: Range | undefined;
  /** Writable memory of no file, ascending. */
  readonly anonymous: readonly Range[];
  /** Is there writable memory at an address? */
  readonly isWritable: (address: number) => boolean;
  /**
   * Where MADV_DONTNEED, which malloc_trim calls for a range, stops: the kernel gives back nothing of locked memory,
   * nor parts of huge pages of the pool (madvise_dontneed_free_valid_vma, mm/madvise.c). `end` if it takes all.
   */
  readonly refusedFrom: (start: number, end: number) => number;
  /** Takes a fresh look at what is mapped, and at which pages are resident. */
  readonly refresh: () => void;
}

/** Bytes of a read where what is asked for lies far apart: to the end of a page. */
export const LEAST = 4096;

/**
 * Bytes of a read where something is asked for in every page: what the second cache of a processor has room for. Larger
 * ones are not cheaper: the kernel copies page by page.
 */
const MOST = 64 * 1024;

/**
 * Words of a process's memory, mostly ascending. Who asks for something in every page is given more at a time; who
 * leaps over pages does not have them read. What was read last can be looked at as a whole (`view`, `start`, `length`).
 */
export class Words {
  /** Address of the first byte of the view. */
  start = 0;
  /** Bytes of the view that are valid. */
  length = 0;
  view: DataView = new DataView(new ArrayBuffer(0));
  readonly #memory: Memory;
  readonly #word: 4 | 8;
  readonly #most: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #wanted = LEAST;
  /** Since the last read. */
  #asked = 0;

  /** @param most bytes that are read at once: the fewer, the fresher */
  constructor(memory: Memory, word: 4 | 8, most = MOST) {
    this.#memory = memory;
    this.#word = word;
    this.#most = most;
  }

  /**
   * Little-endian; not exact above 2^53.
   *
   * @param end what is asked for later lies below
   * @returns undefined if it is not there
   */
  at(address: number, end: number = address + LEAST): number | undefined {
    this.#asked++;
    let offset = address - this.start;
    if (offset < 0 || offset + this.#word > this.length) {
      this.#load(address, end);
      offset = address - this.start;
      if (offset + this.#word > this.length) return undefined;
    }
    const low = this.view.getUint32(offset, true);
    return this.#word === 4 ? low : low + this.view.getUint32(offset + 4, true) * 2 ** 32;
  }

  /** So many were looked at in the view. */
  looked(count: number): void {
    this.#asked += count;
  }

  /** What was read may have changed since. */
  forget(): void {
    this.length = 0;
    this.#wanted = LEAST;
  }

  #load(address: number, end: number): void {
    const behind = address - this.start - this.length;
    const isDense = behind > -2 * this.#word && behind < LEAST && this.#asked * LEAST >= this.length;
    this.#wanted = isDense ? Math.min(this.#wanted * 2, this.#most) : LEAST;
    this.#asked = 0;
    // A chunk's size is asked for before the word in front of it.
    this.start = alignDown(address, 2 * this.#word);
    const limit = Math.max(end, address + this.#word);
    const upTo = Math.min(Math.max(alignDown(address, LEAST) + this.#wanted, address + this.#word), limit);
    const length = upTo - this.start;
    if (length > this.#bytes.length) {
      this.#bytes = new Uint8Array(length);
      this.view = new DataView(this.#bytes.buffer);
    }
    this.length = this.#memory.readInto(this.start, length, this.#bytes);
  }
}

/** Words of bytes that were read at once. */
export class Struct {
  readonly #view: DataView;
  readonly #word: 4 | 8;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, word: 4 | 8) {
    this.bytes = bytes;
    this.#word = word;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  word(at: number): number {
    const low = this.#view.getUint32(at, true);
    return this.#word === 4 ? low : low + this.#view.getUint32(at + 4, true) * 2 ** 32;
  }

  int(at: number): number {
    return this.#view.getUint32(at, true);
  }

  half(at: number): number {
    return this.#view.getUint16(at, true);
  }
}

/** A link of a list that is mangled with its own address (REVEAL_PTR): `link ^ (at >> 12)`. */
export function reveal(link: number, at: number): number {
  const key = Math.floor(at / 4096);
  const high = (Math.floor(link / 2 ** 32) ^ Math.floor(key / 2 ** 32)) >>> 0;
  return high * 2 ** 32 + ((link ^ key) >>> 0);
}
