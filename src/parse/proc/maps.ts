import {ABSENT} from '../../model/columns/columns.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {decode, HEX_DIGIT, latin1, LOWER_HEX_DIGIT} from '../scan.ts';
import {Texts} from '../texts.ts';

/**
 * One line of /proc/PID/maps, which is also the head of each record in smaps:
 *
 *     start-end perms offset major:minor inode[ spaces name]
 *
 * proc_pid_maps(5); fs/proc/task_mmu.c, show_vma_header_prefix(). Addresses are padded to 8 digits; a blank always
 * follows the inode, and named lines are padded so that the name starts at column 73 (49 on 32-bit kernels). The kernel
 * escapes only the newline in a name, as \012, and not the backslash: the two can't be distinguished afterwards.
 */

const DASH = 0x2d;
const SPACE = 0x20;

/**
 * Reads header lines into the columns of one listing. It remembers the end of the line before, `dev inode name`:
 * neighbours mostly have the same one (a library has five regions), and comparing bytes is cheaper than decoding them.
 * Where they are equal, the newline is found with them: with 60,000 anonymous regions, searching for it would take a
 * third of the time.
 */
export class HeaderReader {
  /** After the newline of the line that was read last. */
  next = 0;
  readonly #regions: Regions;
  readonly #digits: Int8Array;
  readonly #isStrict: boolean;
  /** Ends of lines, with their newlines; and the backing that each says, or ABSENT where it says none. */
  readonly #ends = new Texts();
  readonly #backings: number[] = [];
  /** After the digits that were read last. */
  #at = 0;

  /**
   * @param regions get the lines, each as a draft: the row after the last one
   * @param isStrict accepts the kernel's own form only; else also capitals, other padding, and a lost last blank
   */
  constructor(regions: Regions, isStrict: boolean) {
    this.#regions = regions;
    this.#isStrict = isStrict;
    this.#digits = isStrict ? LOWER_HEX_DIGIT : HEX_DIGIT;
  }

  /**
   * @param bytes whole lines; only the last one of the listing may lack its newline
   * @param from where the line begins
   * @returns false if the line is not in that form; else the region is in the row after the last one, and `next` is
   *   where the next line begins. start and end are not compared here.
   */
  read(bytes: Uint8Array, from: number): boolean {
    const start = this.#hex(bytes, from);
    let at = this.#at;
    if (bytes[at] !== DASH || !(isUsual(bytes, from, at) || this.#isNumber(bytes, from, at))) return false;

    const second = at + 1;
    const end = this.#hex(bytes, second);
    at = this.#at;
    if (bytes[at] !== SPACE || !(isUsual(bytes, second, at) || this.#isNumber(bytes, second, at))) return false;

    const perms = permsAt(bytes, at + 1);
    if (perms < 0 || bytes[at + 5] !== SPACE) return false;

    const third = at + 6;
    const offset = this.#hex(bytes, third);
    at = this.#at;
    if (bytes[at] !== SPACE || !(isUsual(bytes, third, at) || this.#isNumber(bytes, third, at))) return false;

    const backing = this.#backing(bytes, from, at + 1);
    if (backing === ABSENT) return false;
    const regions = this.#regions;
    const row = regions.length;
    regions.reserve();
    regions.start[row] = start;
    regions.end[row] = end;
    regions.offset[row] = offset;
    regions.perms[row] = perms;
    regions.backing[row] = backing;
    return true;
  }

  /** Seven digits at a time: their value is a small integer to V8, which takes no memory. */
  #hex(bytes: Uint8Array, from: number): number {
    const digits = this.#digits;
    let value = 0;
    let part = 0;
    let count = 0;
    let at = from;
    for (let digit; (digit = digits[bytes[at]!]!) >= 0; at++) {
      part = (part << 4) | digit;
      if (++count === 7) {
        value = value * 0x10000000 + part;
        part = count = 0;
      }
    }
    this.#at = at;
    return value === 0 ? part : value * SCALE[count]! + part;
  }

  /** The kernel pads to 8 digits, never further. */
  #isNumber(bytes: Uint8Array, from: number, to: number): boolean {
    const isOwnForm = to - from === 8 || (to - from > 8 && bytes[from] !== 0x30);
    return (isOwnForm || !this.#isStrict) && isExact(bytes, from, to);
  }

  /** @returns ABSENT if the line ends in another way */
  #backing(bytes: Uint8Array, line: number, from: number): number {
    const known = this.#ends.at(bytes, from);
    if (known) {
      this.next = from + known.length;
      return this.#backings[known.number]!;
    }
    const newline = bytes.indexOf(0x0a, from - 1);
    const to = newline < 0 ? bytes.length : newline;
    if (to < from || to - line > LONGEST_LINE) return ABSENT;
    this.next = to + 1;
    // Without a newline it is the last one.
    if (newline < 0) return this.#decoded(latin1(bytes, from, to));
    const end = this.#ends.numberOf(bytes, from, newline + 1);
    if (end === this.#backings.length) this.#backings.push(this.#decoded(this.#ends.newest.slice(0, -1)));
    return this.#backings[end]!;
  }

  /** Device numbers are hex of any width (`103:00`), inodes use all 64 bits: both stay text. */
  #decoded(raw: string): number {
    const match = (this.#isStrict ? OWN_BACKING : ANY_BACKING).exec(raw);
    if (!match) return ABSENT;
    const {text, base64} = decode(match[3] ?? '');
    const dev = match[1]!.toLowerCase();
    return this.#regions.tables.backingOf({dev, inode: match[2]!, name: text, nameBase64: base64});
  }
}

/** 16 to the power of the index. */
const SCALE = [1, 0x10, 0x100, 0x1000, 0x10000, 0x100000, 0x1000000];

/** Bytes. No line of the kernel comes near this; a file without newlines does. */
export const LONGEST_LINE: number = 1024 * 1024;

const OWN_BACKING = /^([0-9a-f]{2,}:[0-9a-f]{2,}) (\d{1,20}) +(.*)$/s;
const ANY_BACKING = /^([0-9a-f]{2,}:[0-9a-f]{2,}) (\d{1,20})(?: +(.*))?$/is;

/** Twelve digits or eight, as nearly all numbers of a listing have. */
const isUsual = (bytes: Uint8Array, from: number, to: number): boolean =>
  to - from === 8 || (to - from === 12 && bytes[from] !== 0x30);

/** A double holds 13 hex digits of any value, and 16 where the value is whole pages. */
function isExact(bytes: Uint8Array, from: number, to: number): boolean {
  const digits = to - from;
  if (digits <= 13) return digits > 0;
  const zero = 0x30;
  const wholePages = bytes[to - 1] === zero && bytes[to - 2] === zero && bytes[to - 3] === zero;
  return digits <= 16 && (wholePages || (bytes[from] === zero && isExact(bytes, from + 1, to)));
}

/** The four letters as bits (Tables.perms); negative if they aren't such. */
function permsAt(bytes: Uint8Array, at: number): number {
  const read = flag(bytes[at], 0x72);
  const write = flag(bytes[at + 1], 0x77);
  const execute = flag(bytes[at + 2], 0x78);
  const shared = bytes[at + 3] === 0x73 ? 1 : bytes[at + 3] === 0x70 ? 0 : -1;
  // A -1 has all bits set, so one that isn't a flag keeps the sum of bits negative.
  return read | (write << 1) | (execute << 2) | (shared << 3);
}

const flag = (byte: number | undefined, letter: number): number => (byte === letter ? 1 : byte === DASH ? 0 : -1);
