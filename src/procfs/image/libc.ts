import type {Region} from '../../model/region.ts';
import {buildIdOf} from '../../parse/elf/build-id.ts';
import {readHeader, type ReadAt} from '../../parse/elf/headers.ts';
import {versionIn} from '../../parse/malloc/version.ts';
import type {ProcessHandle} from '../handle.ts';
import {openIfPlain, openMapped, readerOf} from './mapped.ts';

/** What the file of a C library says of itself, or that of a program which contains one. */
export interface LibcFile {
  /** Of glibc, such as `2.36`. */
  readonly version: string | undefined;
  /** Bytes of a pointer; undefined if it is no ELF file. */
  readonly word: 4 | 8 | undefined;
  /** EM_ constant of its machine: elf(5). */
  readonly machine: number | undefined;
}

/** @param regions of the file @returns undefined if the file can't be opened: it is gone, or may not be read */
export function readLibc(handle: ProcessHandle, regions: readonly Region[]): LibcFile | undefined {
  const [region] = regions;
  const file = region && openMapped(handle, region);
  if (!file) return undefined;
  try {
    return libcIn(readerOf(file), file.size);
  } finally {
    file.close();
  }
}

/**
 * The same of the file that has this name now.
 *
 * @param buildId as it is in memory: a file of another build is not the one that was mapped
 * @returns undefined also if that is so, or nothing says it
 */
export function readLibcOfBuild(path: string, buildId: string | undefined): LibcFile | undefined {
  const file = buildId === undefined ? undefined : openIfPlain(path);
  if (!file) return undefined;
  try {
    const read = readerOf(file);
    return buildIdOf(read) === buildId ? libcIn(read, file.size) : undefined;
  } finally {
    file.close();
  }
}

function libcIn(read: ReadAt, size: number): LibcFile {
  const header = readHeader(read);
  return {version: versionIn(read, size), word: header && (header.is64 ? 8 : 4), machine: header?.machine};
}
