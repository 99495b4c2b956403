import type {Region} from '../../model/region.ts';
import {decode, HEX_DIGIT, latin1, LOWER_HEX_DIGIT} from '../scan.ts';

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

/** The 16 texts that the perms column can have, so that equal ones are one string. */
const PERMS = Array.from(
  {length: 16},
  (_, bits) =>
    ['r', 'w', 'x'].map((letter, bit) => (bits & (1 << bit) ? letter : '-')).join('') + (bits & 8 ? 's' : 'p'),
);

/** What follows the offset, once decoded. */
interface Backing {
  readonly dev: string;
  readonly inode: string;
  readonly name: string;
  readonly nameBase64: string | undefined;
}

/**
 * Reads header lines of one listing. It remembers where the end of the line before was, `dev inode name`: neighbours
 * mostly have the same one (a library has five regions), and comparing bytes is cheaper than decoding them. Where they
 * are equal, the newline is found with them: with 60,000 anonymous regions, searching for it would take a third of the
 * time.
 */
export class HeaderReader {
  /** After the newline of the line that was read last. */
  next = 0;
  readonly #bytes: Uint8Array;
  readonly #digits: Int8Array;
  readonly #isStrict: boolean;
  readonly #seen = new Map<string, Backing | undefined>();
  /** After the digits that were read last. */
  #at = 0;
  /** The end of the line before: bytes[#from, #to), with its newline. */
  #from = 0;
  #to = 0;
  #last: Backing | undefined;

  /**
   * @param bytes the listing
   * @param isStrict accepts the kernel's own form only; else also capitals, other padding, and a lost last blank
   */
  constructor(bytes: Uint8Array, isStrict: boolean) {
    this.#bytes = bytes;
    this.#isStrict = isStrict;
    this.#digits = isStrict ? LOWER_HEX_DIGIT : HEX_DIGIT;
  }

  /**
   * @param from where the line begins
   * @returns undefined if the line is not in that form; else `next` is where the next one begins. start and end are not
   * compared here.
   */
  read(from: number): Region | undefined {
    const bytes = this.#bytes;
    const start = this.#hex(from);
    let at = this.#at;
    if (bytes[at] !== DASH || !this.#isNumber(from, at)) return undefined;

    const second = at + 1;
    const end = this.#hex(second);
    at = this.#at;
    if (bytes[at] !== SPACE || !this.#isNumber(second, at)) return undefined;

    const perms = permsAt(bytes, at + 1);
    if (perms === undefined || bytes[at + 5] !== SPACE) return undefined;

    const third = at + 6;
    const offset = this.#hex(third);
    at = this.#at;
    if (bytes[at] !== SPACE || !this.#isNumber(third, at)) return undefined;

    const backing = this.#backing(from, at + 1);
    if (!backing) return undefined;
    return {
      start,
      end,
      perms,
      offset,
      dev: backing.dev,
      inode: backing.inode,
      name: backing.name,
      nameBase64: backing.nameBase64,
      kind: 'anon',
      label: undefined,
      evidence: undefined,
      confidence: undefined,
      usage: undefined,
      flags: undefined,
      attributes: undefined,
    };
  }

  /** Seven digits at a time: their value is a small integer to V8, which takes no memory. */
  #hex(from: number): number {
    const bytes = this.#bytes;
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
  #isNumber(from: number, to: number): boolean {
    const isOwnForm = to - from === 8 || (to - from > 8 && this.#bytes[from] !== 0x30);
    return (isOwnForm || !this.#isStrict) && isExact(this.#bytes, from, to);
  }

  #backing(line: number, from: number): Backing | undefined {
    const bytes = this.#bytes;
    if (sameBytes(bytes, this.#from, this.#to, from)) {
      this.next = from + this.#to - this.#from;
      return this.#last;
    }
    const newline = bytes.indexOf(0x0a, from - 1);
    const to = newline < 0 ? bytes.length : newline;
    if (to < from || to - line > LONGEST_LINE) return undefined;
    const raw = latin1(bytes, from, to);
    let backing = this.#seen.get(raw);
    if (!backing && !this.#seen.has(raw)) this.#seen.set(raw, (backing = backingOf(raw, this.#isStrict)));
    if (!backing) return undefined;
    this.next = to + 1;
    this.#last = backing;
    [this.#from, this.#to] = newline < 0 ? [0, 0] : [from, newline + 1];
    return backing;
  }
}

/** 16 to the power of the index. */
const SCALE = [1, 0x10, 0x100, 0x1000, 0x10000, 0x100000, 0x1000000];

/** Bytes. No line of the kernel comes near this; a file without newlines does. */
export const LONGEST_LINE: number = 1024 * 1024;

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

/** Is bytes[from, to) there again at `at`? */
function sameBytes(bytes: Uint8Array, from: number, to: number, at: number): boolean {
  if (from === to) return false;
  for (; from < to; from++, at++) if (bytes[from] !== bytes[at]) return false;
  return true;
}
