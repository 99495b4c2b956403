import {closeSync, constants, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync} from 'node:fs';
import {join} from 'node:path';
import {errnoOf, Trouble} from '../../../model/trouble.ts';
import {saveFile} from '../../../shell/file.ts';
import {lock, type Lock, recorderOf} from '../../../shell/lock.ts';
import {cannotWrite} from '../../../shell/output.ts';

/** A request that waits. */
export interface Waiting {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** Requests that no receiver has yet, the oldest first, up to a number of bytes: beyond it the oldest are dropped. */
export interface Spool {
  /** How many wait. */
  readonly count: number;
  readonly size: number;
  /** How many were dropped since it was opened, for want of room. */
  dropped: number;
  /** How many could not be written, or not be read again. */
  lost: number;
  /** @throws Trouble `output` where it can't be kept */
  add(bytes: Uint8Array): void;
  /** The oldest; undefined: none waits. */
  first(): Waiting | undefined;
  /**
   * The receiver has it, or never will. @throws Trouble `output` where it can't be removed; it is not sent again by
   * this run
   */
  remove(id: number): void;
  close(): void;
}

/** What is in it ends with the program. */
export class MemorySpool implements Spool {
  readonly #most: number;
  readonly #waiting: Waiting[] = [];
  #next = 0;
  size = 0;
  dropped = 0;
  lost = 0;

  /** @param most bytes */
  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#waiting.length;
  }

  add(bytes: Uint8Array): void {
    this.#waiting.push({id: this.#next++, bytes});
    this.size += bytes.length;
    while (this.size > this.#most) {
      this.remove(this.#waiting[0]!.id);
      this.dropped++;
    }
  }

  first(): Waiting | undefined {
    return this.#waiting[0];
  }

  remove(id: number): void {
    const index = this.#waiting.findIndex((each) => each.id === id);
    if (index < 0) return;
    this.size -= this.#waiting[index]!.bytes.length;
    this.#waiting.splice(index, 1);
  }

  close(): void {}
}

const NAME = /^(\d{12})\.otlp$/;

/** What a run that was killed left unfinished: shell/file.ts. */
const UNFINISHED = /^\.\d{12}\.otlp\.\d+\.tmp$/;

/** A directory with a file for each request, which is there for the next run too. One run has it at a time. */
export class DiskSpool implements Spool {
  readonly #folder: string;
  readonly #most: number;
  readonly #lock: Lock;
  readonly #sizes = new Map<number, number>();
  #next: number;
  size = 0;
  dropped = 0;
  lost = 0;

  /**
   * Makes the directory, which only its owner may enter, where it isn't there.
   *
   * @param most bytes
   * @throws Trouble `output`
   */
  constructor(folder: string, most: number) {
    this.#folder = folder;
    this.#most = most;
    makeFolder(folder);
    this.#lock = lockOf(folder);
    try {
      this.#next = this.#find();
      this.#drop();
    } catch (error) {
      this.#lock.release();
      throw error instanceof Trouble ? error : cannotWrite(folder, error);
    }
  }

  /**
   * Finds what waits. What is not a regular file is not ours, and is left alone. @returns a number that is free
   */
  #find(): number {
    let next = 1;
    for (const name of readdirSync(this.#folder).toSorted()) {
      const path = join(this.#folder, name);
      const there = lstatSync(path, {throwIfNoEntry: false});
      if (UNFINISHED.test(name) && there?.isFile()) unlinkSync(path);
      const id = NAME.exec(name)?.[1];
      if (id === undefined) continue;
      next = Math.max(next, Number(id) + 1);
      if (!there?.isFile()) continue;
      this.#sizes.set(Number(id), there.size);
      this.size += there.size;
    }
    return next;
  }

  get count(): number {
    return this.#sizes.size;
  }

  add(bytes: Uint8Array): void {
    const id = this.#next++;
    saveFile(this.#path(id), bytes, 'refuse');
    this.#sizes.set(id, bytes.length);
    this.size += bytes.length;
    this.#drop();
  }

  first(): Waiting | undefined {
    for (const id of this.#sizes.keys()) {
      try {
        const bytes = contentOf(this.#path(id));
        if (bytes.length > 0) return {id, bytes};
        // A machine that went down may leave a file without its content.
        this.remove(id);
      } catch {
        // Somebody removed it, or it may not be read: it will never be sent.
        this.#forget(id);
      }
      this.lost++;
    }
    return undefined;
  }

  remove(id: number): void {
    this.#forget(id);
    try {
      unlinkSync(this.#path(id));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw cannotWrite(this.#folder, error);
    }
  }

  close(): void {
    this.#lock.release();
  }

  #forget(id: number): void {
    this.size -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }

  #drop(): void {
    for (const id of this.#sizes.keys()) {
      if (this.size <= this.#most) return;
      this.remove(id);
      this.dropped++;
    }
  }

  #path(id: number): string {
    return join(this.#folder, `${String(id).padStart(12, '0')}.otlp`);
  }
}

function contentOf(path: string): Uint8Array {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, {mode: 0o700});
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw cannotWrite(folder, error);
    if (lstatSync(folder).isDirectory()) return;
    throw new Trouble({
      kind: 'output',
      what: `Cannot keep anything in ${folder}.`,
      why: 'it is not a directory.',
      next: 'Name a directory with --spool: one that is not there is made.',
    });
  }
}

function lockOf(folder: string): Lock {
  const path = join(folder, 'spool');
  try {
    return lock(path);
  } catch (error) {
    const owner = recorderOf(path);
    if (owner === undefined) throw error;
    throw new Trouble({
      kind: 'output',
      what: `Cannot use the spool ${folder}.`,
      why: `process ${owner} is using it.`,
      next: 'Give each memmap metrics its own directory with --spool.',
    });
  }
}
