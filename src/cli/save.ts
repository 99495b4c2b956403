import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {Trouble} from '../model/trouble.ts';
import {inBatches} from './batches.ts';
import {cannotWrite} from './output.ts';

/**
 * Saves a file whole or not at all: it is written beside its place, synced, and renamed. Only its owner may read it, since
 * the addresses of a process help who attacks it. What is there already is replaced if it is a plain file, and never
 * followed if it is a link.
 *
 * @throws Trouble `output`; then what was there before is untouched
 */
export const saveFile = (path: string, text: string): void => void save(path, [Buffer.from(text)], 0o600);

/** The same of a text that comes in parts, and need never be in memory as a whole. @returns its bytes */
export const saveParts = (path: string, parts: Iterable<string>): number => save(path, encoded(parts), 0o600);

/** The same for a program, which its owner may run. */
export const saveExecutable = (path: string, bytes: Uint8Array): void => void save(path, [bytes], 0o700);

function* encoded(parts: Iterable<string>): Generator<Buffer> {
  for (const part of inBatches(parts)) yield Buffer.from(part);
}

function save(path: string, parts: Iterable<Uint8Array>, mode: number): number {
  refuseUnlessPlain(path);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let size = 0;
  try {
    const fd = openSync(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      mode,
    );
    try {
      for (const bytes of parts) size += writeAll(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    return size;
  } catch (error) {
    removeIfThere(temporary);
    throw cannotWrite(path, error);
  }
}

/** @returns how many there were */
function writeAll(fd: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  return bytes.length;
}

/** @throws Trouble where its folder can't be searched, a part of its path is no folder, or it is too long */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, {throwIfNoEntry: false});
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function refuseUnlessPlain(path: string): void {
  const there = lookAt(path);
  if (!there || there.isFile()) return;
  const what = there.isSymbolicLink() ? 'a symbolic link' : there.isDirectory() ? 'a directory' : 'no plain file';
  throw new Trouble(
    'output',
    `Cannot write to ${path}.`,
    `it is ${what}.`,
    'Give the name of a file, or leave out -o to write to standard output.',
  );
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made.
  }
}
