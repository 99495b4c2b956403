import {statSync} from 'node:fs';
import {Trouble} from '../../model/trouble.ts';
import {findByName} from '../../procfs/find.ts';
import {findWords, nearNames} from './glossary/find.ts';
import {words} from './glossary/glossary.ts';
import type {Word} from './glossary/word.ts';

/** What the first argument of `explain` stands for. */
export type Argument =
  | {readonly is: 'words'; readonly words: readonly Word[]}
  | {readonly is: 'unknown'; readonly code: string}
  | {readonly is: 'target'; readonly isWordToo: boolean};

/**
 * Decides whether an argument is a word of the glossary or a target. PIDs, `-` and files are targets; after them come
 * words, then the names of processes. With a second argument it is always a target.
 *
 * @throws Trouble (`usage`) for anything else, with words that are spelled nearly so
 */
export function argumentOf(text: string, {isWord, hasPlace, root}: Ask): Argument {
  if (isWord) return wordsOrTrouble(text);
  if (hasPlace || text === '-' || /^[+-]?\p{Nd}+$/u.test(text)) return {is: 'target', isWordToo: false};
  const found = findWords(words(), text);
  if (isRegularOrPipe(text)) return {is: 'target', isWordToo: found.length > 0};
  if (found.length > 0) return {is: 'words', words: found};
  if (/[/.]/.test(text) || findByName(text, root).length > 0) return {is: 'target', isWordToo: false};
  if (/^[a-z?]{2}$/.test(text)) return {is: 'unknown', code: text};
  throw noSuchWord(text);
}

interface Ask {
  /** --word: it is a word, whatever else there is. */
  readonly isWord: boolean;
  /** A region or an address was given with it. */
  readonly hasPlace: boolean;
  readonly root: string;
}

function wordsOrTrouble(text: string): Argument {
  const found = findWords(words(), text);
  if (found.length > 0) return {is: 'words', words: found};
  if (/^[a-z?]{2}$/.test(text)) return {is: 'unknown', code: text};
  throw noSuchWord(text);
}

/** A directory called `data` is not a target; a listing called `maps` is. */
function isRegularOrPipe(path: string): boolean {
  const stat = statSync(path, {throwIfNoEntry: false});
  return stat !== undefined && (stat.isFile() || stat.isFIFO());
}

function noSuchWord(text: string): Trouble {
  const near = nearNames(words(), text);
  const next = near.length > 0 ? `Did you mean: ${near.join(', ')}` : 'memmap explain lists all words.';
  return new Trouble({
    kind: 'usage',
    what: `There is no word "${text}".`,
    why: 'memmap does not know this word, and no process or file has this name.',
    next,
  });
}
