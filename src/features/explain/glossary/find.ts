import {findMeasure} from '../../../model/measures.ts';
import {distance} from '../../../text/nearest.ts';
import {isPerms, permsWord} from './perms.ts';
import type {Word} from './word.ts';

/**
 * The words that a text may stand for: `Private_Dirty`, `privateDirty` and `private dirty` are one; `text` is a kind
 * and a field of statm, and both are found. An exact spelling comes first. Another name of a measure stands for its
 * counters.
 *
 * @returns an empty list for a text that is not a word
 */
export function findWords(words: readonly Word[], text: string): Word[] {
  if (isPerms(text)) return [permsWord(text)];
  const wanted = plain(text);
  if (wanted === '') return [];
  const found = words.filter(({names}) => names.some((name) => plain(name) === wanted));
  const exact = (word: Word): number => (word.names.includes(text) ? 0 : 1);
  if (found.length > 0) return found.sort((a, b) => exact(a) - exact(b));
  const forms = words.filter(({names}) => names.some((name) => isFormOf(text, name)));
  if (forms.length > 0) return forms;
  const fields = findMeasure(text)?.fields ?? [];
  return words.filter(({names}) => fields.some((field) => names.includes(field)));
}

/** A word without what doesn't matter in its spelling: capitals, and what is between its parts. */
export const plain = (text: string): string =>
  text
    .toLowerCase()
    .replace(/(?<=\w)[\s_-]+(?=\w)/g, '')
    .trim();

/** `[anon:libc_malloc]` is a form of `[anon:…]`, and `/tmp/x (deleted)` of `(deleted)`. */
function isFormOf(text: string, name: string): boolean {
  if (name === '(deleted)') return text.endsWith(' (deleted)');
  const [before, after] = name.split('…');
  if (after !== undefined)
    return (
      text.length > name.length - 1 && text.startsWith(before!) && text.replace(/ \(deleted\)$/, '').endsWith(after)
    );
  return name.startsWith('/') && text === `${name} (deleted)`;
}

/** Up to five names that are spelled nearly like the text, or that contain it. */
export function nearNames(words: readonly Word[], text: string): string[] {
  const small = text.toLowerCase();
  const most = Math.max(1, Math.floor(small.length / 3));
  const scored = words
    .flatMap(({names}) => names)
    .map((name) => {
      const other = name.toLowerCase();
      const isPart = small.length >= 3 && other.includes(small);
      return {name, score: isPart ? 0.5 : distance(small, other)};
    });
  const near = scored.filter(({score}) => score <= most).sort((a, b) => a.score - b.score);
  return [...new Set(near.map(({name}) => name))].slice(0, 5);
}
