import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

/**
 * The file of a recording, to which whole records are added. Only its owner may read it, since addresses help who attacks
 * the process; and it is never opened through a symbolic link.
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

  /** Opens one that is there, to go on with it. @throws the system's error: ELOOP if it is a link */
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
   * Adds whole records, in one write(2): who is killed in between has lost these at most.
   *
   * @throws the system's error, if they could not be written whole; then nothing of them is left in the file
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

  /** Has what was written so far brought to the disk; that it could not be is told when more is written. */
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

  /** Closes it, and takes it away: it was made, and nothing was recorded. */
  discard(): void {
    closeSync(this.#fd);
    unlinkSync(this.path);
  }

  /** What was written in part is taken away again, where that can be done; else readers see that the line is cut off. */
  #cutBack(): void {
    try {
      ftruncateSync(this.#fd, this.#size);
    } catch {
      // The device is gone.
    }
  }
}
