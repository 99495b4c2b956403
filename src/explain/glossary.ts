import {isPerms, permsWord} from './perms.ts';
import type {Word} from './word.ts';
import {CHANGE_WORDS} from './words-changes.ts';
import {FILE_WORDS} from './words-files.ts';
import {FLAG_WORDS} from './words-flags.ts';
import {IDENTITY_WORDS} from './words-identity.ts';
import {KIND_WORDS} from './words-kinds.ts';
import {LIMIT_WORDS} from './words-limits.ts';
import {MAPS_WORDS} from './words-maps.ts';
import {MEMORY_WORDS} from './words-memory.ts';
import {NAME_WORDS} from './words-names.ts';
import {PAGE_WORDS} from './words-pages.ts';
import {PAGEMAP_WORDS} from './words-pagemap.ts';
import {PROGRAM_WORDS} from './words-programs.ts';
import {RESIDENT_WORDS} from './words-resident.ts';
import {STAT_WORDS} from './words-stat.ts';
import {STATUS_MEMORY_WORDS} from './words-status.ts';

/** All words that memmap can explain without looking at anything. */
export const WORDS: readonly Word[] = [
  ...MEMORY_WORDS, ...PROGRAM_WORDS, ...KIND_WORDS, ...CHANGE_WORDS, ...NAME_WORDS, ...MAPS_WORDS, ...RESIDENT_WORDS,
  ...PAGE_WORDS, ...FLAG_WORDS, ...STATUS_MEMORY_WORDS, ...IDENTITY_WORDS, ...STAT_WORDS, ...PAGEMAP_WORDS,
  ...LIMIT_WORDS, ...FILE_WORDS,
]; // prettier-ignore

/**
 * The words that a text may stand for: `Private_Dirty`, `privateDirty` and `private dirty` are one; `text` is a kind and a
 * field of statm, and both come. What is spelled exactly so comes first.
 *
 * @returns an empty list for a text that is no word
 */
export function lookUp(text: string): Word[] {
  if (isPerms(text)) return [permsWord(text)];
  const wanted = plain(text);
  if (wanted === '') return [];
  const found = WORDS.filter(({names}) => names.some((name) => plain(name) === wanted));
  const exact = (word: Word): number => (word.names.includes(text) ? 0 : 1);
  if (found.length > 0) return found.sort((a, b) => exact(a) - exact(b));
  return WORDS.filter(({names}) => names.some((name) => isFormOf(text, name)));
}

/** Spelling that doesn't matter: capitals, and what stands between the parts of a word. */
const plain = (text: string): string =>
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
