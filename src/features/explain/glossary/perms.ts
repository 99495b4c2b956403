import {
  isAllowed,
  isPrivate,
  isReadable,
  isShared,
  isWritable,
  isWritableCode,
  type Protected,
} from '../../../model/region.ts';
import type {Word} from './word.ts';

const ACCESS = {read: 'r', written: 'w', executed: 'x'} as const;

/** `r-xp` → "may be read and executed, not written". Unknown permissions (`????`) say so. */
export function mayText(region: Protected): string {
  const access = Object.entries(ACCESS).map(([word, letter]) => [word, isAllowed(region, letter)] as const);
  const having = (wanted: boolean): string[] => access.filter(([, is]) => is === wanted).map(([word]) => word);
  const [allowed, denied] = [having(true), having(false)];
  if (allowed.length + denied.length === 0) return 'permissions unknown: the listing does not say';
  if (allowed.length === 0) return 'may not be touched: any access is a SIGSEGV';
  return `may be ${and(allowed)}${denied.length > 0 ? `, not ${and(denied, 'or')}` : ''}`;
}

/** What the fourth letter says; '' where the source has none. */
export function sharingText(region: Protected): string {
  if (isPrivate(region)) return 'private: a write makes a copy of the page for this process';
  return isShared(region) ? 'shared: a write is seen by all who map it' : '';
}

/** Is it one combination of permissions, with or without the fourth letter? */
export const isPerms = (text: string): boolean => /^[r-][w-][x-][ps-]?$/.test(text);

/** A word that explains one combination of permissions. */
export function permsWord(perms: string): Word {
  const region = {perms};
  return {
    names: [perms],
    group: 'maps',
    unit: 'permissions',
    meaning: `${capital([mayText(region), sharingText(region)].filter(Boolean).join('; '))}. ${usualOf(region)}`,
    traps: trapOf(region),
    source: 'proc_pid_maps(5) or proc(5), mmap(2), mprotect(2)',
    related: ['perms', 'mprotect', ...(isShared(region) ? ['s'] : ['p', 'copy-on-write'])],
  };
}

function usualOf(region: Protected): string {
  const what = region.perms.slice(0, 3);
  if (isShared(region)) return USUAL_SHARED[what] ?? 'An unusual combination.';
  return USUAL[what] ?? 'An unusual combination.';
}

const USUAL: Readonly<Record<string, string>> = {
  'r--': 'Usual for constants, for data that the linker made read only (relro), and for mapped files.',
  'r-x': 'Usual for machine code.',
  'rw-': 'Usual for variables, heap, stacks, and anonymous memory.',
  rwx: 'Unusual: code that was made at run time, or a stack that an object file asked to be executable.',
  '---': 'Usual for guards and for reserved addresses.',
  '--x': 'Usual for [vsyscall] only.',
};

const USUAL_SHARED: Readonly<Record<string, string>> = {
  'rw-': 'Usual for shared memory, and for files that are changed through memory.',
  'r--': 'Usual for caches and data files that many read.',
};

function trapOf(region: Protected): string | undefined {
  if (isWritableCode(region)) return 'Whoever can write here can run any code: attackers look for such regions.';
  if (isShared(region)) return 's says what was asked for, not whether others map it now.';
  if (isReadable(region) && isWritable(region))
    return "Until it is written to, a page of a private file mapping is still the file's.";
  return undefined;
}

function and(words: readonly string[], link = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${link} ${words.at(-1)}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
