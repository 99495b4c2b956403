import {isCharacter, type Key} from './keyboard.ts';

/** What a key asks for besides something else to be shown. */
export type Wish = 'quit' | 'redraw' | 'stop' | NodeJS.Signals;

/**
 * Keys that do the same on each screen. In raw mode the terminal passes on as bytes what would otherwise be signals.
 *
 * @param isTaken a letter belongs to something else: a text that is typed, or the help
 */
export function wishOfAny(key: Key, isTaken: boolean): Wish | undefined {
  if (key === 'ctrl-c') return 'SIGINT';
  if (key === 'ctrl-\\') return 'SIGQUIT';
  if (key === 'ctrl-z') return 'stop';
  if (key === 'ctrl-l') return 'redraw';
  return key === 'q' && !isTaken ? 'quit' : undefined;
}

/** A filter, and whether it is being typed. */
export interface Typed {
  readonly filter: string;
  readonly isTyping: boolean;
}

/** In characters; no name that one would filter by is longer. */
const LONGEST_FILTER = 200;

/** A filter after a key that was typed. */
export function typed({filter, isTyping}: Typed, key: Key): Typed {
  if (key === 'enter') return {filter, isTyping: false};
  if (key === 'escape') return {filter: '', isTyping: false};
  if (key === 'ctrl-u') return {filter: '', isTyping};
  if (key === 'backspace')
    return filter === '' ? {filter, isTyping: false} : {filter: Array.from(filter).slice(0, -1).join(''), isTyping};
  const isTooLong = filter.length >= LONGEST_FILTER;
  return {filter: isCharacter(key) && !isTooLong ? filter + key : filter, isTyping};
}

/** By how many lines a key moves. @param page lines of a page; @param lines all that there are */
type Step = (page: number, lines: number) => number;

const STEPS: Readonly<Record<Key, Step>> = {
  up: () => -1,
  down: () => 1,
  pageup: (page) => -page,
  pagedown: (page) => page,
  home: (_, lines) => -lines,
  end: (_, lines) => lines,
};

const LETTER_STEPS: Readonly<Record<Key, Step>> = {k: () => -1, j: () => 1};

/** Keys that move by a line: they select. */
export const ARROWS: ReadonlySet<Key> = new Set(['up', 'down', 'k', 'j']);

/** How far a key moves; letters do only where they aren't typed. @returns undefined if it doesn't */
export const stepOf = (key: Key, isTyping: boolean): Step | undefined =>
  STEPS[key] ?? (isTyping ? undefined : LETTER_STEPS[key]);
