import {chunkFrom, layoutOf, type Layout} from '../../../src/parse/malloc/layout.ts';
import type {Memory, Range} from '../../../src/parse/malloc/memory.ts';
import {binAt} from '../../../src/parse/malloc/state.ts';
import {readBooks} from '../../../src/parse/malloc/books.ts';

const PAGE = 4096;

/** Memory that is made up: ranges of bytes, of which pages may be absent. */
export class MadeMemory implements Memory {
  readonly ranges: Array<Range & {readonly bytes: Uint8Array}> = [];
  readonly absent = new Set<number>();
  /** Bytes that were read. */
  bytesRead = 0;

  map(start: number, size: number): void {
    this.ranges.push({start, end: start + size, bytes: new Uint8Array(size)});
  }

  readonly read = (address: number, length: number): Uint8Array => {
    const range = this.ranges.find(({start, end}) => address >= start && address < end);
    if (!range) return new Uint8Array(0);
    let end = Math.min(address + length, range.end);
    for (let page = Math.floor(address / PAGE); page * PAGE < end; page++)
      if (this.absent.has(page)) end = Math.max(address, page * PAGE);
    this.bytesRead += end - address;
    return range.bytes.slice(address - range.start, end - range.start);
  };

  readonly readInto = (address: number, length: number, into: Uint8Array): number => {
    const bytes = this.read(address, length);
    into.set(bytes);
    return bytes.length;
  };

  readonly residentIn = (start: number, end: number): number => {
    let bytes = 0;
    for (let page = Math.floor(start / PAGE); page * PAGE < end; page++) {
      const isThere =
        !this.absent.has(page) && this.ranges.some((range) => page * PAGE >= range.start && page * PAGE < range.end);
      if (isThere) bytes += Math.min(end, (page + 1) * PAGE) - Math.max(start, page * PAGE);
    }
    return bytes;
  };

  set(address: number, value: number, word: 4 | 8): void {
    const range = this.ranges.find(({start, end}) => address >= start && address + word <= end);
    if (!range) return;
    const view = new DataView(range.bytes.buffer);
    view.setUint32(address - range.start, value % 2 ** 32, true);
    if (word === 8) view.setUint32(address - range.start + 4, Math.floor(value / 2 ** 32), true);
  }
}

/** A chunk to be made: of the main arena or of a thread's. */
export interface Made {
  /** Units of 16 bytes beyond the smallest. */
  readonly units: number;
  readonly state: 'used' | 'free' | 'fast';
}

/** What the books must say of an arena. */
interface Truth {
  readonly system: number;
  readonly free: number;
  readonly fastbins: number;
  readonly top: number;
  readonly trimmable: number;
}

/** Where things are: below 4 GiB, as a 32-bit program has them too. */
export const DATA = 0x1000_0000;
export const BRK = 0x2000_0000;
export const HEAP = 0x4000_0000;

/** An address space with a main arena and one of a thread, made of chunks. */
export class MadeHeap {
  readonly memory = new MadeMemory();
  readonly layout: Layout;
  readonly minor: number;
  readonly main: number = DATA + 0x40;
  readonly thread: number;
  readonly truth: readonly [Truth, Truth];

  constructor(minor: number, word: 4 | 8, chunks: readonly [readonly Made[], readonly Made[]], topUnits: number) {
    this.minor = minor;
    const layout = (this.layout = layoutOf(minor, word));
    this.memory.map(DATA, 2 * PAGE);
    this.thread = HEAP + layout.heapInfo;
    // With room for a chunk between a free one and the top, which is never smaller than the least chunk.
    const size = (list: readonly Made[]): number =>
      list.reduce((sum, {units}) => sum + layout.least + units * 16, 0) + 2 * layout.least + topUnits * 16;
    const whole = (bytes: number): number => Math.ceil(bytes / PAGE) * PAGE;
    const first = [chunkFrom(BRK, layout), chunkFrom(this.thread + layout.state, layout)] as const;
    const ends = [whole(first[0] + size(chunks[0])), whole(first[1] + size(chunks[1]))] as const;
    this.memory.map(BRK, ends[0] - BRK);
    this.memory.map(HEAP, ends[1] - HEAP);
    this.#word(HEAP, this.thread);
    this.#word(HEAP + 2 * word, ends[1] - HEAP);
    this.truth = [
      this.#arena(this.main, this.thread, chunks[0], first[0], BRK, ends[0]),
      this.#arena(this.thread, this.main, chunks[1], first[1], HEAP, ends[1]),
    ];
  }

  /** The books of it. */
  read(): ReturnType<typeof readBooks> {
    const {memory} = this;
    const [data, brk, heap] = memory.ranges;
    return readBooks({
      memory,
      pageSize: PAGE,
      space: {
        isWritable: (address) => memory.ranges.some(({start, end}) => address >= start && address < end),
        brk,
        anonymous: [heap!],
        refusedFrom: (_, end) => end,
        refresh: () => {},
      },
      copies: [[data!]],
      minor: this.minor,
      word: this.layout.word,
    });
  }

  #word(address: number, value: number): void {
    this.memory.set(address, value, this.layout.word);
  }

  #arena(at: number, next: number, chunks: readonly Made[], first: number, start: number, end: number): Truth {
    const {layout} = this;
    const {word} = layout;
    const isMain = at === this.main;
    for (let bin = 1; bin < 128; bin++)
      for (const link of [0, 1]) this.#word(binAt(at, bin, layout) + (2 + link) * word, binAt(at, bin, layout));
    this.#word(at + layout.next, next);
    this.#word(at + layout.systemMem, end - start);
    this.#word(at + layout.maxSystemMem, end - start);
    let [free, fastbins, trimmable, address] = [0, 0, 0, first];
    let isFreeBefore = false;
    let run = -1;
    const heads = Array.from({length: layout.fastbinCount}, () => 0);
    const close = (): void => {
      if (run >= 0) trimmable += pagesIn(run + layout.chunk, address);
      run = -1;
    };
    for (const {units, state} of chunks) {
      const size = layout.least + units * 16;
      const bin = size / (2 * word) - 2;
      const isFast = state === 'fast' && bin < layout.fastbinCount;
      // Two free chunks side by side would have been joined.
      const isFree: boolean = state === 'free' && !isFreeBefore;
      this.#word(address + word, size + (isFreeBefore ? 0 : 1) + (isMain ? 0 : 4));
      if (isFast) {
        const link = address + 2 * word;
        const mangled = layout.isMangled ? (heads[bin]! ^ Math.floor(link / PAGE)) >>> 0 : heads[bin]!;
        this.#word(link, mangled);
        heads[bin] = address;
        fastbins += size;
      }
      if (isFree || isFast) {
        free += size;
        if (run < 0) run = address;
      } else close();
      address += size;
      if (isFree) this.#word(address, size);
      isFreeBefore = isFree;
    }
    // The top has no free chunk before it: it would have been joined too.
    if (isFreeBefore) {
      this.#word(address + word, layout.least + 1 - 1 + (isMain ? 0 : 4));
      close();
      address += layout.least;
    }
    const top = end - address;
    this.#word(address + word, top + 1);
    this.#word(at + layout.top, address);
    for (const [bin, head] of heads.entries()) this.#word(at + layout.fastbins + bin * word, head);
    if (isMain) {
      const from = run < 0 ? address : run;
      trimmable += Math.max(0, Math.floor((end - from - layout.least - 1) / PAGE) * PAGE);
    }
    return {system: end - start, free: free + top, fastbins, top, trimmable};
  }
}

const pagesIn = (start: number, end: number): number =>
  Math.max(0, Math.floor(end / PAGE) * PAGE - Math.ceil(start / PAGE) * PAGE);
