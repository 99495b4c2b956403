import {closeSync, fstatSync, openSync, readSync, type Stats} from 'node:fs';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {retried} from '../procfs/file.ts';
import {isGroupRecording, isRecording} from '../recording/head.ts';
import {unusable} from './input.ts';
import {refuseNonsense} from './listing.ts';

/** Bytes. A listing with 1,000,000 regions and all their counters takes 0.7 GiB. */
const LARGEST_INPUT = 2 ** 30;

/** Bytes from which on a file is not read at once. */
const LONG = 2 ** 20;

/** Bytes after which the beginning is judged. */
const GLIMPSE = 16 * 2 ** 20;

/** The bytes of an input, as they come, part by part. */
class Whole {
  readonly #name: string;
  readonly #mayBeLog: boolean;
  readonly #parts: Buffer[] = [];
  #size = 0;

  /** @param mayBeLog a text that is no listing may be a log, and is read to its end */
  constructor(name: string, mayBeLog: boolean) {
    this.#name = name;
    this.#mayBeLog = mayBeLog;
  }

  /** @throws Trouble `input` if it becomes too large, or no reader will accept it */
  add(part: Buffer): void {
    const before = this.#size;
    this.#parts.push(part);
    this.#size += part.length;
    if (before < GLIMPSE && this.#size >= GLIMPSE && !(this.#mayBeLog && isText(part)))
      refuseNonsense(this.bytes(), this.#name);
    if (this.#size > LARGEST_INPUT) throw tooLarge(this.#name);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

const isText = (part: Buffer): boolean => !part.includes(0);

/** All of standard input. @throws Trouble `input` */
export async function readStdin(mayBeLog = false): Promise<Buffer> {
  const whole = new Whole('-', mayBeLog);
  for await (const part of process.stdin) whole.add(part as Buffer);
  return whole.bytes();
}

/**
 * A file that is opened once, since a pipe can't be opened again. What is wrong with it is reported when it is used. It
 * stays open until it is read or closed.
 */
export class InputFile {
  readonly path: string;
  readonly #fd: number | undefined;
  readonly #stat: Stats | undefined;
  /** Why it could not be opened, a sentence. */
  readonly #fault: string | undefined;

  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'r');
      this.#stat = fstatSync(this.#fd);
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }

  /** Does it begin as a recording does? A file that can't be read again from its beginning is not taken for one. */
  get isRecording(): boolean {
    return isRecording(this.#head());
  }

  /** The same for the recording of a group. */
  get isGroupRecording(): boolean {
    return isGroupRecording(this.#head());
  }

  /** Nothing of what can't be read again. */
  #head(): Buffer {
    const head = Buffer.alloc(512);
    if (this.#fd === undefined || !this.#stat?.isFile()) return head.subarray(0, 0);
    try {
      return head.subarray(0, readSync(this.#fd, head, 0, head.length, 0));
    } catch {
      return head.subarray(0, 0);
    }
  }

  /** All of it. @throws Trouble `input` */
  read(mayBeLog = false): Buffer {
    const [fd, stat] = [this.#fd, this.#stat];
    if (fd === undefined || !stat) throw unusable(this.path, this.#fault!);
    try {
      if (stat.isDirectory()) throw unusable(this.path, 'it is a directory.');
      if (stat.size > LARGEST_INPUT) throw tooLarge(this.path);
      return this.#readWhole(fd, mayBeLog);
    } catch (error) {
      throw error instanceof Trouble ? error : unusable(this.path, faultOf(error));
    } finally {
      this.close();
    }
  }

  /**
   * Gives the bytes of a long file from its beginning, part by part, to whom `read` is too much at once.
   *
   * @returns undefined if there is nothing to gain, or it can't be read twice
   */
  get parts(): {readonly read: (into: Uint8Array) => number; readonly size: number} | undefined {
    const [fd, stat] = [this.#fd, this.#stat];
    if (fd === undefined || !stat?.isFile() || stat.size < LONG || stat.size > LARGEST_INPUT) return undefined;
    let position = 0;
    const read = (into: Uint8Array): number => {
      const count = retried(() => readSync(fd, into, 0, into.length, position));
      position += count;
      return count;
    };
    return {read, size: stat.size};
  }

  /** The size of a file says nothing for pipes and for /proc itself. */
  #readWhole(fd: number, mayBeLog: boolean): Buffer {
    const whole = new Whole(this.path, mayBeLog);
    for (;;) {
      const part = Buffer.allocUnsafe(256 * 1024);
      const count = retried(() => readSync(fd, part));
      if (count === 0) return whole.bytes();
      whole.add(part.subarray(0, count));
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  /** The error that it holds no recording, where only a recording will do. */
  noRecording(): Trouble {
    const stat = this.#stat;
    if (!stat) return unusable(this.path, this.#fault!, 'Give the name of a recording.');
    if (stat.isDirectory()) return noRecording(this.path, 'it is a directory.');
    if (!stat.isFile()) return noRecording(this.path, 'it is not a regular file, in which one can go back and forth.');
    return noRecording(this.path, stat.size === 0 ? 'it is empty.' : OTHER);
  }
}

const OTHER = 'it is not a recording: its first line does not begin with {"schema":"memmap.recording/.';

const noRecording = (name: string, why: string): Trouble =>
  unusable(name, why, 'Make one with: memmap record PID -o FILE');

/** The same for what was opened already. @param bytes all of standard input; not needed of what is not empty */
export const noRecordingIn = (name: string, bytes?: Buffer): Trouble =>
  noRecording(name, bytes?.length === 0 ? 'it is empty.' : OTHER);

const faultOf = (error: unknown): string => FAULTS[errnoOf(error)] ?? `${(error as Error).message}.`;

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file.',
  EACCES: 'you may not read it (permission denied).',
  EPERM: 'you may not read it (operation not permitted).',
  ESRCH: 'the process behind it has ended.',
};

const tooLarge = (name: string): Trouble =>
  unusable(name, 'it is larger than 1 GiB.', 'A listing of 1,000,000 regions is smaller than that.');
