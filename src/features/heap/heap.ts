import type {AllocatorName, OtherAllocator} from '../../model/heap/allocator.ts';
import {hex} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {ArenaBooks, Books} from '../../parse/malloc/books.ts';
import type {PythonHeap} from './anonymous.ts';
import type {Runtime} from './runtime/part.ts';
import {runtimeJSON} from './runtime/runtime.ts';
import {sentenceOf} from './sentence.ts';

/** What adds up over all arenas, in bytes; chunks that are mapped separately are not in it. */
export type HeapTotals = Readonly<Record<(typeof SUMMED)[number], number>>;

const SUMMED = ['system', 'inUse', 'free', 'fastbins', 'top', 'freeResident', 'trimmable', 'unread'] as const;

/** Memory of no file that another allocator has, for the most part. */
export interface Unnamed {
  readonly regions: number;
  /** Bytes. */
  readonly size: number;
  readonly resident: number;
}

interface HeapParts {
  readonly snapshot: Snapshot;
  readonly allocator: AllocatorName;
  /** One that is there besides, and may have memory as well. */
  readonly beside: OtherAllocator | undefined;
  /** Of glibc, such as `2.36`. */
  readonly version: string | undefined;
  /** Undefined if no arena was found. */
  readonly books: Books | undefined;
  /** Where another allocator than glibc's is there. */
  readonly unnamed: Unnamed | undefined;
  /** What the pools of a Python say; undefined where there is none, or nobody asked. */
  readonly python?: PythonHeap | undefined;
  /** All its memory by what it is for; undefined where nobody asked, or resident memory was not read. */
  readonly runtime?: Runtime | undefined;
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
  /** It ended, or began another program, while it was read. */
  readonly isGone: boolean;
  readonly cost: {readonly bytesRead: number; readonly ms: number};
}

/** malloc's books of one process. */
export class Heap {
  readonly snapshot: Snapshot;
  readonly allocator: AllocatorName;
  readonly beside: OtherAllocator | undefined;
  readonly version: string | undefined;
  readonly books: Books | undefined;
  readonly unnamed: Unnamed | undefined;
  readonly python: PythonHeap | undefined;
  readonly runtime: Runtime | undefined;
  readonly cost: HeapParts['cost'];
  readonly totals: HeapTotals;
  readonly #notes: readonly string[];
  readonly #isGone: boolean;

  constructor(parts: HeapParts) {
    const {snapshot, allocator, beside, version, books, unnamed, python, runtime, notes, isGone, cost} = parts;
    this.snapshot = snapshot;
    this.allocator = allocator;
    this.beside = beside;
    this.version = version;
    this.books = books;
    this.unnamed = unnamed;
    this.python = python;
    this.runtime = runtime;
    this.cost = cost;
    this.totals = totalsOf(this.arenas);
    this.#notes = notes;
    this.#isGone = isGone;
  }

  get arenas(): readonly ArenaBooks[] {
    return this.books?.arenas ?? [];
  }

  /** Sentences. */
  get notes(): string[] {
    const notes = [...this.#notes];
    const mains = this.arenas.filter(({isMain}) => isMain).length;
    if (this.books && this.books.copies > 1) notes.push(copiesNote(this.books.copies, mains));
    for (const {address, torn} of this.arenas)
      if (torn !== undefined)
        notes.push(
          `The arena at ${hex(address)} is torn: ${torn}. It was read again, and its figures are not certain.`,
        );
    for (const {address, why} of this.books?.refused ?? [])
      notes.push(`The arena at ${hex(address)} was not used, nor those behind it: ${why}.`);
    if (this.books && !this.books.isClosed && this.books.refused.length === 0)
      notes.push('The list of arenas does not close: there may be more.');
    return notes;
  }

  /** Were the books of the program's malloc found, and did each arena come out at its top? */
  get isWhole(): boolean {
    const {books} = this;
    return (
      this.unnamed === undefined &&
      books !== undefined &&
      books.isClosed &&
      !this.#isGone &&
      this.arenas.every(({torn}) => torn === undefined)
    );
  }

  /** The document `memmap.heap/1`. */
  toJSON(): Record<string, unknown> {
    const {books} = this;
    const notes = this.notes;
    return {
      schema: 'memmap.heap/1',
      process: this.snapshot.process,
      takenAt: this.snapshot.takenAt ?? null,
      allocator: this.allocator,
      beside: this.beside,
      version: this.version ?? null,
      sentence: sentenceOf(this),
      arenas: this.arenas.map(arenaJSON),
      mmapped: {count: books?.mmapped.count ?? 0, bytes: books?.mmapped.bytes ?? 0, from: books?.mmapped.from},
      totals: this.totals,
      freeRuns: books?.runs.map(({start, end}) => ({start: hex(start), end: hex(end), size: end - start})) ?? [],
      freeChunks: books?.classes ?? [],
      unnamed: this.unnamed,
      runtime: this.runtime && runtimeJSON(this.runtime),
      cost: {bytesRead: this.cost.bytesRead, ms: Math.round(this.cost.ms * 10) / 10},
      notes: notes.length > 0 ? notes : undefined,
    };
  }
}

const copiesNote = (copies: number, mains: number): string =>
  `The C library is mapped ${copies} times (dlmopen(3)), each with a malloc of its own; ` +
  (mains < copies
    ? `arenas of ${mains} were found: the others have not been called, or can't be read.`
    : 'malloc_trim(0) trims only the malloc of the copy in which it is called.');

function totalsOf(arenas: readonly ArenaBooks[]): HeapTotals {
  const sum = (key: (typeof SUMMED)[number]): number => arenas.reduce((all, arena) => all + arena[key], 0);
  return Object.fromEntries(SUMMED.map((key) => [key, sum(key)])) as HeapTotals;
}

const arenaJSON = ({address, isMain, torn, tcache, ...figures}: ArenaBooks): Record<string, unknown> => ({
  address: hex(address),
  main: isMain,
  ...figures,
  tcache: tcache ?? null,
  torn: torn !== undefined,
  why: torn,
});
