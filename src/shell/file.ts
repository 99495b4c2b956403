import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {cannotWrite, inBatches} from './output.ts';
import {isTerminal, sizeOf} from './terminal.ts';
import {writeTo} from './write.ts';

const IN_OUTPUT = 'Give the name of a file, or leave out -o to write to standard output.';
const IN_REPORT = 'Give the name of a file, or leave out -o to have the report on standard error.';

/** The mode of a file that others are meant to read. */
const SHARED = 0o644;

/** What to do with a regular file that is there already. A FIFO or a device is written to in any case. */
export type IfThere = 'refuse' | 'replace';

/**
 * Saves a file whole or not at all: it is written beside its place, synced, and renamed. Only its owner may read it,
 * since the addresses of a process help whoever attacks it. A link is never followed.
 *
 * @throws Trouble `output`; then what was there before is untouched
 */
export const saveFile = (path: string, content: string | Uint8Array, ifThere: IfThere): void =>
  void save(path, [typeof content === 'string' ? Buffer.from(content) : content], 0o600, ifThere);

/** The same for a file that others are meant to read: mode 0644, whatever the umask is. */
export const saveShared = (path: string, content: string, ifThere: IfThere): void =>
  void save(path, [Buffer.from(content)], SHARED, ifThere);

/** The same for a text that comes in parts, and is never in memory as a whole. @returns its size in bytes */
export const saveParts = (path: string, parts: Iterable<string>, ifThere: IfThere): number =>
  save(path, encoded(parts), 0o600, ifThere);

/** The same for several contents, one after another, of which each has to be waited for. @returns the size of all */
export async function saveEach(
  path: string,
  contents: AsyncIterable<Iterable<string | Uint8Array>>,
  ifThere: IfThere,
): Promise<number> {
  const file = newFile(path, 0o600, ifThere, IN_OUTPUT);
  try {
    for await (const parts of contents) for (const bytes of gathered(parts)) file.write(bytes);
    return finished(file);
  } catch (error) {
    file.discard();
    throw error instanceof Trouble ? error : cannotWrite(path, error);
  }
}

/** The same for a program, which its owner may run. */
export const saveExecutable = (path: string, bytes: Uint8Array, ifThere: IfThere): void =>
  void save(path, [bytes], 0o700, ifThere);

/**
 * Asks before the work begins what would be known only after it: may a file of this name be made?
 *
 * @throws Trouble `output`
 */
export const refuseIfThere = (path: string, ifThere: IfThere): void => void placeOf(path, ifThere, IN_OUTPUT);

function* encoded(parts: Iterable<string>): Generator<Buffer> {
  for (const part of inBatches(parts)) yield Buffer.from(part);
}

/** Bytes that are collected before they are written. */
const BATCH = 1 << 20;

function* gathered(parts: Iterable<string | Uint8Array>): Generator<Buffer> {
  let [batch, length]: [Uint8Array[], number] = [[], 0];
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    batch.push(bytes);
    if ((length += bytes.length) < BATCH) continue;
    yield Buffer.concat(batch);
    [batch, length] = [[], 0];
  }
  if (length > 0) yield Buffer.concat(batch);
}

function save(path: string, parts: Iterable<Uint8Array>, mode: number, ifThere: IfThere): number {
  const file = newFile(path, mode, ifThere, IN_OUTPUT);
  try {
    for (const bytes of parts) file.write(bytes);
    return finished(file);
  } catch (error) {
    file.discard();
    throw cannotWrite(path, error);
  }
}

/** Puts a file that is written whole in its place. @returns its size in bytes */
function finished(file: NewFile): number {
  file.sync();
  file.close();
  file.put();
  return file.size;
}

/**
 * @param instead what to do where `path` can't be written to
 * @throws Trouble `output`
 */
function newFile(path: string, mode: number, ifThere: IfThere, instead: string): NewFile {
  const isStream = placeOf(path, ifThere, instead) === 'stream';
  const temporary = isStream ? path : join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  const create = isStream ? 0 : constants.O_CREAT | constants.O_EXCL | constants.O_APPEND;
  try {
    // What a run with our PID left behind when it was killed: in a container PIDs come again.
    if (!isStream) removeIfThere(temporary);
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_NOFOLLOW | create, mode);
    if (!isStream && mode === SHARED) fchmodSync(fd, mode);
    return new NewFile(path, temporary, fd);
  } catch (error) {
    if (!isStream) removeIfThere(temporary);
    throw cannotWrite(path, error);
  }
}

/**
 * A file that is written beside its place, and put there in one step: rename(2). A FIFO or a device is its own place.
 */
class NewFile {
  size = 0;
  readonly #path: string;
  readonly #temporary: string;
  readonly #isStream: boolean;
  #fd: number | undefined;
  #isInPlace: boolean;

  constructor(path: string, temporary: string, fd: number) {
    this.#path = path;
    this.#temporary = temporary;
    this.#fd = fd;
    this.#isStream = path === temporary;
    this.#isInPlace = this.#isStream;
  }

  /** This and what follows throw the system's error. */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd!, bytes, at);
    this.size += bytes.length;
  }

  sync(): void {
    if (!this.#isStream) fsyncSync(this.#fd!);
  }

  /** Puts it in its place, if it isn't there yet; what is written later appears there. */
  put(): void {
    if (this.#isInPlace) return;
    renameSync(this.#temporary, this.#path);
    this.#isInPlace = true;
  }

  close(): void {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) closeSync(fd);
  }

  /** Removes it, unless it is in its place already. @param isUnwanted removes it even then */
  discard(isUnwanted = false): void {
    this.close();
    if (!this.#isInPlace) removeIfThere(this.#temporary);
    else if (isUnwanted && !this.#isStream) removeIfThere(this.#path);
  }
}

/** @returns `stream` for a FIFO or a device. @throws Trouble `output` for what must not or can't be written to */
function placeOf(path: string, ifThere: IfThere, instead: string): 'file' | 'stream' {
  const there = lookAt(path);
  if (!there || (there.isFile() && ifThere === 'replace')) return 'file';
  if (there.isFIFO() || there.isCharacterDevice()) return 'stream';
  const [why, next] = there.isFile()
    ? ['it already exists.', 'Give another name with -o, or --force to replace it.']
    : [`it is ${there.isSymbolicLink() ? 'a symbolic link' : there.isDirectory() ? 'a directory' : OTHER}.`, instead];
  throw new Trouble({kind: 'output', what: `Cannot write to ${path}.`, why, next});
}

const OTHER = 'neither a file nor a pipe';

/** @throws Trouble where its directory can't be searched, a part of its path is not a directory, or it is too long */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, {throwIfNoEntry: false});
  } catch (error) {
    throw cannotWrite(path, error);
  }
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
  /** Leaves no report. */
  discard(): void;
}

/**
 * Standard error, or a file that only its owner may read, and that is never written through a link. If it is `live`, it
 * is in its place from the start, and grows; else it appears when it is whole.
 *
 * @throws Trouble `output` before anything has been started
 */
export const openReport = (path: string | undefined, live: boolean, ifThere: IfThere): ReportOutput =>
  path === undefined ? new StandardError() : new ReportFile(path, live, ifThere);

class StandardError implements ReportOutput {
  readonly isTerminal = isTerminal(2);
  readonly width = isTerminal(2) ? Math.max(sizeOf(2).columns ?? 80, 1) : undefined;
  #failure: unknown;
  #written = Promise.resolve();

  write(text: string): void {
    this.#written = writeTo(2, text).catch((error: unknown) => void (this.#failure ??= error));
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
  readonly #file: NewFile;
  #failure: unknown;

  constructor(path: string, live: boolean, ifThere: IfThere) {
    this.#path = path;
    this.#file = newFile(path, 0o600, ifThere, IN_REPORT);
    if (!live) return;
    this.#try(() => this.#file.put());
    if (this.#failure) this.#close();
  }

  write(text: string): void {
    this.#try(() => this.#file.write(Buffer.from(text)));
  }

  async finish(): Promise<void> {
    this.#try(() => this.#file.sync());
    this.#try(() => this.#file.put());
    this.#close();
  }

  discard(): void {
    this.#file.discard(true);
  }

  #close(): void {
    this.#file.close();
    if (!this.#failure) return;
    this.#file.discard();
    throw cannotWrite(this.#path, this.#failure);
  }

  /** After the first failure nothing more is tried; it is reported at the end. */
  #try(act: () => void): void {
    if (this.#failure !== undefined) return;
    try {
      act();
    } catch (error) {
      this.#failure = error;
    }
  }
}
