import type {AllocatorName, OtherAllocator} from '../../model/heap/allocator.ts';
import {sizeOf, type Region} from '../../model/region.ts';
import {type Books, isKnownVersion} from '../../parse/malloc/books.ts';
import type {Memory} from '../../parse/malloc/memory.ts';
import type {LibcFile} from '../../procfs/image/libc.ts';
import {unnamed} from './allocators.ts';
import type {Unnamed} from './heap.ts';

/** Larger regions are reserved, and not counted page by page. */
const LARGEST = 64 * 2 ** 30;

/**
 * Whose malloc is used, for certain: arenas of glibc that have memory are. Where another allocator is there besides,
 * which of the two the program's own calls reach is not known: LD_PRELOAD decides that, or how the program was linked.
 * Where only the other one can have memory, it is that.
 */
export function whose(
  other: OtherAllocator | undefined,
  books: Books | undefined,
  file: LibcFile | undefined,
): {readonly allocator: AllocatorName; readonly beside: OtherAllocator | undefined} {
  const hasMemory = books !== undefined && (books.mmapped.count > 0 || books.arenas.some(({system}) => system > 0));
  if (other !== undefined && !hasMemory) return {allocator: other, beside: undefined};
  return {allocator: books || file?.version !== undefined ? 'glibc' : 'unknown', beside: other};
}

/** What another allocator has, for the most part. */
export function unnamedIn(memory: Pick<Memory, 'residentIn'>, all: readonly Region[]): Unnamed {
  const regions = unnamed(all).filter((region) => sizeOf(region) <= LARGEST);
  const sum = (of: (region: Region) => number): number => regions.reduce((bytes, region) => bytes + of(region), 0);
  return {
    regions: regions.length,
    size: sum(sizeOf),
    resident: sum(({start, end}) => memory.residentIn(start, end)),
  };
}

/** What readBooks() must know of the C library. @param word bytes of a pointer, where its file doesn't say */
export const wantedOf = (
  file: LibcFile | undefined,
  word: 4 | 8,
): {readonly minor: number | undefined; readonly word: 4 | 8} => ({
  minor: file?.version?.startsWith('2.') ? Number(file.version.slice(2)) : undefined,
  word: file?.word ?? word,
});

/** What a reader should know of the version, a sentence each. */
export function notesOf(file: LibcFile | undefined, hasBooks: boolean): string[] {
  const notes: string[] = [];
  const minor = Number(file?.version?.slice(2));
  if (file?.version !== undefined && !isKnownVersion(minor))
    notes.push(
      hasBooks
        ? `glibc ${file.version} is not known: each arena was checked, and what threads keep (tcache) is not told.`
        : `glibc ${file.version} is not known: its malloc is laid out in another way.`,
    );
  if (hasBooks && file?.version === undefined)
    notes.push('The version of glibc could not be found out: each arena was checked by what it holds.');
  return notes;
}
