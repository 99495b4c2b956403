import {isAllocators} from '../../classify/runtimes/allocators.ts';
import type {Kind} from '../../model/kind.ts';
import {ownerIn} from '../../model/heap/owner.ts';
import type {Region} from '../../model/region.ts';

/** What a region belongs to, by its kind; what is not named here is told by its label. */
const PLACES: Readonly<Partial<Record<Kind, readonly [key: string, what: string]>>> = {
  heap: ['malloc', "malloc's memory"],
  text: ['code', 'program and libraries'],
  rodata: ['code', 'program and libraries'],
  relro: ['code', 'program and libraries'],
  data: ['code', 'program and libraries'],
  bss: ['code', 'program and libraries'],
  vdso: ['code', 'program and libraries'],
  vvar: ['code', 'program and libraries'],
  vsyscall: ['code', 'program and libraries'],
  stack: ['stacks', 'stacks of threads'],
  'thread-stack': ['stacks', 'stacks of threads'],
  jit: ['jit', 'code made at run time'],
  file: ['files', 'mapped files'],
  shared: ['shared', 'shared memory'],
  memfd: ['shared', 'shared memory'],
  anon: ['anon', 'other anonymous memory'],
  hugetlb: ['hugetlb', 'huge pages of the pool'],
  guard: ['reserved', 'reserved addresses'],
  reserved: ['reserved', 'reserved addresses'],
};

const GLIBC = /malloc's arenas$|^glibc: malloc/;

/** Of the runtimes: `unused part of V8's heap` belongs to V8's heap. */
const plain = (label: string): string => ownerIn(label) ?? label;

/** What of a program's memory a region is: a key, the same for all that are alike, and what to call it. */
export function placeOf({kind, label = ''}: Pick<Region, 'kind' | 'label'>): readonly [key: string, what: string] {
  // The brk area of another allocator than glibc's.
  const place = isAllocators(label) ? undefined : PLACES[kind];
  if (place) return place;
  if (kind === 'arena' || kind === 'heap')
    return GLIBC.test(label) || label === '' ? PLACES.heap! : [`arena ${label}`, plain(label)];
  if (kind === 'managed') return [`managed ${plain(label)}`, plain(label) || "the runtime's heap"];
  return ['other', 'devices and objects of the kernel'];
}

/** The key of what a kind of region belongs to. */
export const keyOf = (kind: Kind): string => placeOf({kind})[0];
