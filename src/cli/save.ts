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
import {cannotWrite} from './output.ts';

/**
 * Saves a file whole or not at all: it is written beside its place, synced, and renamed. Only its owner may read it, since
 * the addresses of a process help who attacks it. What is there already is replaced if it is a plain file, and never
 * followed if it is a link.
 *
 * @throws Trouble `output`; then what was there before is untouched
 */
export const saveFile = (path: string, text: string): void => save(path, Buffer.from(text), 0o600);

/** The same for a program, which its owner may run. */
export const saveExecutable = (path: string, bytes: Uint8Array): void => save(path, bytes, 0o700);

function save(path: string, bytes: Uint8Array, mode: number): void {
  refuseUnlessPlain(path);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    const fd = openSync(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      mode,
    );
    try {
      writeAll(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    removeIfThere(temporary);
    throw cannotWrite(path, error);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
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
