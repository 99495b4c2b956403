/*
 * The wire format of Protocol Buffers: https://protobuf.dev/programming-guides/encoding/
 */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** A message in the making: fields in the order in which they are written. */
export class Message {
  #bytes = new Uint8Array(64);
  #length = 0;

  /** @param value a whole number, not negative: uint32, uint64, int64, bool, an enum */
  varint(field: number, value: number): this {
    return this.#tag(field, VARINT).#number(value);
  }

  /** @param value fixed64 or sfixed64 */
  fixed64(field: number, value: bigint): this {
    this.#tag(field, FIXED64).#reserve(8).setBigUint64(this.#length, BigInt.asUintN(64, value), true);
    this.#length += 8;
    return this;
  }

  double(field: number, value: number): this {
    this.#tag(field, FIXED64).#reserve(8).setFloat64(this.#length, value, true);
    this.#length += 8;
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, LENGTH).#number(value.length).#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.finish());
  }

  /** Numbers of a repeated field, packed. @param values as for `varint` */
  packed(field: number, values: Iterable<number>): this {
    const all = new Message();
    for (const value of values) all.#number(value);
    return this.message(field, all);
  }

  /** What was written so far: valid until more is written. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #tag(field: number, type: number): this {
    return this.#number(field * 8 + type);
  }

  /** Seven bits a byte, the lowest first. Numbers may have more than 32 bits, so there is no shifting. */
  #number(value: number): this {
    this.#reserve(10);
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) | 128;
    this.#bytes[this.#length++] = rest;
    return this;
  }

  #reserve(more: number): DataView {
    if (this.#length + more > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    return new DataView(this.#bytes.buffer);
  }
}

/** A field of a message that was read: a number, or bytes. */
export type Field = readonly [field: number, value: number | Uint8Array];

/**
 * The fields of a message, in their order. Where it is cut short or no message, they end before the mistake.
 *
 * @param bytes from outside: anything
 */
export function* fieldsIn(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length && scale < 2 ** 70; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
    return NaN;
  };
  const taken = (length: number): Uint8Array | undefined =>
    length <= bytes.length - at ? bytes.subarray(at, (at += length)) : undefined;
  while (at < bytes.length) {
    const tag = number();
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    const sizes: Partial<Record<number, () => number>> = {[FIXED64]: () => 8, [LENGTH]: number, [FIXED32]: () => 4};
    const value = type === VARINT ? number() : taken(sizes[type]?.() ?? NaN);
    if (value === undefined || Number.isNaN(value) || !(field > 0)) return;
    yield [field, value];
  }
}
