import {findMeasure} from '../../model/measures.ts';
import type {Word} from './word.ts';
import {CHANGE_WORDS} from './words/changes.ts';
import {FILE_WORDS} from './words/files.ts';
import {FLAG_WORDS} from './words/flags.ts';
import {IDENTITY_WORDS} from './words/identity.ts';
import {KIND_WORDS} from './words/kinds.ts';
import {LIMIT_WORDS} from './words/limits.ts';
import {MAPS_WORDS} from './words/maps.ts';
import {MEMORY_WORDS} from './words/memory.ts';
import {NAME_WORDS} from './words/names.ts';
import {PAGE_WORDS} from './words/pages.ts';
import {PAGEMAP_WORDS} from './words/pagemap.ts';
import {PROGRAM_WORDS} from './words/programs.ts';
import {RESIDENT_WORDS} from './words/resident.ts';
import {STAT_WORDS} from './words/stat.ts';
import {STATUS_MEMORY_WORDS} from './words/status.ts';

/** All words that memmap can explain without looking at anything. */
export const WORDS: readonly Word[] = [
  ...MEMORY_WORDS,
  ...PROGRAM_WORDS,
  ...KIND_WORDS,
  ...CHANGE_WORDS,
  ...NAME_WORDS,
  ...MAPS_WORDS,
  ...RESIDENT_WORDS,
  ...PAGE_WORDS,
  ...FLAG_WORDS,
  ...STATUS_MEMORY_WORDS,
  ...IDENTITY_WORDS,
  ...STAT_WORDS,
  ...PAGEMAP_WORDS,
  ...LIMIT_WORDS,
  ...FILE_WORDS,
];

/**
 * The words that a text may stand for: `Private_Dirty`, `privateDirty` and `private dirty` are one; `text` is a kind and a
 * field of statm, and both come. What is spelled exactly so comes first. Another name of a measure stands for its
 * counters.
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
  const forms = WORDS.filter(({names}) => names.some((name) => isFormOf(text, name)));
  if (forms.length > 0) return forms;
  const fields = findMeasure(text)?.fields ?? [];
  return WORDS.filter(({names}) => fields.some((field) => names.includes(field)));
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

const LETTERS = ['read', 'written', 'executed'] as const;

/** `r-xp` → "may be read and executed, not written". Unknown permissions (`????`) say so. */
export function mayText(perms: string): string {
  if (perms.startsWith('???')) return 'permissions unknown: the listing does not say';
  const allowed = LETTERS.filter((_, index) => perms[index] !== '-' && perms[index] !== '?');
  const denied = LETTERS.filter((_, index) => perms[index] === '-');
  if (allowed.length === 0) return 'may not be touched: any access is a SIGSEGV';
  return `may be ${and(allowed)}${denied.length > 0 ? `, not ${and(denied, 'or')}` : ''}`;
}

/** What the fourth letter says; '' where the source has none. */
export function sharingText(perms: string): string {
  if (perms[3] === 'p') return 'private: a write makes a copy of the page for this process';
  return perms[3] === 's' ? 'shared: a write is seen by all who map it' : '';
}

const isPerms = (text: string): boolean => /^[r-][w-][x-][ps-]?$/.test(text);

/** A word for one combination of permissions. */
function permsWord(perms: string): Word {
  return {
    names: [perms],
    group: 'maps',
    unit: 'permissions',
    meaning: `${capital([mayText(perms), sharingText(perms)].filter(Boolean).join('; '))}. ${usualOf(perms)}`,
    traps: trapOf(perms),
    source: 'proc_pid_maps(5), mmap(2), mprotect(2)',
    related: ['perms', 'mprotect', ...(perms[3] === 's' ? ['s'] : ['p', 'copy-on-write'])],
  };
}

function usualOf(perms: string): string {
  const what = perms.slice(0, 3);
  if (perms[3] === 's') return USUAL_SHARED[what] ?? 'An unusual combination.';
  return USUAL[what] ?? 'An unusual combination.';
}

const USUAL: Readonly<Record<string, string>> = {
  'r--': 'Usual for constants, for data that the linker made read only (relro), and for mapped files.',
  'r-x': 'Usual for machine code.',
  'rw-': 'Usual for variables, heap, stacks, and anonymous memory.',
  rwx: 'Unusual: code that was made at run time, or a stack that some object file asked to be executable.',
  '---': 'Usual for guards and for reserved addresses.',
  '--x': 'Usual for [vsyscall] only.',
};

const USUAL_SHARED: Readonly<Record<string, string>> = {
  'rw-': 'Usual for shared memory, and for files that are changed through memory.',
  'r--': 'Usual for caches and data files that many read.',
};

function trapOf(perms: string): string | undefined {
  if (perms[1] === 'w' && perms[2] === 'x')
    return 'Who can write here can run anything: attackers look for such regions.';
  if (perms[3] === 's') return 's says what was asked for, not whether others map it now.';
  if (perms.startsWith('rw')) return "Until it is written to, a page of a private file mapping is still the file's.";
  return undefined;
}

function and(words: readonly string[], link = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${link} ${words.at(-1)}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
