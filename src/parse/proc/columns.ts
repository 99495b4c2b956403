/**
 * A counter line of smaps as the kernel prints it (show_smap in fs/proc/task_mmu.c): the key and blanks in 16 columns,
 * the value in 8, ` kB` and a newline. Such a line is compared four bytes at a time, and of a usual value only four
 * columns are looked at: a small listing is read before V8 finds that the loops over its bytes are worth 10 ms of
 * compiling.
 */

/** The first 16 columns as four numbers of 32 bits with a sign, which V8 compares without making objects of them. */
export type Columns = readonly [number, number, number, number];

/** Bytes of a line, with its newline. */
export const LINE = 28;

const KEY = 16;
const VALUE_END = 24;

/** Four blanks, three and a 0, and ` kB` and a newline, as DataView reads them. */
const BLANKS = 0x20202020;
const ZERO_KILOBYTES = 0x20202030;
const KILOBYTES = 0x206b420a;

const SPACE = 0x20;
const ZERO = 0x30;

/** @param key with its colon @returns undefined if it does not fit into its columns */
export function columnsOf(key: string): Columns | undefined {
  if (key.length > KEY) return undefined;
  const padded = key.padEnd(KEY);
  const word = (at: number): number =>
    [0, 1, 2, 3].reduce((sum, index) => sum * 256 + (padded.charCodeAt(at + index) & 0xff), 0) | 0;
  return [word(0), word(4), word(8), word(12)];
}

/**
 * Reads such a line.
 *
 * @param from where it begins
 * @param key with which it begins
 * @returns KiB; -1 if the line is another one, or is written in another way
 */
export function kilobytesAt(view: DataView, from: number, key: Columns): number {
  if (
    from + LINE > view.byteLength ||
    view.getInt32(from) !== key[0] ||
    view.getInt32(from + 4) !== key[1] ||
    view.getInt32(from + 8) !== key[2] ||
    view.getInt32(from + 12) !== key[3] ||
    view.getInt32(from + VALUE_END) !== KILOBYTES
  )
    return -1;
  if (view.getInt32(from + KEY) !== BLANKS) return valueAt(view, from + KEY, from + VALUE_END);
  return view.getInt32(from + KEY + 4) === ZERO_KILOBYTES ? 0 : valueAt(view, from + KEY + 4, from + VALUE_END);
}

/** Blanks and digits, at least one. @returns -1 for anything else */
function valueAt(view: DataView, at: number, end: number): number {
  while (at < end && view.getUint8(at) === SPACE) at++;
  if (at >= end) return -1;
  let value = 0;
  for (; at < end; at++) {
    const digit = view.getUint8(at) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
