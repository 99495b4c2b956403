import type {Word} from './word.ts';

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

/** Is it one combination of permissions, with or without the fourth letter? */
export const isPerms = (text: string): boolean => /^[r-][w-][x-][ps-]?$/.test(text);

/** A word for one combination of permissions. */
export function permsWord(perms: string): Word {
  return {
    names: [perms],
    group: 'maps',
    unit: 'permissions',
    meaning: `${capital([mayText(perms), sharingText(perms)].filter(Boolean).join('; '))}. ${usualOf(perms)}`,
    traps: trapOf(perms),
    source: 'proc_pid_maps(5) or proc(5), mmap(2), mprotect(2)',
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
  rwx: 'Unusual: code that was made at run time, or a stack that an object file asked to be executable.',
  '---': 'Usual for guards and for reserved addresses.',
  '--x': 'Usual for [vsyscall] only.',
};

const USUAL_SHARED: Readonly<Record<string, string>> = {
  'rw-': 'Usual for shared memory, and for files that are changed through memory.',
  'r--': 'Usual for caches and data files that many read.',
};

function trapOf(perms: string): string | undefined {
  if (perms[1] === 'w' && perms[2] === 'x')
    return 'Whoever can write here can run any code: attackers look for such regions.';
  if (perms[3] === 's') return 's says what was asked for, not whether others map it now.';
  if (perms.startsWith('rw')) return "Until it is written to, a page of a private file mapping is still the file's.";
  return undefined;
}

function and(words: readonly string[], link = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${link} ${words.at(-1)}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
