import {glossary} from './glossary.ts';
import type {Word} from './word.ts';

/** `memmap.explain/1` on a word: all words with this spelling; none for an unknown code. */
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

/** `memmap.explain/1` on all words: their first names, by group. */
export const wordListJSON = (): object => ({
  schema: 'memmap.explain/1',
  about: 'words',
  groups: glossary().map(({group, all, words}) => ({
    group,
    title: all,
    words: words.map(({names}) => names[0]),
  })),
});
