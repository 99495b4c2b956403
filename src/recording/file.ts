import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {constants as zlib, createGzip, type Gzip, gzipSync} from 'node:zlib';
import {isGzip} from './head.ts';
import {readMember} from './source.ts';

/**
 * The file of a recording, to which whole records are appended. Only its owner may read it, since addresses help
 * whoever attacks the process; and it is never opened through a symbolic link.
 */
export class RecordingFile {
  readonly path: string;
  readonly #fd: number;
  #size: number;
  #failure: unknown;
  #syncs = 0;
  #onSynced: (() => void) | undefined;

  /** @throws the system's error: EEXIST if something has that name already, a link too */
  static create(path: string): RecordingFile {
    const {O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_APPEND} = constants;
    return new RecordingFile(path, openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND, 0o600));
  }

  /** Opens an existing one, to append to it. @throws the system's error: ELOOP if it is a link */
  static reopen(path: string): RecordingFile {
    const {O_WRONLY, O_NOFOLLOW, O_APPEND} = constants;
    return new RecordingFile(path, openSync(path, O_WRONLY | O_NOFOLLOW | O_APPEND));
  }

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /**
   * Appends whole records, in one write(2): a recorder that is killed in between loses these at most.
   *
   * @throws the system's error, if they could not be written whole; then no part of them is left in the file
   */
  add(bytes: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
      this.#size += bytes.length;
    } catch (error) {
      this.#failure = error;
      this.#cutBack();
      throw error;
    }
  }

  /** Has what was written so far brought to the disk; a failure is reported when more is written. */
  sync(): void {
    this.#syncs++;
    fdatasync(this.#fd, (error) => {
      this.#failure ??= error ?? undefined;
      if (--this.#syncs === 0) this.#onSynced?.();
    });
  }

  /** Waits until all is on the disk, and closes it. @throws the system's error */
  async close(): Promise<void> {
    if (this.#syncs > 0) await new Promise<void>((resolve) => (this.#onSynced = resolve));
    try {
      if (this.#failure === undefined) fsyncSync(this.#fd);
    } finally {
      closeSync(this.#fd);
    }
  }

  /** Closes and removes it: it was made, and nothing was recorded. */
  discard(): void {
    closeSync(this.#fd);
    unlinkSync(this.path);
  }

  /** Removes what was written in part, where that can be done; else readers see that the line is cut off. */
  #cutBack(): void {
    try {
      ftruncateSync(this.#fd, this.#size);
    } catch {
      // The device is gone.
    }
  }
}

/** Appends lines to a file, in the order in which they come. */
export interface Packer {
  /** @param isKey a line that stands on its own */
  add(line: Buffer, isKey: boolean): Promise<void>;
  /** The last line was added. */
  finish(): Promise<void>;
}

/** Uncompressed. */
export class PlainPacker implements Packer {
  readonly #file: RecordingFile;

  constructor(file: RecordingFile) {
    this.#file = file;
  }

  async add(line: Buffer, isKey: boolean): Promise<void> {
    this.#file.add(line);
    if (isKey) this.#file.sync();
  }

  async finish(): Promise<void> {}
}

/**
 * Compressed: one gzip member from each key frame to the next. Each line is flushed (Z_SYNC_FLUSH), so that all lines
 * of a file can be read even if its last member was never finished.
 */
export class GzipPacker implements Packer {
  readonly #file: RecordingFile;
  #queue: Promise<void> = Promise.resolve();
  #member: Gzip | undefined;
  #parts: Buffer[] = [];

  constructor(file: RecordingFile) {
    this.#file = file;
  }

  add(line: Buffer, isKey: boolean): Promise<void> {
    return (this.#queue = this.#queue.then(async () => {
      if (isKey) await this.#endMember();
      await this.#flush(line);
      this.#write();
      if (isKey) this.#file.sync();
    }));
  }

  finish(): Promise<void> {
    return (this.#queue = this.#queue.then(async () => {
      await this.#endMember();
      this.#write();
    }));
  }

  #write(): void {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#file.add(bytes);
  }

  #flush(line: Buffer): Promise<void> {
    const member = (this.#member ??= this.#begin());
    return new Promise((resolve, reject) => {
      member.once('error', reject);
      member.write(line);
      member.flush(zlib.Z_SYNC_FLUSH, () => {
        member.off('error', reject);
        resolve();
      });
    });
  }

  #endMember(): Promise<void> {
    const member = this.#member;
    this.#member = undefined;
    if (!member) return Promise.resolve();
    return new Promise((resolve, reject) => {
      member.once('error', reject);
      member.once('end', resolve);
      member.end();
    });
  }

  #begin(): Gzip {
    const member = createGzip();
    member.on('data', (part: Buffer) => this.#parts.push(part));
    return member;
  }
}

const NEWLINE = 0x0a;

type Replace = (path: string, bytes: Uint8Array) => void;

/**
 * Takes the torn end off a recording, so that more can be appended: a last line without its newline, or a gzip member
 * that was never finished, which becomes one of the whole lines that it has.
 *
 * @param path a regular file that is a recording
 * @param replace puts a file of these bytes in its place, in one step
 * @returns how many bytes of a line were taken off; 0 if there was nothing to heal
 * @throws the system's error
 */
export function healTail(path: string, replace: Replace): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const head = Buffer.alloc(3);
    readSync(fd, head, 0, 3, 0);
    return isGzip(head) ? healCompressed(fd, (bytes) => replace(path, bytes)) : healPlain(fd);
  } finally {
    closeSync(fd);
  }
}

function healPlain(fd: number): number {
  const {size} = fstatSync(fd);
  const end = endOfLastLine(fd, size);
  if (end < size) ftruncateSync(fd, end);
  return size - end;
}

/** Where the last line with a newline ends. */
function endOfLastLine(fd: number, size: number): number {
  const block = Buffer.alloc(64 * 1024);
  for (let to = size; to > 0;) {
    const from = Math.max(0, to - block.length);
    const count = readSync(fd, block, 0, to - from, from);
    const newline = block.subarray(0, count).lastIndexOf(NEWLINE);
    if (newline >= 0) return from + newline + 1;
    to = from;
  }
  return 0;
}

/** The healed copy takes the place of the file in one step: whoever is killed before that loses nothing. */
function healCompressed(fd: number, replaceBy: (bytes: Uint8Array) => void): number {
  const file = readFileSync(fd);
  for (let at = 0; at < file.length;) {
    const {bytes, next, isWhole} = readMember(file, at);
    if (!isWhole && next >= file.length) {
      const lines = bytes.subarray(0, bytes.lastIndexOf(NEWLINE) + 1);
      replaceBy(Buffer.concat([file.subarray(0, at), gzipSync(lines)]));
      return Math.max(1, bytes.length - lines.length);
    }
    at = next;
  }
  return 0;
}
