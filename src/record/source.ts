import {closeSync, fstatSync, openSync, readSync} from 'node:fs';
import {Trouble} from '../model/trouble.ts';
import {isGzip, readMember} from './gzip.ts';
import {noRecording} from './refusal.ts';

/** The lines of a recording, by their places: compressed or not, only what is asked for is in memory. */
export interface Source {
  /** Blocks of it in order; none is larger than 1 GiB. */
  blocks(): Iterable<Buffer>;
  /** Bytes at a place that the blocks went over. */
  read(offset: number, length: number): Buffer;
  /** Bytes of the file. */
  readonly size: number;
  /** What is wrong with the compression, a phrase. */
  readonly damage: string | undefined;
  close(): void;
}

const BLOCK = 4 * 1024 * 1024;

/** A compressed file is held in memory as it is. */
const LARGEST_COMPRESSED = 2 ** 30;

/** @throws Trouble `input` */
export function openSource(path: string): Source {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, (error as NodeJS.ErrnoException).code ?? '');
  }
  const stat = fstatSync(fd);
  if (stat.isFile() && !isGzip(readAt(fd, 0, 3))) return new PlainSource(fd, stat.size);
  try {
    if (!stat.isFile()) throw unreadable(path, stat.isDirectory() ? 'EISDIR' : 'ESPIPE');
    if (stat.size > LARGEST_COMPRESSED) throw noRecording('compressed, it is larger than 1 GiB: unpack it with gunzip');
    return new GzipSource(readAt(fd, 0, stat.size));
  } finally {
    closeSync(fd);
  }
}

/** The same of bytes that came from elsewhere. */
export const sourceOf = (bytes: Buffer): Source => (isGzip(bytes) ? new GzipSource(bytes) : new BytesSource(bytes));

class BytesSource implements Source {
  readonly damage = undefined;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  blocks(): Iterable<Buffer> {
    return [this.#bytes];
  }

  read(offset: number, length: number): Buffer {
    return this.#bytes.subarray(offset, offset + length);
  }

  close(): void {}
}

const unreadable = (path: string, code: string): Trouble =>
  new Trouble('input', `Cannot use ${path}.`, `${REASONS[code] ?? code}.`, 'Give the name of a recording.');

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it (permission denied)',
  EISDIR: 'it is a directory',
  ESPIPE: 'it is no plain file, in which one can go back and forth',
};

/** @returns fewer bytes where the file ends */
function readAt(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let at = 0;
  while (at < length) {
    const count = readSync(fd, bytes, at, length - at, offset + at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}

class PlainSource implements Source {
  readonly damage = undefined;
  readonly size: number;
  readonly #fd: number;

  constructor(fd: number, size: number) {
    this.#fd = fd;
    this.size = size;
  }

  *blocks(): Iterable<Buffer> {
    for (let offset = 0; offset < this.size; offset += BLOCK) yield this.read(offset, Math.min(BLOCK, this.size - offset));
  } // prettier-ignore

  read(offset: number, length: number): Buffer {
    return readAt(this.#fd, offset, length);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

class GzipSource implements Source {
  damage: string | undefined;
  readonly size: number;
  readonly #file: Buffer;
  /** Where each member begins in the file, and what it holds in the whole. */
  readonly #members: Array<{readonly at: number; readonly from: number; readonly to: number}> = [];
  #open: {readonly from: number; readonly bytes: Buffer} | undefined;

  constructor(file: Buffer) {
    this.#file = file;
    this.size = file.length;
  }

  *blocks(): Iterable<Buffer> {
    let from = 0;
    for (let at = 0; at < this.#file.length;) {
      const {bytes, next, isWhole} = readMember(this.#file, at);
      if (!isWhole)
        this.damage ??= next < this.#file.length ? 'its compression is damaged' : 'its compression ends early';
      this.#members.push({at, from, to: from + bytes.length});
      yield bytes;
      from += bytes.length;
      at = next;
    }
  }

  read(offset: number, length: number): Buffer {
    const parts: Buffer[] = [];
    for (let at = offset; at < offset + length;) {
      const {from, bytes} = this.#memberWith(at);
      const part = bytes.subarray(at - from, offset + length - from);
      parts.push(part);
      at += part.length;
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  #memberWith(offset: number): {readonly from: number; readonly bytes: Buffer} {
    if (this.#open && offset >= this.#open.from && offset < this.#open.from + this.#open.bytes.length)
      return this.#open;
    let [low, high] = [0, this.#members.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#members[middle]!.to > offset) high = middle;
      else low = middle + 1;
    }
    const {at, from} = this.#members[low]!;
    return (this.#open = {from, bytes: readMember(this.#file, at).bytes});
  }

  close(): void {
    this.#open = undefined;
  }
}
