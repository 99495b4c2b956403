/**
 * A counter line of smaps as the kernel prints it (show_smap in fs/proc/task_mmu.c): the key and blanks in 16 columns,
 * the value in 8, ` kB`. Such a line is compared four bytes at a time, and of the value only four columns are looked
 * at: a small listing is read before V8 finds that the loops over its bytes are worth 10 ms of compiling.
 */

/** The first 16 columns as four numbers. */
export type Columns = readonly [number, number, number, number];

const KEY = 16;
const VALUE_END = 24;
const LINE = 27;

/** Four blanks, and ` kB` below the last digit, as DataView reads them. */
const BLANKS = 0x20202020;
const KILOBYTES = 0x206b42;

const SPACE = 0x20;
const ZERO = 0x30;

/** @param key with its colon @returns undefined if it does not fit into its columns */
export function columnsOf(key: string): Columns | undefined {
  if (key.length > KEY) return undefined;
  const padded = key.padEnd(KEY);
  const word = (at: number): number =>
    [0, 1, 2, 3].reduce((sum, index) => sum * 256 + (padded.charCodeAt(at + index) & 0xff), 0);
  return [word(0), word(4), word(8), word(12)];
}

/** Reads such lines. */
export class ColumnReader {
  #bytes: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /**
   * @param bytes the line is bytes[from, to), without its newline
   * @param key in which the line begins
   * @returns KiB; -1 if the line is another one, is written in another way, or has a value of more than four digits
   */
  read(bytes: Uint8Array, from: number, to: number, key: Columns): number {
    if (to - from !== LINE) return -1;
    if (bytes !== this.#bytes) {
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#bytes = bytes;
    }
    const view = this.#view;
    if (
      view.getUint32(from) !== key[0] ||
      view.getUint32(from + 4) !== key[1] ||
      view.getUint32(from + 8) !== key[2] ||
      view.getUint32(from + 12) !== key[3] ||
      view.getUint32(from + KEY) !== BLANKS ||
      (view.getUint32(from + VALUE_END - 1) & 0xffffff) !== KILOBYTES
    )
      return -1;
    return valueAt(bytes, from + KEY + 4, from + VALUE_END);
  }
}

/** Blanks and digits, at least one. @returns -1 for anything else */
function valueAt(bytes: Uint8Array, at: number, end: number): number {
  while (bytes[at] === SPACE) at++;
  if (at >= end) return -1;
  let value = 0;
  for (; at < end; at++) {
    const digit = bytes[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
