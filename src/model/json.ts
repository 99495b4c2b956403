import {Trouble} from './trouble.ts';
import {exactHex} from './region.ts';

/**
 * Readers for the values of a saved snapshot. Each takes a value and its path, and throws Trouble (`input`) with the
 * path where the value isn't as the schema says.
 */
export type Json = Readonly<Record<string, unknown>>;

export function object(value: unknown, path: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unusable(`${path} is not an object`);
  return value as Json;
}

export function array(value: unknown, path: string): unknown[] {
  if (!Array.isArray(value)) throw unusable(`${path} is not a list`);
  return value;
}

export function string(value: unknown, path: string): string {
  if (typeof value !== 'string') throw unusable(`${path} is not a string`);
  return value;
}

export function matching(value: unknown, form: RegExp, path: string, example: string): string {
  const text = string(value, path);
  if (!form.test(text)) throw unusable(`${path} is not a text such as "${example}"`);
  return text;
}

/** A whole number, not below 0. */
export function integer(value: unknown, path: string): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw unusable(`${path} is not a whole number`);
  return Number(value);
}

export function hexString(value: unknown, path: string): number {
  const number = typeof value === 'string' && value.startsWith('0x') ? exactHex(value.slice(2)) : undefined;
  if (number === undefined) throw unusable(`${path} is not a hex string such as "0x400000"`);
  return number;
}

/** `__proto__`, `constructor` and the like would stand for what every object has. */
export const isOwnName = (name: string): boolean => !(name in Object.prototype);

export const unusable = (why: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: 'This is not a memmap snapshot.',
    why: `${why}.`,
    next: 'Make one with: memmap snapshot PID -o FILE',
  });

/** How many elements are written as one piece: those of regions have about 200 KB. */
const BATCH = 500;

/**
 * A list in a JSON document, whose elements are made while it is written: of 60,000 regions, all at once take 40 MB.
 * JSON.stringify writes it as the list that it stands for.
 */
export class JsonList {
  readonly length: number;
  readonly #elementAt: (place: number) => object;

  constructor({length}: {readonly length: number}, elementAt: (place: number) => object) {
    this.length = length;
    this.#elementAt = elementAt;
  }

  /**
   * The elements as JSON.
   *
   * @returns texts of some of them each, in their order, with the separator between elements
   */
  *pieces(separator: string): Generator<string> {
    for (let from = 0; from < this.length; from += BATCH)
      yield this.#slice(from, from + BATCH)
        .map((element) => JSON.stringify(element))
        .join(separator);
  }

  toJSON(): object[] {
    return this.#slice(0, this.length);
  }

  #slice(from: number, to: number): object[] {
    const {length} = this;
    return Array.from({length: Math.max(0, Math.min(to, length) - from)}, (_, index) => this.#elementAt(from + index));
  }
}
