import type {BooksFigures, BooksReading} from '../model/heap/books.ts';
import {integer, type Json, object, string} from '../model/json.ts';

/**
 * malloc's books in a recording: lines of their own, `{"event":"heap","version":1,…}`, which are no moments. A reader
 * that doesn't know them passes over them, as this one does over those of a later version.
 */
const VERSION = 1;

/** What such a line begins with. */
const HEAD = Buffer.from('{"event":"heap",');

export const isBooksLine = (line: Buffer): boolean => line.subarray(0, HEAD.length).equals(HEAD);

const KEYS = ['system', 'inUse', 'mmapped', 'free', 'freeResident', 'trimmable'] as const satisfies ReadonlyArray<
  keyof BooksFigures
>;

/** The members of the line; `why` is there where nothing is known. */
export const booksJSON = ({t, figures, why}: BooksReading): object => ({
  event: 'heap',
  version: VERSION,
  t,
  ...(figures ?? {why: why ?? ''}),
});

/**
 * @param line without its newline
 * @returns undefined for one of a later version
 * @throws Trouble `input`, SyntaxError
 */
export function readingIn(line: Buffer): BooksReading | undefined {
  const json = object(JSON.parse(line.toString('utf8')), 'heap');
  if (json['version'] !== VERSION) return undefined;
  const t = integer(json['t'], 't');
  if (json['why'] !== undefined) return {t, figures: undefined, why: string(json['why'], 'why')};
  return {t, figures: figuresIn(json)};
}

const figuresIn = (json: Json): BooksFigures =>
  Object.fromEntries(KEYS.map((key) => [key, integer(json[key], key)])) as Record<keyof BooksFigures, number>;
