/** The number of bytes of a 64-bit word, the widest field of an ELF file. */
const WORD = 8;

/**
 * A sink of known size that takes bytes from front to back and knows how far it got. Nothing written can be changed: a
 * number that is needed early must have been worked out before, which is what layout.ts is for.
 *
 * Integers go out least significant byte first. That is a choice of the file (ELFDATA2LSB, elf(5)), not of this
 * machine, and no field is sure to be aligned, so bytes are placed one by one.
 */
export class ByteSink {
  readonly #bytes: Uint8Array;
  #offset = 0;

  /** @param size the exact number of bytes the finished file has */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** Where the next byte goes: the number of bytes written so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Appends bytes as they are. Throws a RangeError if they don't fit. */
  bytes(bytes: ArrayLike<number>): void {
    this.#bytes.set(bytes, this.#offset);
    this.#offset += bytes.length;
  }

  /** Appends one unsigned integer of `width` bytes (at most 8). Throws a RangeError if it doesn't fit. */
  uint(value: number | bigint, width: number): void {
    this.bytes(littleEndian(value, width));
  }

  /**
   * Appends zeros up to `offset`. Throws a RangeError if the sink is already past it: then the layout and the writer
   * disagree, and no byte of the file could be trusted.
   */
  padTo(offset: number): void {
    if (offset < this.#offset) throw new RangeError(`at byte ${this.#offset}, past the planned ${offset}`);
    this.bytes(new Uint8Array(offset - this.#offset));
  }

  /** The finished file. Throws a RangeError if it is shorter than announced. */
  finish(): Uint8Array {
    if (this.#offset !== this.#bytes.length) {
      throw new RangeError(`wrote ${this.#offset} bytes of the planned ${this.#bytes.length}`);
    }
    return this.#bytes;
  }
}

/**
 * The bytes of an integer, least significant first. A negative one is taken in two's complement, as processors do.
 * Throws a RangeError if it fits `width` bytes neither signed nor unsigned, or is not an integer.
 */
export function littleEndian(value: number | bigint, width: number): number[] {
  const bits = BigInt(8 * width);
  const integer = BigInt(value);
  if (width > WORD || integer < -(1n << (bits - 1n)) || integer >= 1n << bits) {
    throw new RangeError(`${value} does not fit ${width} bytes`);
  }
  const bytes: number[] = [];
  for (let shift = 0n; shift < bits; shift += 8n) bytes.push(Number((integer >> shift) & 0xffn));
  return bytes;
}

/**
 * The unsigned integer of `width` bytes at `offset`. Above 2^53 the number is rounded; all addresses, offsets and sizes
 * of a valid file are far below, so a rounded one is still recognised as wrong. Bytes past the end read as 0: the
 * caller checks the range first.
 */
export function readUint(bytes: Uint8Array, offset: number, width: number): number {
  let value = 0;
  for (let i = width - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0);
  return value;
}
