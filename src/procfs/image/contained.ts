import type {OtherAllocator} from '../../model/heap/allocator.ts';
import type {ReadAt} from '../../parse/elf/headers.ts';
import {readElfImage} from '../../parse/elf/image.ts';

/**
 * Functions that an allocator keeps to itself (they are hidden, so that no file can refer to another one's): who has
 * their names in its symbol table contains it. jemalloc: src/arena.c, also with a prefix (`_rjem_je_arena_boot`);
 * gperftools' and Google's tcmalloc: namespaces of C++; mimalloc: src/page.c; musl: src/malloc/mallocng/meta.h.
 */
const MARKS: ReadonlyArray<readonly [OtherAllocator, ReadonlyArray<string>]> = [
  ['jemalloc', ['je_arena_boot\0']],
  ['tcmalloc', ['N8tcmalloc8PageHeap', 'N8tcmalloc17tcmalloc_internal']],
  ['mimalloc', ['\0_mi_page_retire\0']],
  ['musl', ['\0__malloc_alloc_meta\0']],
];

/** CPython from 3.13 on has mimalloc in it, and uses it only where it is asked to, or without its lock. */
const OF_PYTHON = '\0_PyMem_MiMalloc';

const SHT_SYMTAB = 2;

/** Bytes of names that are looked through: 7 MiB of Node's take 4 ms. */
const MOST_NAMES = 32 * 1024 * 1024;

/**
 * The allocator that a program contains itself, by the names in its .symtab: elf(5).
 *
 * @returns undefined if there is none, or the program was stripped
 */
export function allocatorInside(read: ReadAt): OtherAllocator | undefined {
  const sections = readElfImage(read)?.sections ?? [];
  const symbols = sections.find(({type}) => type === SHT_SYMTAB);
  const strings = symbols && sections[symbols.link];
  if (!strings || strings.size > MOST_NAMES) return undefined;
  const names = Buffer.from(read(strings.offset, strings.size).buffer);
  const found = MARKS.find(([, marks]) => marks.some((mark) => names.includes(mark, 0, 'latin1')))?.[0];
  return found === 'mimalloc' && names.includes(OF_PYTHON, 0, 'latin1') ? undefined : found;
}
