import {closeSync, constants, fsyncSync, lstatSync, openSync, renameSync, rmSync, writeSync, type Stats} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {cannotWrite} from './output.ts';

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
    refuseUnlessPlain(path);
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
  const next = 'Give the name of a file, or leave out -o to have the report on standard error.';
  throw new Trouble('output', `Cannot write to ${path}.`, `it is ${what}.`, next);
}
