import {isAllocators, pathOf} from '../../classify/runtimes/allocators.ts';
import {isPrivate, isShared, isWritable, type Region} from '../../model/region.ts';

const GLIBC = /\/libc(-2\.\d+\.so|\.so\.6)$/;

/**
 * Memory that an allocator has, or anybody else who maps memory of no file: kinds tell stacks, .bss and glibc's
 * arenas apart from it, and nothing tells the rest apart.
 */
export const unnamed = (regions: readonly Region[]): Region[] =>
  regions.filter(
    (region) =>
      (region.kind === 'anon' || region.kind === 'heap' || isAllocators(region.label)) &&
      isWritable(region) &&
      isPrivate(region),
  );

/** The C library of GNU, or the program that may contain it. @param exe what runs: /proc/PID/exe */
export function glibcIn(regions: readonly Region[], exe: string | undefined): readonly Region[] {
  const library = regions.filter((region) => GLIBC.test(pathOf(region)));
  return library.length > 0 ? library : regions.filter(({name}) => name !== '' && name === exe);
}

/** The writable data of each copy of a file that is mapped: dlmopen(3) maps one more. */
export function copiesOf(file: readonly Region[], regions: readonly Region[]): Region[][] {
  const copies: Region[][] = [];
  for (const region of file.toSorted((a, b) => a.start - b.start)) {
    const last = copies.at(-1)?.at(-1);
    const isSame = last?.name === region.name && last.inode === region.inode;
    // Each begins with the beginning of the file.
    if (isSame && (region.offset ?? 0) >= (last.offset ?? 0)) copies.at(-1)!.push(region);
    else copies.push([region]);
  }
  return copies.map((copy) => dataOf(copy, regions)).filter((data) => data.length > 0);
}

/** The writable data of a file: what is mapped of it so, and the memory of no file right behind it (.bss). */
function dataOf(file: readonly Region[], regions: readonly Region[]): Region[] {
  // A core doesn't say whether a file was mapped to be shared: a loader doesn't do that.
  const isData = (region: Region): boolean => isWritable(region) && !isShared(region);
  const own = file.filter(isData);
  const behind = own.flatMap(({end}) =>
    regions.filter((other) => other.start === end && other.name === '' && isData(other)),
  );
  return [...own, ...behind].sort((a, b) => a.start - b.start);
}
