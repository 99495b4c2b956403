import type {Regions} from '../../model/columns/regions.ts';
import {LOWER_HEX_DIGIT} from '../scan.ts';

/**
 * Lines of maps that differ from one shortly before them in their addresses alone, as most lines of a long listing do:
 * what follows the addresses is compared, and read only once. That takes a fifth of the time, and it is one small loop,
 * which V8 has compiled after some hundred lines.
 *
 * Only what needs no second thought is read here, and the rest is left to HeaderReader: two addresses of twelve digits,
 * of whole pages, above the region before.
 */
export class Repeats {
  readonly #regions: Regions;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Where a line is that may be repeated: where what follows its addresses begins, how long it is, and its row. */
  #last: Place = NOWHERE;
  #before: Place = NOWHERE;

  /** @param regions get the lines that are read */
  constructor(regions: Regions) {
    this.#regions = regions;
  }

  /** @param bytes of which lines will be read from now on */
  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#last = this.#before = NOWHERE;
  }

  /** A line [from, next) with its newline was read by somebody else, into the last row. */
  learn(from: number, next: number): void {
    const rest = from + ADDRESSES;
    if (next - rest < LEAST || this.#bytes[from + DIGITS] !== DASH || this.#bytes[rest - 1] !== SPACE) return;
    if (this.#bytes[next - 1] !== NEWLINE) return;
    this.#before = this.#last;
    this.#last = {rest, length: next - rest, row: this.#regions.length - 1};
  }

  /**
   * Reads lines from `at` on for as long as they repeat one of the two that were learned last.
   *
   * @param most how many
   * @returns where the first line begins that doesn't
   */
  read(at: number, most: number): number {
    if (this.#last.length === 0) return at;
    const {start: starts, end: ends, offset: offsets, perms, backing, length} = this.#regions;
    const [bytes, view, digits] = [this.#bytes, this.#view, LOWER_HEX_DIGIT];
    let [last, before] = [this.#last, this.#before];
    // The first six digits of the address before, and what they stand for.
    let [upper4, upper2, upper] = [0, 0, 0];
    let reached = ends[length - 1]!;
    let row = length;
    const end = Math.min(starts.length, length + most);
    for (const to = bytes.length - ADDRESSES - LEAST; row < end && at <= to; row++) {
      let place = last;
      if (!isRepeated(view, at + ADDRESSES, place)) {
        if (!isRepeated(view, at + ADDRESSES, (place = before))) break;
        before = last;
        last = place;
      }
      const first4 = view.getInt32(at);
      const first2 = view.getInt16(at + 4);
      if (first4 !== upper4 || first2 !== upper2) {
        upper = sixDigits(bytes, at);
        if (upper < LEAST_UPPER) break;
        [upper4, upper2] = [first4, first2];
      }
      const page = (digits[bytes[at + 6]!]! << 8) | (digits[bytes[at + 7]!]! << 4) | digits[bytes[at + 8]!]!;
      const second = at + DIGITS + 1;
      const isNear = view.getInt32(second) === first4 && view.getInt16(second + 4) === first2;
      const upperEnd = isNear ? upper : sixDigits(bytes, second);
      const pageEnd =
        (digits[bytes[second + 6]!]! << 8) | (digits[bytes[second + 7]!]! << 4) | digits[bytes[second + 8]!]!;
      const start = upper * REACH + page * PAGE;
      const stop = upperEnd * REACH + pageEnd * PAGE;
      // A byte that is no digit makes its number negative.
      if ((page | pageEnd | upperEnd) < 0 || upperEnd < LEAST_UPPER || start < reached || stop <= start) break;
      if (view.getInt32(at + 9) !== ZEROS_DASH || view.getInt32(second + 9) !== ZEROS_SPACE) break;
      starts[row] = start;
      ends[row] = reached = stop;
      offsets[row] = offsets[place.row]!;
      perms[row] = perms[place.row]!;
      backing[row] = backing[place.row]!;
      at += ADDRESSES + place.length;
    }
    this.#regions.length = row;
    [this.#last, this.#before] = [last, before];
    return at;
  }
}

interface Place {
  /** Where what follows the addresses begins. */
  readonly rest: number;
  /** Bytes of it, with its newline. */
  readonly length: number;
  readonly row: number;
}

const NOWHERE: Place = {rest: 0, length: 0, row: 0};

const NEWLINE = 0x0a;
const SPACE = 0x20;
const DASH = 0x2d;

/** Of an address, and of two with the dash and the blank after them. */
const DIGITS = 12;
const ADDRESSES = 26;

/** `----`: shorter than what follows any addresses. */
const LEAST = 4;

/** What the upper six of twelve digits count, and what the next three do; the last three are 0. */
const REACH = 2 ** 24;
const PAGE = 4096;

/** The kernel pads to eight digits: of twelve, the first is not 0. */
const LEAST_UPPER = 0x100000;

/** `000-` and `000 `, as DataView reads them. */
const ZEROS_DASH = 0x3030302d;
const ZEROS_SPACE = 0x30303020;

/** Is the text of a place here too? Four bytes at a time; those at the end overlap. */
function isRepeated(view: DataView, at: number, {rest, length}: Place): boolean {
  if (length === 0 || at + length > view.byteLength) return false;
  const whole = length - 4;
  for (let index = 0; index < whole; index += 4)
    if (view.getInt32(rest + index) !== view.getInt32(at + index)) return false;
  return view.getInt32(rest + whole) === view.getInt32(at + whole);
}

/** @returns a negative number where one of the bytes is no digit */
const sixDigits = (bytes: Uint8Array, at: number): number =>
  (LOWER_HEX_DIGIT[bytes[at]!]! << 20) |
  (LOWER_HEX_DIGIT[bytes[at + 1]!]! << 16) |
  (LOWER_HEX_DIGIT[bytes[at + 2]!]! << 12) |
  (LOWER_HEX_DIGIT[bytes[at + 3]!]! << 8) |
  (LOWER_HEX_DIGIT[bytes[at + 4]!]! << 4) |
  LOWER_HEX_DIGIT[bytes[at + 5]!]!;
