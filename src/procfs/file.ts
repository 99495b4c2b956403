import {closeSync, openSync, readSync} from 'node:fs';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {AT_ONCE, deadline, openProc, waitLonger} from './open.ts';

/**
 * A file of /proc that is kept open and read whole, again and again.
 *
 * Position 0 starts the kernel's walk again, so a descriptor that is kept open gives the present each time. It is also
 * an identity check: it never shows another process (ESRCH after the end), and after exec it gives 0 bytes. The kernel
 * hands out at most 4 KiB per read whatever is asked for, and the file's size says 0: only a read of 0 bytes is the end
 * (fs/seq_file.c). Reads are synchronous on purpose: fs.promises takes 6 times as long, and the longer a listing takes,
 * the more it tears.
 */
export class ProcFile {
  /** How many read(2) calls it took so far. */
  reads = 0;
  readonly #fd: number;
  readonly #name: string;
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);
  #spare: Buffer | undefined;

  /**
   * @param name what a message calls it
   * @throws the system's error, if the file can't be opened; Trouble `input` if it is not a regular file
   */
  constructor(path: string, name: string = path) {
    this.#name = name;
    this.#fd = openProc(path, name);
  }

  /**
   * Reads all of it.
   *
   * @param patience ms that it may take
   * @returns bytes that stay as they are until the next read but one, so that two readings can be compared
   * @throws the system's error; Trouble `deadline` if it takes too long: each read(2) waits for the process's lock
   * again, and a process that takes it again and again makes others wait
   */
  read(patience: number = deadline()): Buffer {
    [this.#buffer, this.#spare] = [this.#spare ?? Buffer.allocUnsafeSlow(this.#buffer.length), this.#buffer];
    let before = performance.now();
    let latest = before + patience;
    let length = 0;
    for (;;) {
      if (this.#buffer.length - length < 8 * 1024) this.#buffer = grown(this.#buffer, length);
      const count = this.#readSome(length);
      if (count === 0) return this.#buffer.subarray(0, length);
      length += count;
      const now = performance.now();
      // A long pause extends the deadline: this program was stopped (Ctrl-Z), or the lock was held and is free now.
      if (now - before >= PAUSE) latest += now - before;
      if (now > latest) throw late(this.#name, length, patience);
      before = now;
    }
  }

  /**
   * The same, part by part. Each call fills bytes with what comes next, as far as there is more.
   *
   * @param patience ms that all calls together may take; what passes between them doesn't count
   * @returns how many bytes there were: 0 at the end
   * @throws as `read` does
   */
  inParts(patience: number = deadline()): (into: Uint8Array) => number {
    let position = 0;
    let left = patience;
    return (into) => {
      let before = performance.now();
      for (let length = 0; ;) {
        const count = retried(() => (this.reads++, readSync(this.#fd, into, length, into.length - length, position)));
        position += count;
        length += count;
        const now = performance.now();
        if (now - before < PAUSE) left -= now - before;
        if (left < 0) throw late(this.#name, position, patience);
        before = now;
        if (count === 0 || length === into.length) return length;
      }
    };
  }

  /**
   * Is the program image that this file was opened on still there? (0 bytes after exec, or when the process is a
   * zombie.)
   */
  isAlive(): boolean {
    return retried(() => readSync(this.#fd, Buffer.allocUnsafe(1), 0, 1, 0)) > 0;
  }

  #readSome(position: number): number {
    return retried(() => {
      this.reads++;
      return readSync(this.#fd, this.#buffer, position, this.#buffer.length - position, position);
    });
  }

  close(): void {
    closeSync(this.#fd);
  }
}

const late = (name: string, length: number, patience: number): Trouble =>
  new Trouble({
    kind: 'deadline',
    what: `Cannot read all of ${name}.`,
    why:
      `after ${patience / 1000} s it was not complete (${length} bytes so far): the process keeps the ` +
      `lock of its memory map busy, or the machine is overloaded.`,
    next: `Try again, or wait longer: ${waitLonger()}`,
  });

/**
 * Reads many files of /proc, one after the other, into one buffer: a buffer each would be most of the cost of looking
 * at thousands of processes. A FIFO in their place holds nothing.
 */
export class Scratch {
  #buffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);

  /** The same of a file that is one record, as status, stat, cgroup and cmdline are: one read(2) gives it. */
  readRecord(path: string): Buffer {
    const fd = openSync(path, AT_ONCE);
    try {
      return this.#buffer.subarray(
        0,
        retried(() => readSync(fd, this.#buffer, 0, this.#buffer.length, 0)),
      );
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Reads a file whole.
   *
   * @returns bytes that stay as they are until the next read
   * @throws the system's error; Trouble `deadline`
   */
  read(path: string): Buffer {
    const fd = openSync(path, AT_ONCE);
    try {
      const latest = performance.now() + deadline();
      for (let length = 0; ;) {
        if (this.#buffer.length - length < 8 * 1024) this.#buffer = grown(this.#buffer, length);
        const count = retried(() => readSync(fd, this.#buffer, length, this.#buffer.length - length, length));
        if (count === 0) return this.#buffer.subarray(0, length);
        length += count;
        if (performance.now() > latest) throw late(path, length, deadline());
      }
    } finally {
      closeSync(fd);
    }
  }
}

/** ms between two reads of 4 KiB. A longer pause is not a sign of a listing that comes too slowly. */
const PAUSE = 1000;

/** A call that a signal interrupted is made again: Node doesn't do that for read(2). */
export function retried<Result>(call: () => Result): Result {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (errnoOf(error) !== 'EINTR' && errnoOf(error) !== 'EAGAIN') throw error;
    }
  }
}

/** Grows in large steps: the old buffer stays for a while, and pages that nobody wrote to take no memory. */
function grown(buffer: Buffer, length: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(buffer.length * 4);
  buffer.copy(larger, 0, 0, length);
  return larger;
}
