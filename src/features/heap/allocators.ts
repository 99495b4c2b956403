import {isPrivate, isWritable, type Region} from '../../model/region.ts';

/** Whose malloc a program uses. */
export type AllocatorName = 'glibc' | 'musl' | 'jemalloc' | 'tcmalloc' | 'mimalloc' | 'unknown';

/** What stands before the C library's malloc where it is mapped, by the name of its file; and musl, by its path. */
const LIBRARIES: ReadonlyArray<readonly [AllocatorName, RegExp]> = [
  ['jemalloc', /\/libjemalloc[.-][^/]*$/],
  ['tcmalloc', /\/libtcmalloc(_\w+)?[.-][^/]*$/],
  ['mimalloc', /\/libmimalloc(-\w+)?[.-][^/]*$/],
  ['musl', /\/ld-musl-[^/]+$|\/libc\.musl-[^/]+$|-linux-musl\w*\/libc\.so$/],
];

const GLIBC = /\/libc(-2\.\d+\.so|\.so\.6)$/;

/** Without the kernel's remark on a file that was replaced: an upgrade does that. */
const pathOf = ({name}: Region): string => name.replace(/ \(deleted\)$/, '');

/** An allocator other than glibc's that is mapped as a library; undefined if there is none. */
export const otherAllocator = (regions: readonly Region[]): AllocatorName | undefined =>
  LIBRARIES.find(([, form]) => regions.some((region) => form.test(pathOf(region))))?.[0];

/**
 * Memory that an allocator has, or anybody else who maps memory of no file: kinds tell stacks, .bss and glibc's
 * arenas apart from it, and nothing tells the rest apart.
 */
export const unnamed = (regions: readonly Region[]): Region[] =>
  regions.filter(
    (region) => (region.kind === 'anon' || region.kind === 'heap') && isWritable(region) && isPrivate(region),
  );

/** The C library of GNU, or the program that may contain it. @param exe what runs: /proc/PID/exe */
export function glibcIn(regions: readonly Region[], exe: string | undefined): readonly Region[] {
  const library = regions.filter((region) => GLIBC.test(pathOf(region)));
  return library.length > 0 ? library : regions.filter(({name}) => name !== '' && name === exe);
}

/** The writable data of a file: what is mapped of it so, and the memory of no file right behind it (.bss). */
export function dataOf(file: readonly Region[], regions: readonly Region[]): Region[] {
  const isData = (region: Region): boolean => isWritable(region) && isPrivate(region);
  const own = file.filter(isData);
  const behind = own.flatMap(({end}) =>
    regions.filter((other) => other.start === end && other.name === '' && isData(other)),
  );
  return [...own, ...behind].sort((a, b) => a.start - b.start);
}
