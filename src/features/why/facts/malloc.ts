import {riseOf} from '../../growth/growth.ts';
import type {HeapGrowth} from '../../growth/heap.ts';
import type {Heap} from '../../heap/heap.ts';

/** What malloc's books say, in bytes. */
export interface Malloc {
  readonly arenas: number;
  /** What the arenas have from the kernel, and what of it the program has allocated, and freed. */
  readonly system: number;
  readonly inUse: number;
  readonly free: number;
  /** The resident part of `free`, and what of that malloc_trim(0) would give back. */
  readonly freeResident: number;
  readonly trimmable: number;
  /** Chunks that have a mapping each: they are in use. */
  readonly mmapped: {readonly count: number; readonly bytes: number};
  /** The figures are about right: an arena did not come out, or it is a core, which doesn't say what was resident. */
  readonly isTorn: boolean;
  /** By how much what is in use rose while it was watched; absent where the books were read once. */
  readonly rise?: {readonly small: number; readonly large: number; readonly free: number} | undefined;
}

/** @returns undefined where the program's malloc is another one, or its books were not found */
export function mallocOf(heap: Heap | undefined, before: Heap | undefined): Malloc | undefined {
  const books = heap?.books;
  if (!heap || !books || heap.unnamed) return undefined;
  const {system, inUse, free, freeResident, trimmable} = heap.totals;
  const {count, bytes} = books.mmapped;
  return {
    arenas: heap.arenas.length,
    system,
    inUse,
    free,
    freeResident,
    trimmable,
    mmapped: {count, bytes},
    isTorn: heap.snapshot.source.format === 'core' || heap.arenas.some(({torn}) => torn !== undefined),
    rise: before?.books && {
      small: inUse - before.totals.inUse,
      large: bytes - before.books.mmapped.bytes,
      free: free - before.totals.free,
    },
  };
}

/** What a recording has of them. @returns undefined where none of its readings could be used */
export function mallocOfRecording(books: HeapGrowth | undefined): Malloc | undefined {
  if (!books?.last) return undefined;
  const {mmapped, ...figures} = books.last;
  return {
    ...figures,
    arenas: 0,
    mmapped: {count: 0, bytes: mmapped},
    isTorn: false,
    rise: {small: riseOf(books.inUse), large: 0, free: riseOf(books.free)},
  };
}
