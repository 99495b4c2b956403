import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {cannotWrite, inBatches} from './output.ts';

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
  throw new Trouble({
    kind: 'output',
    what: `Cannot write to ${path}.`,
    why: `it is ${what}.`,
    next: 'Give the name of a file, or leave out -o to write to standard output.',
  });
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made.
  }
}

/** Where the report goes. The target's standard output is never touched. */
export interface ReportOutput {
  readonly isTerminal: boolean;
  readonly width: number | undefined;
  write(text: string): void;
  /**
   * All is written.
   *
   * @throws Trouble `output` if something could not be; until now nobody was disturbed by that
   */
  finish(): Promise<void>;
  /** There is no report. */
  discard(): void;
}

/**
 * Standard error, or a file that only its owner may read. It replaces a plain file of that name, and is never written
 * through a link. If it is `live`, it is in its place from the start, and grows; else it appears when it is whole.
 *
 * @throws Trouble `output` before anything has been started
 */
export const openReport = (path: string | undefined, live: boolean): ReportOutput =>
  path === undefined ? new StandardError() : new ReportFile(path, live);

class StandardError implements ReportOutput {
  readonly isTerminal = process.stderr.isTTY;
  readonly width = process.stderr.isTTY ? Math.max(process.stderr.columns || 80, 1) : undefined;
  #failure: unknown;
  #written = Promise.resolve();

  write(text: string): void {
    this.#written = new Promise((resolve) => {
      const done = (error?: Error | null): void => {
        this.#failure ??= error;
        resolve();
      };
      try {
        process.stderr.write(text, done);
      } catch (error) {
        done(error as Error); // Where standard error is a file, Node 20 throws.
      }
    });
  }

  async finish(): Promise<void> {
    await this.#written;
    if (this.#failure && errnoOf(this.#failure) !== 'EPIPE') throw cannotWrite('standard error', this.#failure);
  }

  discard(): void {}
}

class ReportFile implements ReportOutput {
  readonly isTerminal = false;
  readonly width = undefined;
  readonly #path: string;
  readonly #temporary: string;
  readonly #fd: number;
  #isInPlace = false;
  #failure: unknown;

  constructor(path: string, live: boolean) {
    refuseUnlessFile(path);
    this.#path = path;
    this.#temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | constants.O_APPEND;
    try {
      this.#fd = openSync(this.#temporary, flags, 0o600);
    } catch (error) {
      throw cannotWrite(path, error);
    }
    if (!live) return;
    this.#put();
    if (this.#failure) this.#close();
  }

  write(text: string): void {
    this.#try(() => {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    });
  }

  async finish(): Promise<void> {
    this.#try(() => fsyncSync(this.#fd));
    this.#put();
    this.#close();
  }

  #close(): void {
    closeSync(this.#fd);
    if (!this.#failure) return;
    rmSync(this.#temporary, {force: true});
    throw cannotWrite(this.#path, this.#failure);
  }

  discard(): void {
    closeSync(this.#fd);
    rmSync(this.#isInPlace ? this.#path : this.#temporary, {force: true});
  }

  #put(): void {
    if (this.#isInPlace) return;
    this.#try(() => {
      renameSync(this.#temporary, this.#path);
      this.#isInPlace = true;
    });
  }

  /** After the first failure nothing more is tried; it is told at the end. */
  #try(act: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      act();
    } catch (error) {
      this.#failure = error;
    }
  }
}

function refuseUnlessFile(path: string): void {
  const there = lookAt(path);
  if (!there || there.isFile()) return;
  const what = there.isSymbolicLink() ? 'a symbolic link' : there.isDirectory() ? 'a directory' : 'no plain file';
  const next = 'Give the name of a file, or leave out -o to have the report on standard error.';
  throw new Trouble({kind: 'output', what: `Cannot write to ${path}.`, why: `it is ${what}.`, next});
}
