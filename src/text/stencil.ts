import type {Regions} from '../model/columns/regions.ts';
import type {Stencil, Stencilling} from '../model/columns/stencil.ts';

/**
 * The texts of many rows, most of which are like another one but for their addresses: bytes are copied, and digits
 * written over them. Put together of strings, 60,000 rows take four times as long, since V8's collector has to carry
 * the strings along.
 *
 * @returns the texts of several rows each, with the separator between them
 */
export function* stencilled({regions, rows, stencilOf, textOf, separator}: Stencilling): Generator<string> {
  const {of, counts} = regions.alike;
  const bytes = Buffer.from(new ArrayBuffer(BLOCK), 0, BLOCK);
  const prints = counts.map((count, number) => (count < FEW ? undefined : printOf(stencilOf(number), separator)));
  const writer = new Writer(regions, of, rows, prints, bytes);
  for (let index = 0; index < rows.length;) {
    const first = index;
    index = writer.write(first);
    if (index > first) {
      yield bytes.toString('latin1', separator.length, writer.length);
      continue;
    }
    let text = textOf(rows[index++]!);
    while (index < rows.length && text.length < BLOCK && !writer.canWrite(index))
      text += separator + textOf(rows[index++]!);
    yield text;
  }
}

/** Of fewer rows that are alike, each is put together of strings. */
const FEW = 4;

/** Bytes of one text: V8 keeps those that are shorter than 128 KiB where they are collected quickly. */
const BLOCK = 64 * 1024;

/** The bytes of a stencil, with the separator before them, and where its addresses are. */
interface Print {
  readonly bytes: Uint8Array;
  readonly places: readonly number[];
  readonly isEnd: readonly boolean[];
}

/** @returns undefined where it has other characters than those of ASCII, which are one byte each, or is very long */
function printOf({around, addresses}: Stencil, separator: string): Print | undefined {
  const text = separator + around.join(TWELVE);
  if (text.length > BLOCK || !isASCII(text)) return undefined;
  const bytes = Buffer.from(text, 'latin1');
  const places: number[] = [];
  let at = separator.length;
  for (let index = 0; index < addresses.length; index++, at += TWELVE.length)
    places.push((at += around[index]!.length));
  return {bytes, places, isEnd: addresses.map((address) => address === 'end')};
}

/** The last three digits of whole pages are 0. */
const TWELVE = '0'.repeat(12);

const isASCII = (text: string): boolean => !/[^\0-\x7f]/.test(text);

/** What the upper six of twelve digits count, and the least that they are. */
const REACH = 2 ** 24;
const LEAST_UPPER = 0x100000;
const PAGE = 4096;

/** The bytes of hex digits. */
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Fills bytes with the texts of rows. */
class Writer {
  /** Bytes that were filled the last time. */
  length = 0;
  readonly #start: Float64Array;
  readonly #end: Float64Array;
  readonly #of: Uint32Array;
  readonly #rows: ArrayLike<number>;
  readonly #prints: ReadonlyArray<Print | undefined>;
  readonly #bytes: Uint8Array;
  /** The upper six digits that were written last, and what they stand for. */
  readonly #upperDigits = new Uint8Array(6);
  #upper = 0;

  constructor(
    {start, end}: Regions,
    of: Uint32Array,
    rows: ArrayLike<number>,
    prints: ReadonlyArray<Print | undefined>,
    bytes: Uint8Array,
  ) {
    this.#start = start;
    this.#end = end;
    this.#of = of;
    this.#rows = rows;
    this.#prints = prints;
    this.#bytes = bytes;
  }

  canWrite(index: number): boolean {
    const row = this.#rows[index]!;
    return (
      this.#prints[this.#of[row]!] !== undefined &&
      hasTwelveDigits(this.#start[row]!) &&
      hasTwelveDigits(this.#end[row]!)
    );
  }

  /** Writes rows from `index` on. @returns which one has no room, or can't be written so */
  write(index: number): number {
    let length = 0;
    for (; index < this.#rows.length && this.canWrite(index); index++) {
      const row = this.#rows[index]!;
      const {bytes, places, isEnd} = this.#prints[this.#of[row]!]!;
      if (length + bytes.length > this.#bytes.length) break;
      this.#bytes.set(bytes, length);
      for (let each = 0; each < places.length; each++)
        this.#put(length + places[each]!, isEnd[each]! ? this.#end[row]! : this.#start[row]!);
      length += bytes.length;
    }
    this.length = length;
    return index;
  }

  #put(at: number, address: number): void {
    const bytes = this.#bytes;
    const upperDigits = this.#upperDigits;
    const upper = Math.floor(address / REACH);
    const page = (address - upper * REACH) / PAGE;
    if (upper !== this.#upper) this.#turnTo(upper);
    for (let digit = 0; digit < 6; digit++) bytes[at + digit] = upperDigits[digit]!;
    bytes[at + 6] = DIGITS[page >> 8]!;
    bytes[at + 7] = DIGITS[(page >> 4) & 15]!;
    bytes[at + 8] = DIGITS[page & 15]!;
  }

  #turnTo(upper: number): void {
    this.#upper = upper;
    for (let digit = 0; digit < 6; digit++) this.#upperDigits[digit] = DIGITS[(upper >> (20 - 4 * digit)) & 15]!;
  }
}

/** Whole pages, whose address has twelve digits. */
const hasTwelveDigits = (address: number): boolean =>
  address >= LEAST_UPPER * REACH && address < 2 ** 48 && address % PAGE === 0;
