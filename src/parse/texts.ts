import {latin1} from './scan.ts';

/**
 * Numbers texts, from 0 on, so that one that was met before need not be decoded again: a listing of 60,000 regions has
 * some hundred ends of lines, and as many lists of flags. Neighbours mostly have the same one, or take turns with two:
 * those are found by comparing bytes, without making a string.
 */
export class Texts {
  /** How many there are. A text that has just got the number `size - 1` is new. */
  size = 0;
  /** The one that is new, one character a byte. */
  newest = '';
  readonly #numbers = new Map<string, number>();
  /** The text that was met last, and the one before it. */
  #last: Place = NOWHERE;
  #before: Place = NOWHERE;
  /** What these two are in. */
  #bytes: Uint8Array | undefined;
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** The number of bytes[from, to). */
  numberOf(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    if (bytes !== this.#bytes) this.#begin(bytes);
    if (this.#last.length === length && isAt(this.#last, this.#view, from)) return this.#last.number;
    if (this.#before.length === length && isAt(this.#before, this.#view, from)) return this.#swap().number;
    const text = latin1(bytes, from, to);
    let number = this.#numbers.get(text);
    if (number === undefined) {
      this.#numbers.set(text, (number = this.size++));
      this.newest = text;
    }
    this.#before = this.#last;
    this.#last = {number, from, length};
    return number;
  }

  /**
   * The text at a place, if it is one of the two that were met last, and none begins with another one: they end with
   * their newlines.
   */
  at(bytes: Uint8Array, at: number): Place | undefined {
    if (bytes !== this.#bytes) this.#begin(bytes);
    if (isAt(this.#last, this.#view, at)) return this.#last;
    return isAt(this.#before, this.#view, at) ? this.#swap() : undefined;
  }

  #swap(): Place {
    const last = this.#before;
    this.#before = this.#last;
    return (this.#last = last);
  }

  #begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#last = this.#before = NOWHERE;
  }
}

/** Where a text is. */
interface Place {
  readonly number: number;
  readonly from: number;
  readonly length: number;
}

/** No text has no bytes. */
const NOWHERE: Place = {number: -1, from: 0, length: 0};

/**
 * Four bytes at a time, the last four first: a loop over single bytes makes V8 compile it for 20 regions (2 ms of the
 * processor).
 */
function isAt({from, length}: Place, view: DataView, at: number): boolean {
  if (length === 0 || at + length > view.byteLength) return false;
  const whole = length - 4;
  if (whole >= 0 && view.getInt32(from + whole) !== view.getInt32(at + whole)) return false;
  let index = 0;
  for (; index < whole; index += 4) if (view.getInt32(from + index) !== view.getInt32(at + index)) return false;
  if (whole < 0)
    for (; index < length; index++) if (view.getUint8(from + index) !== view.getUint8(at + index)) return false;
  return true;
}
