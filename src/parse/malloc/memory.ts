import type {ReadAt} from '../elf/headers.ts';

/** From the first byte to the first byte after. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The memory of a process, or made-up memory. */
export interface Memory {
  /** @returns fewer bytes than asked for, or none, where memory is not resident, not mapped, or gone */
  readonly read: ReadAt;
  /** How many bytes of a range are resident. A page counts as resident for the part of it that is in the range. */
  readonly residentIn: (start: number, end: number) => number;
}

/** Bytes of a first read. */
const FIRST = 4096;
const MOST = 2 ** 20;

/** Words of a process's memory, mostly ascending: who goes on without leaping is given more at a time. */
export class Words {
  readonly #memory: Memory;
  readonly #word: 4 | 8;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #start = 0;
  #wanted = FIRST;
  #before = -1;

  constructor(memory: Memory, word: 4 | 8) {
    this.#memory = memory;
    this.#word = word;
  }

  /** Little-endian; not exact above 2^53. @param end what is asked for later lies below @returns undefined: not there */
  at(address: number, end: number = address + FIRST): number | undefined {
    let offset = address - this.#start;
    if (offset < 0 || offset + this.#word > this.#bytes.length) {
      if (!this.#load(address, end)) return undefined;
      offset = 0;
    }
    const low = this.#view.getUint32(offset, true);
    return this.#word === 4 ? low : low + this.#view.getUint32(offset + 4, true) * 2 ** 32;
  }

  /** What was read may have changed since. */
  forget(): void {
    this.#bytes = new Uint8Array(0);
    this.#before = -1;
  }

  #load(address: number, end: number): boolean {
    const isNext = address >= this.#before && address - this.#before < FIRST;
    this.#wanted = isNext ? Math.min(this.#wanted * 2, MOST) : FIRST;
    // Up to the end of a page: the next may not be there.
    const limit = Math.max(end, address + this.#word);
    const upTo = Math.min(Math.ceil((address + this.#wanted) / FIRST) * FIRST, limit);
    this.#start = address;
    this.#bytes = this.#memory.read(address, upTo - address);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length);
    this.#before = address + this.#bytes.length;
    return this.#bytes.length >= this.#word;
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
