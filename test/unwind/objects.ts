import {existsSync, fstatSync, openSync, readSync} from 'node:fs';
import {inflateSync} from 'node:zlib';
import type {ReadAt} from '../../src/parse/elf/headers.ts';
import {readElfImage} from '../../src/parse/elf/image.ts';
import {debugPaths} from '../../src/parse/elf/debug.ts';
import type {Inflate} from '../../src/parse/elf/section.ts';
import {CodeObject} from '../../src/unwind/object.ts';

/** Bytes as a file gives them: less at the end, nothing after it. */
export const reading =
  (bytes: Uint8Array): ReadAt =>
  (offset, length) =>
    offset >= 0 && offset < bytes.length
      ? bytes.subarray(offset, offset + Math.min(length, bytes.length))
      : new Uint8Array();

/** A file, which stays open until the test's process ends. */
export function fileReader(path: string): ReadAt {
  const descriptor = openSync(path, 'r');
  const {size} = fstatSync(descriptor);
  return (offset, length) => {
    const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
  };
}

export const inflate: Inflate = (bytes, size, how) => {
  if (how === 'zstd') return undefined;
  try {
    return inflateSync(bytes, {maxOutputLength: Math.max(1, size)});
  } catch {
    return undefined;
  }
};

/** A file on this machine, with its separate debug information where there is some. */
export function objectOf(path: string): CodeObject | undefined {
  const read = fileReader(path);
  const image = readElfImage(read);
  const plain = CodeObject.open({read, inflate});
  if (!image || !plain) return undefined;
  for (const place of debugPaths(path, plain.claim.buildId, plain.claim.link)) {
    try {
      return CodeObject.open({read, debug: fileReader(place), inflate});
    } catch {
      // It isn't there.
    }
  }
  return plain;
}

/** A program that no package of CI has. @returns its path, where it is installed all the same */
export const inPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((place) => `${place}/${name}`)
    .find((path) => existsSync(path));
