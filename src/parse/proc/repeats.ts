import type {Regions} from '../../model/columns/regions.ts';
import {isSameStretch, LOWER_HEX_DIGIT} from '../scan.ts';

/**
 * Lines of maps and records of smaps that differ from one shortly before them in their addresses alone, as most of a
 * long listing do: what follows the addresses is compared, and read only once. Of a record of smaps that takes a tenth
 * of the time.
 *
 * Only what needs no second thought is read here, and the rest is left to others: two addresses of twelve digits, of
 * whole pages, above the region before.
 */
export class Repeats {
  /** After what was read last. */
  next = 0;
  readonly #regions: Regions;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Where a line is that may be repeated: where what follows its addresses begins, how long it is, and its row. */
  #last: Place = NOWHERE;
  #before: Place = NOWHERE;
  /** The first eight digits that were read last, four bytes each, and what they stand for. */
  #first = 0;
  #second = 0;
  #upper = -1;
  /** How many calls read nothing. */
  #misses = 0;
  /** Of the rows that were read by one call: which rows they are like. */
  readonly #like = new Uint32Array(STRETCH);

  /** @param regions get the lines that are read */
  constructor(regions: Regions) {
    this.#regions = regions;
  }

  /** Is it likely that anything repeats? Not where most lines so far didn't. */
  get isLikely(): boolean {
    return this.#misses < TRIAL || this.#misses * 2 < this.#regions.length;
  }

  /** @param bytes of which lines will be read from now on */
  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#last = this.#before = NOWHERE;
  }

  /**
   * What was read by somebody else, and may be repeated.
   *
   * @param row of it
   * @param from where its first line begins
   * @param next after its last newline
   * @param lines how many these are
   */
  learn(row: number, from: number, next: number, lines: number): void {
    const rest = from + ADDRESSES;
    if (next - rest < LEAST || this.#bytes[from + DIGITS] !== DASH || this.#bytes[rest - 1] !== SPACE) return;
    if (this.#bytes[next - 1] !== NEWLINE || this.#regions.rare.has(row)) return;
    this.#before = this.#last;
    this.#last = {rest, length: next - rest, row, lines};
  }

  /**
   * Reads regions from `at` on for as long as they repeat one of the two that were learned last, and another one
   * follows: what else follows may belong to the last one.
   *
   * @param most how many regions
   * @returns how many lines these were; `next` is where the first line begins that was not read
   */
  read(at: number, most: number): number {
    const {start: starts, end: ends, offset: offsets, perms, backing, length} = this.#regions;
    const bytes = this.#bytes;
    const view = this.#view;
    let last = this.#last;
    let before = this.#before;
    let reached = length > 0 ? ends[length - 1]! : 0;
    let row = length;
    let lines = 0;
    const end = Math.min(starts.length, length + Math.min(most, STRETCH));
    for (; row < end; row++) {
      let place = last;
      if (!isRepeated(bytes, view, at + ADDRESSES, place)) {
        place = before;
        if (!isRepeated(bytes, view, at + ADDRESSES, place)) break;
        before = last;
        last = place;
      }
      if (LOWER_HEX_DIGIT[bytes[at + ADDRESSES + place.length]!]! < 0) break;
      if (bytes[at + DIGITS] !== DASH || bytes[at + ADDRESSES - 1] !== SPACE) break;
      const start = this.#address(view, at);
      const stop = this.#address(view, at + DIGITS + 1);
      if (start < reached || stop <= start) break;
      starts[row] = start;
      ends[row] = reached = stop;
      offsets[row] = offsets[place.row]!;
      perms[row] = perms[place.row]!;
      backing[row] = backing[place.row]!;
      this.#like[row - length] = place.row;
      lines += place.lines;
      at += ADDRESSES + place.length;
    }
    if (row === length) this.#misses++;
    else this.#copyCounted(length, row);
    this.#regions.length = row;
    this.#last = last;
    this.#before = before;
    this.next = at;
    return lines;
  }

  /** What smaps says of rows [from, to). */
  #copyCounted(from: number, to: number): void {
    const {counters, tables, flags, attributes} = this.#regions;
    for (const {values} of counters) copyRows(values, this.#like, from, to);
    if (tables.flags.length > 1) copyRows(flags, this.#like, from, to);
    if (tables.attributes.length > 1) copyRows(attributes, this.#like, from, to);
  }

  /** Twelve digits, of which the last three are 0. Neighbours share the first eight. @returns -1 for anything else */
  #address(view: DataView, at: number): number {
    const first = view.getInt32(at);
    const second = view.getInt32(at + 4);
    const third = view.getInt32(at + 8);
    if (first !== this.#first || second !== this.#second) {
      this.#upper = eightDigits(first, second);
      this.#first = first;
      this.#second = second;
    }
    const page = LOWER_HEX_DIGIT[third >>> 24]!;
    return page < 0 || (third & 0xffffff) !== THREE_ZEROS ? -1 : this.#upper + page * PAGE;
  }
}

interface Place {
  /** Where what follows the addresses begins. */
  readonly rest: number;
  /** Bytes of it, with its newline. */
  readonly length: number;
  readonly row: number;
  readonly lines: number;
}

const NOWHERE: Place = {rest: 0, length: 0, row: 0, lines: 0};

/** So many regions are tried before it is judged whether any repeat others. */
const TRIAL = 1000;

/** At most this many regions are read by one call: what V8 has compiled meanwhile is used from the next one on. */
const STRETCH = 64;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const DASH = 0x2d;

/** Of an address, and of two with the dash and the blank after them. */
const DIGITS = 12;
const ADDRESSES = 26;

/** `----`: shorter than what follows any addresses. */
const LEAST = 4;

/** What the last but three of the digits counts. */
const PAGE = 4096;

/** `000`, of the four bytes that DataView reads. */
const THREE_ZEROS = 0x303030;

/** Bytes after which a call of memcmp(3) is quicker than going on. */
const FIRST = 128;

/** Is the text of a place here too, and something after it? Four bytes at a time; those at the end overlap. */
function isRepeated(bytes: Uint8Array, view: DataView, at: number, {rest, length}: Place): boolean {
  if (length === 0 || at + length >= view.byteLength) return false;
  const whole = Math.min(FIRST, length - 4);
  for (let index = 0; index < whole; index += 4)
    if (view.getInt32(rest + index) !== view.getInt32(at + index)) return false;
  if (length > FIRST) return isSameStretch(bytes, rest + FIRST, bytes, at + FIRST, length - FIRST);
  return view.getInt32(rest + whole) === view.getInt32(at + whole);
}

/** @param like which row each is like, from the first of them on */
function copyRows(column: Float64Array | Uint32Array, like: Uint32Array, from: number, to: number): void {
  for (let row = from; row < to; row++) column[row] = column[like[row - from]!]!;
}

/**
 * The value of the first eight of twelve digits. The kernel pads to eight: of twelve, the first is not 0. It is put
 * together so that V8 sees nothing but small integers until it is a large number, and need not compile it twice.
 *
 * @returns a negative number, which stays so when what the others stand for is added, where that is no such number
 */
function eightDigits(first: number, second: number): number {
  const upper = fourDigits(first);
  const lower = fourDigits(second);
  if ((upper | lower) < 0 || upper < 0x1000) return -(2 ** 60);
  return (upper * 256 + (lower >> 8)) * 2 ** 24 + (lower & 0xff) * 2 ** 16;
}

/** @param word four bytes @returns a negative number where one of them is no digit */
const fourDigits = (word: number): number =>
  (LOWER_HEX_DIGIT[word >>> 24]! << 12) |
  (LOWER_HEX_DIGIT[(word >>> 16) & 0xff]! << 8) |
  (LOWER_HEX_DIGIT[(word >>> 8) & 0xff]! << 4) |
  LOWER_HEX_DIGIT[word & 0xff]!;
