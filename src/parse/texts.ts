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

  /** The number of bytes[from, to). */
  numberOf(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    if (bytes !== this.#bytes) this.#begin(bytes);
    if (this.#last.length === length && isAt(this.#last, bytes, from)) return this.#last.number;
    if (this.#before.length === length && isAt(this.#before, bytes, from)) return this.#swap().number;
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
    if (isAt(this.#last, bytes, at)) return this.#last;
    return isAt(this.#before, bytes, at) ? this.#swap() : undefined;
  }

  #swap(): Place {
    const last = this.#before;
    this.#before = this.#last;
    return (this.#last = last);
  }

  #begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
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

function isAt({from, length}: Place, bytes: Uint8Array, at: number): boolean {
  if (length === 0) return false;
  for (let index = 0; index < length; index++) if (bytes[from + index] !== bytes[at + index]) return false;
  return true;
}
