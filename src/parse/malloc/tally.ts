import {alignDown, alignUp, type Layout} from './layout.ts';
import type {Finder} from './chunks.ts';
import type {Memory, Range, Space} from './memory.ts';

/** Free chunks whose sizes lie between two powers of two. */
export interface SizeClass {
  /** Bytes of the smallest that belongs here; those of the next class are at least twice as large. */
  readonly from: number;
  readonly chunks: number;
  readonly bytes: number;
}

/** Sizes are counted up to 2^31, larger ones with that. */
const POWERS = 32;

/** This many of the largest free runs are kept. */
const LARGEST = 10;

/** Runs below this are taken for resident: a header in each of their pages was read. */
const SMALL = 4096;

/** What a tally needs to know of the arena. */
interface TallyOf {
  readonly layout: Layout;
  readonly memory: Memory;
  /** Bytes. */
  readonly pageSize: number;
  readonly isMain: boolean;
  /** Where the brk area ends: there alone malloc_trim gives back from the top of main_arena. */
  readonly brkEnd: () => number | undefined;
  readonly space: Pick<Space, 'refusedFrom'>;
  /** A top is given back in units of this many bytes: a page by default. */
  readonly trimUnit?: number;
  /** An address of which the chunk is wanted. */
  readonly probe?: number | undefined;
}

/** The chunk that an address lies in. */
interface Seen {
  readonly start: number;
  readonly size: number;
  readonly state: 'in use' | 'free' | 'top';
}

/** Adds up what a walk finds in an arena. All figures in bytes. */
export class Tally implements Finder {
  /** In free chunks, those of fastbins too, and in the top. */
  freeBytes = 0;
  topBytes = 0;
  /** What malloc_trim(0) would give back: the resident part of it. */
  trimmable = 0;
  /** The resident part of what is free. */
  freeResident = 0;
  /** The chunk that was wanted. */
  seen: Seen | undefined;
  /** Chunks that may hold what a thread keeps for itself. */
  readonly tcaches: number[] = [];
  readonly #of: TallyOf;
  readonly #tcacheChunk: number | undefined;
  /** No address is one: then nothing was asked for. */
  readonly #probe: number;
  /** By the power of two. */
  readonly #chunks = new Float64Array(POWERS);
  readonly #bytes = new Float64Array(POWERS);
  readonly #runs: Range[] = [];

  constructor(of: TallyOf) {
    this.#of = of;
    this.#tcacheChunk = of.layout.tcache?.chunk;
    this.#probe = of.probe ?? NaN;
  }

  free(start: number, size: number): void {
    this.freeBytes += size;
    this.#see(start, size, 'free');
    this.#count(31 - Math.clz32(Math.min(size, 2 ** 31)), 1, size);
  }

  /**
   * What mtrim does with a free chunk: the whole pages in it behind its header are given back by MADV_DONTNEED, if it
   * is larger than a page and a header.
   */
  run(start: number, end: number): void {
    const {layout, memory, pageSize, space} = this.#of;
    this.#keep(start, end);
    this.freeResident += end - start < SMALL ? end - start : memory.residentIn(start, end);
    if (end - start < pageSize) return;
    const first = alignUp(start + layout.chunk, pageSize);
    const last = alignDown(end, pageSize);
    if (last > first) this.trimmable += memory.residentIn(first, space.refusedFrom(first, last));
  }

  used(start: number, size: number, isPlain: boolean): void {
    if (size === this.#tcacheChunk && !isPlain) this.tcaches.push(start);
    this.#see(start, size, 'in use');
  }

  /**
   * What systrim does: all of the top of main_arena but the smallest chunk goes back through brk(2), in whole pages,
   * if the brk area ends with it. Tops of other arenas stay.
   */
  top(start: number, size: number, from: number): void {
    const {layout, memory, pageSize, trimUnit = pageSize, isMain, brkEnd} = this.#of;
    const end = start + size;
    this.freeBytes += size;
    this.topBytes += size;
    this.#see(start, size, 'top');
    this.#keep(from, end);
    this.freeResident += memory.residentIn(from, end);
    if (!isMain || brkEnd() !== end) return;
    const extra = alignDown(end - from - layout.least - 1, trimUnit);
    if (extra > 0) this.trimmable += memory.residentIn(end - extra, end);
  }

  /** An empty one of the same arena. */
  fresh(): Tally {
    return new Tally(this.#of);
  }

  /** Adds what another one found. */
  add(other: Tally): void {
    this.freeBytes += other.freeBytes;
    this.topBytes += other.topBytes;
    this.trimmable += other.trimmable;
    this.freeResident += other.freeResident;
    this.seen ??= other.seen;
    for (const each of other.tcaches) this.tcaches.push(each);
    for (const {start, end} of other.#runs) this.#keep(start, end);
    for (const [power, chunks] of other.#chunks.entries()) this.#count(power, chunks, other.#bytes[power]!);
  }

  #see(start: number, size: number, state: Seen['state']): void {
    if (this.#probe >= start && this.#probe < start + size) this.seen = {start, size, state};
  }

  /** The largest first. */
  get runs(): readonly Range[] {
    return this.#runs;
  }

  /** How many free chunks of which size there are, ascending; the top is not among them. */
  get classes(): SizeClass[] {
    return [...this.#chunks]
      .map((chunks, power) => ({from: 2 ** power, chunks, bytes: this.#bytes[power]!}))
      .filter(({chunks}) => chunks > 0);
  }

  #count(power: number, chunks: number, bytes: number): void {
    this.#chunks[power]! += chunks;
    this.#bytes[power]! += bytes;
  }

  #keep(start: number, end: number): void {
    const runs = this.#runs;
    const size = end - start;
    if (runs.length === LARGEST && size <= runs[LARGEST - 1]!.end - runs[LARGEST - 1]!.start) return;
    let at = runs.length;
    while (at > 0 && runs[at - 1]!.end - runs[at - 1]!.start < size) at--;
    runs.splice(at, 0, {start, end});
    if (runs.length > LARGEST) runs.pop();
  }
}
