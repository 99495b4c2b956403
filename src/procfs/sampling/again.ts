import type {ProcFile} from '../file.ts';

/** Bytes that are read before they are compared: this many stay in the processor's cache. */
const WINDOW = 64 * 1024;

/** Bytes that a buffer has at least left, before more is read into it: the kernel gives 4 KiB at once. */
const LEAST = 8 * 1024;

/**
 * Reads a listing again and again. While it says what it said before, what is read is compared as it comes and is kept
 * nowhere: there is one copy of it, and a listing of some MB doesn't go through memory twice.
 */
export class Rereader {
  readonly #file: ProcFile;
  readonly #window = Buffer.allocUnsafeSlow(WINDOW);
  /** What was given before, and may be overwritten. */
  #spare: Buffer | undefined;

  constructor(file: ProcFile) {
    this.#file = file;
  }

  /**
   * @param known what it said before. Once it says something else, these bytes stay until the next reading but one.
   * @returns the very same bytes as `known` if it says the same; else others
   * @throws as ProcFile.read does
   */
  read(known: Buffer | undefined): Buffer {
    const read = this.#file.inParts();
    for (let at = 0; ;) {
      const count = read(this.#window);
      if (count === 0 && at === known?.length) return known;
      if (count === 0 || !known || !isAt(known, at, this.#window, count)) return this.#rest(read, known, at, count);
      at += count;
    }
  }

  /** @param at this many bytes are as known @param count of the window, which come after these */
  #rest(read: (into: Uint8Array) => number, known: Buffer | undefined, at: number, count: number): Buffer {
    let bytes = this.#free(known);
    known?.copy(bytes, 0, 0, at);
    this.#window.copy(bytes, at, 0, count);
    let length = at + count;
    for (let more = count; more > 0; length += more) {
      if (bytes.length - length < LEAST) bytes = grown(bytes, length);
      more = read(bytes.subarray(length));
    }
    // What is known now is compared with the next reading, and can be overwritten by the one after it.
    this.#spare = known && whole(known);
    return bytes.subarray(0, length);
  }

  /** A buffer that is not in use, with room for what is known and some more. */
  #free(known: Buffer | undefined): Buffer {
    const spare = this.#spare;
    const least = (known?.length ?? 0) + WINDOW;
    // What was given last may be what is known still, where nobody could make use of what was read after it.
    const isFree = spare && spare.buffer !== known?.buffer && spare.length >= least;
    return isFree ? spare : Buffer.allocUnsafeSlow(Math.ceil(least * ROOM));
  }
}

/** A listing may grow by this much before its buffer must. */
const ROOM = 1.25;

const isAt = (known: Buffer, at: number, bytes: Buffer, count: number): boolean =>
  at + count <= known.length && bytes.compare(known, at, at + count, 0, count) === 0;

/** All of the buffer that bytes are the beginning of. */
const whole = (bytes: Buffer): Buffer => Buffer.from(bytes.buffer, 0, bytes.buffer.byteLength);

function grown(buffer: Buffer, length: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(buffer.length * 4);
  buffer.copy(larger, 0, 0, length);
  return larger;
}
