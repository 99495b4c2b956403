import {constants, createGzip, type Gzip} from 'node:zlib';
import type {RecordingFile} from './file.ts';

/** Brings lines into a file, in the order in which they come. */
export interface Packer {
  /** @param isKey a line that stands on its own */
  add(line: Buffer, isKey: boolean): Promise<void>;
  /** The last line was added. */
  finish(): Promise<void>;
}

/** As they are. */
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
 * Compressed: one gzip member from each key frame to the next. Each line is flushed (Z_SYNC_FLUSH), so that all lines can be
 * read of a file whose last member was never finished.
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
      member.flush(constants.Z_SYNC_FLUSH, () => {
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
