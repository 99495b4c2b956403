import {isPrivate, isWritable, type Region} from '../../model/region.ts';

/** Whose malloc a program uses. */
export type AllocatorName = 'glibc' | 'musl' | 'jemalloc' | 'tcmalloc' | 'mimalloc' | 'unknown';

/** What stands before the C library's malloc where it is mapped, by the name of its file. */
const LIBRARIES: ReadonlyArray<readonly [AllocatorName, RegExp]> = [
  ['jemalloc', /^libjemalloc[.-]/],
  ['tcmalloc', /^libtcmalloc(_\w+)?[.-]/],
  ['mimalloc', /^libmimalloc(-\w+)?[.-]/],
];

const MUSL = /^(ld-musl-[\w-]+\.so|libc\.musl-[\w-]+\.so)(\.|$)/;
const GLIBC = /^libc(-2\.\d+)?\.so(\.6)?$/;

/** The last part of a region's name, without the kernel's remark on a file that was replaced: an upgrade does that. */
const fileOf = ({name}: Region): string => name.slice(name.lastIndexOf('/') + 1).replace(/ \(deleted\)$/, '');

/** An allocator other than glibc's that is mapped as a library; undefined if there is none. */
export function preloaded(regions: readonly Region[]): AllocatorName | undefined {
  return [...LIBRARIES, ['musl', MUSL] as const].find(([, form]) =>
    regions.some((region) => form.test(fileOf(region))),
  )?.[0];
}

/** The C library of GNU, or the program that may contain it. @param exe what runs: /proc/PID/exe */
export function glibcIn(regions: readonly Region[], exe: string | undefined): readonly Region[] {
  const library = regions.filter((region) => GLIBC.test(fileOf(region)));
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
