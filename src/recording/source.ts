import {firstWhere} from '../model/search.ts';
import {closeSync, fstatSync, openSync, readSync} from 'node:fs';
import {Trouble} from '../model/trouble.ts';
import {isGzip} from './head.ts';
import {noRecording} from './refusal.ts';
import {inflateRawSync, constants} from 'node:zlib';

/** The lines of a recording, by their places: compressed or not, only what is asked for is in memory. */
export interface RecordingSource {
  /** Blocks of it in order; none is larger than 1 GiB. */
  blocks(): Iterable<Buffer>;
  /** Bytes at a place that the blocks have passed. */
  read(offset: number, length: number): Buffer;
  /** Bytes of the file. */
  readonly size: number;
  /** What is wrong with the compression, a phrase. */
  readonly damage: string | undefined;
  close(): void;
}

const BLOCK = 4 * 1024 * 1024;

/** Bytes. A compressed file is held in memory as it is. */
const LARGEST_COMPRESSED = 2 ** 30;

/** @throws Trouble `input` */
export function openSource(path: string): RecordingSource {
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

/** The same for bytes that came from elsewhere. */
export const sourceOf = (bytes: Buffer): RecordingSource =>
  isGzip(bytes) ? new GzipSource(bytes) : new BytesSource(bytes);

class BytesSource implements RecordingSource {
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
  new Trouble({
    kind: 'input',
    what: `Cannot use ${path}.`,
    why: `${REASONS[code] ?? code}.`,
    next: 'Give the name of a recording.',
  });

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it (permission denied)',
  EISDIR: 'it is a directory',
  ESPIPE: 'it is not a regular file, in which one can go back and forth',
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

/** Bytes that are read at once where a line is asked for: the next one mostly follows. */
const AHEAD = 256 * 1024;

class PlainSource implements RecordingSource {
  readonly damage = undefined;
  readonly size: number;
  readonly #fd: number;
  #ahead: {readonly from: number; readonly bytes: Buffer} = {from: 0, bytes: Buffer.alloc(0)};

  constructor(fd: number, size: number) {
    this.#fd = fd;
    this.size = size;
  }

  *blocks(): Iterable<Buffer> {
    for (let offset = 0; offset < this.size; offset += BLOCK)
      yield readAt(this.#fd, offset, Math.min(BLOCK, this.size - offset));
  }

  read(offset: number, length: number): Buffer {
    const {from, bytes} = this.#ahead;
    if (offset < from || offset + length > from + bytes.length)
      this.#ahead = {from: offset, bytes: readAt(this.#fd, offset, Math.max(length, AHEAD))};
    return this.#ahead.bytes.subarray(offset - this.#ahead.from, offset - this.#ahead.from + length);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

class GzipSource implements RecordingSource {
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
    const {at, from} =
      this.#members[firstWhere((place) => this.#members[place]!.to > offset, this.#members.length - 1)]!;
    return (this.#open = {from, bytes: readMember(this.#file, at).bytes});
  }

  close(): void {
    this.#open = undefined;
  }
}

/**
 * A compressed recording is a series of gzip members (RFC 1952), one from each key frame to the next. The last one may
 * be cut off anywhere: what a recorder has flushed can be read.
 */

/** Bytes that one member may become at most: what is larger is not a recording, but made to fill our memory. */
const LARGEST_MEMBER = 2 ** 30;

interface Member {
  /** Where the next one begins; the end of the file for the last. */
  readonly next: number;
  readonly bytes: Buffer;
  /** Is the member there whole, and undamaged? */
  readonly isWhole: boolean;
}

/**
 * Decompresses the member that begins at `at`.
 *
 * @throws Trouble `input` if there is none, or it is too large
 */
export function readMember(file: Buffer, at: number): Member {
  const body = file.subarray(Math.min(file.length, at + headerLength(file, at)));
  const whole = inflated(body);
  if (whole) {
    const end = at + (body.byteOffset - file.byteOffset - at) + whole.consumed + TRAILER;
    return {next: nextMember(file, end), bytes: whole.bytes, isWhole: end <= file.length && isAtMember(file, end)};
  }
  // Damaged: as much of it as can still be decompressed.
  const good = firstWhere((length) => !inflated(body.subarray(0, length)), body.length, 1) - 1;
  const bytes = inflated(body.subarray(0, good))?.bytes ?? Buffer.alloc(0);
  return {next: nextMember(file, at + TRAILER + good), bytes, isWhole: false};
}

/** CRC-32 and length. The lines have checksums of their own. */
const TRAILER = 8;

const isAtMember = (file: Buffer, at: number): boolean => at === file.length || isGzip(file, at);

/** After a damaged member the next one is looked for. */
function nextMember(file: Buffer, at: number): number {
  if (at >= file.length) return file.length;
  if (isGzip(file, at)) return at;
  const found = file.indexOf(MAGIC, at);
  return found < 0 ? file.length : found;
}

const MAGIC = Buffer.from([0x1f, 0x8b, 0x08]);

/** @returns undefined if it is damaged. An early end is not damage. */
function inflated(body: Buffer): {readonly bytes: Buffer; readonly consumed: number} | undefined {
  const options = {
    finishFlush: constants.Z_SYNC_FLUSH,
    maxOutputLength: LARGEST_MEMBER,
    chunkSize: 256 * 1024,
    info: true,
  };
  try {
    const {buffer, engine} = inflateRawSync(body, options) as unknown as Inflated;
    return {bytes: buffer, consumed: engine.bytesWritten};
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw noRecording('decompressed, a part of it is larger than 1 GiB');
    return undefined;
  }
}

/** What `info: true` gives. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: {readonly bytesWritten: number};
}

/** RFC 1952 section 2.3: 10 bytes, and what the flags say follows. gzip(1) writes the file's name there. */
function headerLength(file: Buffer, at: number): number {
  const flags = file[at + 3] ?? 0;
  let length = 10;
  if (flags & 4) length += 2 + (file[at + length] ?? 0) + 256 * (file[at + length + 1] ?? 0);
  for (const flag of [8, 16]) {
    if (flags & flag) length = Math.max(length, file.indexOf(0, at + length) + 1 - at);
  }
  return flags & 2 ? length + 2 : length;
}
