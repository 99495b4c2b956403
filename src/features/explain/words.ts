import {statSync} from 'node:fs';
import {lookUp, WORDS} from './glossary.ts';
import {GROUPS, type Group, type Word} from './word.ts';
import {Trouble} from '../../model/trouble.ts';
import {findByName} from '../../procfs/find.ts';
import {distance} from '../../text/nearest.ts';

/** What the first argument of `explain` stands for. */
export type Meaning =
  | {readonly is: 'words'; readonly words: readonly Word[]}
  | {readonly is: 'unknown'; readonly code: string}
  | {readonly is: 'target'; readonly isWordToo: boolean};

/**
 * Is it a word or something to look at? PIDs, `-` and files are looked at; then words of the glossary; then processes by
 * their name. With a second argument it is always something to look at.
 *
 * @throws Trouble (`usage`) for what is none of these, with words that are near
 */
export function meaningOf(text: string, {isWord, hasPlace, root}: Ask): Meaning {
  if (isWord) return wordsOrTrouble(text);
  if (hasPlace || text === '-' || /^[+-]?\p{Nd}+$/u.test(text)) return {is: 'target', isWordToo: false};
  const words = lookUp(text);
  if (isPlainFile(text)) return {is: 'target', isWordToo: words.length > 0};
  if (words.length > 0) return {is: 'words', words};
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

function wordsOrTrouble(text: string): Meaning {
  const words = lookUp(text);
  if (words.length > 0) return {is: 'words', words};
  if (/^[a-z?]{2}$/.test(text)) return {is: 'unknown', code: text};
  throw noSuchWord(text);
}

/** A folder called `data` is nothing to explain; a listing called `maps` is. */
function isPlainFile(path: string): boolean {
  const stat = statSync(path, {throwIfNoEntry: false});
  return stat !== undefined && (stat.isFile() || stat.isFIFO());
}

function noSuchWord(text: string): Trouble {
  const near = nearWords(text);
  const next = near.length > 0 ? `Did you mean: ${near.join(', ')}` : 'memmap explain lists all words.';
  return new Trouble({
    kind: 'usage',
    what: `There is no word "${text}".`,
    why: 'it is no word that memmap knows, and no process or file has this name.',
    next,
  });
}

/** Up to five names that are spelled nearly so, or that it is a part of. */
function nearWords(text: string): string[] {
  const small = text.toLowerCase();
  const most = Math.max(1, Math.floor(small.length / 3));
  const scored = WORDS.flatMap(({names}) => names).map((name) => {
    const other = name.toLowerCase();
    const isPart = small.length >= 3 && other.includes(small);
    return {name, score: isPart ? 0.5 : distance(small, other)};
  });
  const near = scored.filter(({score}) => score <= most).sort((a, b) => a.score - b.score);
  return [...new Set(near.map(({name}) => name))].slice(0, 5);
}

export const wordsJSON = (asked: string, words: readonly Word[]): object => ({
  schema: 'memmap.explain/1',
  about: 'word',
  asked,
  known: words.length > 0,
  words: words.map(({names, group, unit, meaning, traps, since, source, related}) => ({
    names,
    group,
    unit,
    meaning,
    traps: traps ?? null,
    since: since ?? null,
    source,
    related: related ?? [],
  })),
});

export const wordListJSON = (): object => ({
  schema: 'memmap.explain/1',
  about: 'words',
  groups: (Object.keys(GROUPS) as Group[]).map((group) => ({
    group,
    title: GROUPS[group],
    words: WORDS.filter((word) => word.group === group).map(({names}) => names[0]),
  })),
});
