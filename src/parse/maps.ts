import type {Region} from '../model/region.ts';
import {decode, HEX_DIGIT, latin1, LOWER_HEX_DIGIT} from './scan.ts';

/**
 * One line of /proc/PID/maps, which is also the head of each record in smaps:
 *
 *     start-end perms offset major:minor inode[ spaces name]
 *
 * proc_pid_maps(5); fs/proc/task_mmu.c, show_vma_header_prefix(). Addresses are padded to 8 digits; after the inode comes
 * always a blank, and named lines are padded so that the name starts at column 73 (49 on 32-bit kernels).
 * The kernel escapes only the newline in a name, as \012, and not the backslash: the two can't be told apart afterwards.
 */

const DASH = 0x2d;
const SPACE = 0x20;

/** The 16 texts that the perms column can have, so that equal ones are one string. */
const PERMS = Array.from(
  {length: 16},
  (_, bits) =>
    ['r', 'w', 'x'].map((letter, bit) => (bits & (1 << bit) ? letter : '-')).join('') + (bits & 8 ? 's' : 'p'),
);

/** What follows the offset, once decoded. */
export interface Backing {
  readonly dev: string;
  readonly inode: string;
  readonly name: string;
  readonly nameBase64: string | undefined;
}

/**
 * Reads header lines of one listing. It remembers the end of each line, `dev inode name`: neighbours mostly share it
 * (a library has five regions), and comparing bytes is cheaper than decoding them.
 */
export class HeaderReader {
  readonly #digits: Int8Array;
  readonly #isStrict: boolean;
  readonly #seen = new Map<string, Backing | undefined>();
  #last: Backing | undefined;
  #lastBytes: Uint8Array = new Uint8Array(0);

  /** @param isStrict accept the kernel's own form only; else also other digits (capitals, other padding) and a lost last blank */
  constructor(isStrict: boolean) {
    this.#isStrict = isStrict;
    this.#digits = isStrict ? LOWER_HEX_DIGIT : HEX_DIGIT;
  }

  /**
   * @param bytes the listing; the line is bytes[from, to), without its newline
   * @returns undefined if the line is not in that form. start and end are not compared here.
   */
  read(bytes: Uint8Array, from: number, to: number): Region | undefined {
    const digits = this.#digits;
    let at = from;
    let digit: number;
    let start = 0;
    for (; (digit = digits[bytes[at]!]!) >= 0; at++) start = start * 16 + digit;
    if (!this.#isNumber(bytes, from, at) || bytes[at] !== DASH) return undefined;

    let begin = ++at;
    let end = 0;
    for (; (digit = digits[bytes[at]!]!) >= 0; at++) end = end * 16 + digit;
    if (!this.#isNumber(bytes, begin, at) || bytes[at] !== SPACE) return undefined;

    const perms = permsAt(bytes, at + 1);
    if (perms === undefined || bytes[at + 5] !== SPACE) return undefined;

    begin = at += 6;
    let offset = 0;
    for (; (digit = digits[bytes[at]!]!) >= 0; at++) offset = offset * 16 + digit;
    if (!this.#isNumber(bytes, begin, at) || bytes[at] !== SPACE || at >= to) return undefined;

    const backing = this.#backing(bytes, at + 1, to);
    if (!backing) return undefined;
    return {
      start, end, perms, offset, dev: backing.dev, inode: backing.inode, name: backing.name, nameBase64: backing.nameBase64,
      kind: 'anon', usage: undefined, flags: undefined, attributes: undefined,
    }; // prettier-ignore
  }

  /** The kernel pads to 8 digits, never further. */
  #isNumber(bytes: Uint8Array, from: number, to: number): boolean {
    const isOwnForm = to - from === 8 || (to - from > 8 && bytes[from] !== 0x30);
    return (isOwnForm || !this.#isStrict) && isExact(bytes, from, to);
  }

  #backing(bytes: Uint8Array, from: number, to: number): Backing | undefined {
    if (sameBytes(this.#lastBytes, bytes, from, to)) return this.#last;
    const raw = latin1(bytes, from, to);
    if (!this.#seen.has(raw)) this.#seen.set(raw, backingOf(raw, this.#isStrict));
    this.#lastBytes = bytes.subarray(from, to);
    this.#last = this.#seen.get(raw);
    return this.#last;
  }
}

const OWN_BACKING = /^([0-9a-f]{2,}:[0-9a-f]{2,}) (\d{1,20}) +(.*)$/s;
const ANY_BACKING = /^([0-9a-f]{2,}:[0-9a-f]{2,}) (\d{1,20})(?: +(.*))?$/is;

/** Device numbers are hex of any width (`103:00`), inodes use all 64 bits: both stay text. */
function backingOf(raw: string, isStrict: boolean): Backing | undefined {
  const match = (isStrict ? OWN_BACKING : ANY_BACKING).exec(raw);
  if (!match) return undefined;
  const name = decode(match[3] ?? '');
  return {dev: match[1]!.toLowerCase(), inode: match[2]!, name: name.text, nameBase64: name.base64};
}

/** A double holds 13 hex digits of any value, and 16 where the value is whole pages. */
function isExact(bytes: Uint8Array, from: number, to: number): boolean {
  const digits = to - from;
  if (digits <= 13) return digits > 0;
  const zero = 0x30;
  const wholePages = bytes[to - 1] === zero && bytes[to - 2] === zero && bytes[to - 3] === zero;
  return digits <= 16 && (wholePages || (bytes[from] === zero && isExact(bytes, from + 1, to)));
}

function permsAt(bytes: Uint8Array, at: number): string | undefined {
  const read = flag(bytes[at], 0x72);
  const write = flag(bytes[at + 1], 0x77);
  const execute = flag(bytes[at + 2], 0x78);
  const shared = bytes[at + 3] === 0x73 ? 1 : bytes[at + 3] === 0x70 ? 0 : -1;
  // A -1 has all bits set, so one that isn't a flag keeps the sum of bits negative.
  const bits = read | (write << 1) | (execute << 2) | (shared << 3);
  return bits < 0 ? undefined : PERMS[bits];
}

const flag = (byte: number | undefined, letter: number): number => (byte === letter ? 1 : byte === DASH ? 0 : -1);

function sameBytes(last: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (last.length !== to - from || last.length === 0) return false;
  for (let index = 0; index < last.length; index++) if (last[index] !== bytes[from + index]) return false;
  return true;
}
