import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs';
import {Trouble} from '../model/trouble.ts';

/**
 * Anything may be below --proc-root. Opening a FIFO waits until somebody writes to it, unless O_NONBLOCK is set
 * (fifo(7)); for the files of procfs, which are regular files, the flag means nothing.
 */
export const AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Opens a file of /proc to read.
 *
 * @param name what a message calls it
 * @throws the system's error; Trouble `input` if it is not a regular file
 */
export function openProc(path: string, name: string = path): number {
  const fd = openSync(path, AT_ONCE);
  try {
    if (fstatSync(fd).isFile()) return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  throw new Trouble({
    kind: 'input',
    what: `Cannot read ${name}.`,
    why: 'it is not a regular file, as those of procfs are.',
    next: 'Give --proc-root a directory where procfs is mounted, or a copy of one.',
  });
}

/**
 * Reads a small file of /proc whole. A FIFO in its place holds nothing, or is an error.
 *
 * @param isRecord see readOpen
 * @throws the system's error
 */
export function readProc(path: string, isRecord = false): Buffer {
  const fd = openSync(path, AT_ONCE);
  try {
    return readOpen(fd, isRecord);
  } finally {
    closeSync(fd);
  }
}

/**
 * What the files are read into, one after another: readFileSync asks for the size, which is 0 for a file of /proc, and
 * makes 64 KiB of memory for each. Of a `show`, which reads 40 of them, this takes 1 ms less.
 */
let room = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * The same of a file that is open, from where it stands. It stays open.
 *
 * @param isRecord is it one record (single_open() in fs/seq_file.c) or one value? Then one read(2) gives it whole, and
 *   that nothing follows need not be asked
 */
export function readOpen(fd: number, isRecord = false): Buffer {
  for (let length = 0; ;) {
    if (length === room.length) room = Buffer.concat([room], length * 4);
    const count = readSync(fd, room, length, room.length - length, null);
    length += count;
    if (count === 0 || (isRecord && length < room.length)) return Buffer.from(room.subarray(0, length));
  }
}

/** The same, or undefined where it can't be read: hidden, not in this kernel, or its process has ended. */
export function readIfThere(path: string, isRecord = false): Buffer | undefined {
  try {
    return readProc(path, isRecord);
  } catch {
    return undefined;
  }
}

/** The same as text of one byte a letter; '' where it can't be read. */
export const textIfThere = (path: string, isRecord = false): string =>
  readIfThere(path, isRecord)?.toString('latin1') ?? '';

/** The same of a file that is one record, or one value: see readOpen. */
export const recordIfThere = (path: string): Buffer | undefined => readIfThere(path, true);
export const valueIfThere = (path: string): string => textIfThere(path, true);

/**
 * ms that one reading of a process may take, unless the user allows more: what takes longer ends with Trouble
 * `deadline`.
 */
const DEFAULT_DEADLINE = 10_000;

let allowed = DEFAULT_DEADLINE;

/** Set once at the start of a command. @param ms from now on */
export function setDeadline(ms: number): void {
  allowed = ms;
}

/** ms that a timer of Node can wait; with more it doesn't wait at all (TIMEOUT_MAX in its lib/internal/timers.js). */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** In ms. */
export const deadline = (): number => allowed;

/** For a message: `10 s`. */
export const deadlineText = (): string => `${allowed / 1000} s`;

/** What to do about it, in a message. */
export const waitLonger = (): string => `--deadline ${Math.ceil(allowed / 1000) * 6}s`;
