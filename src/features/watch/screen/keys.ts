import {SORTS, type Sort, type View} from './view.ts';
import {isCharacter, type Key} from '../../../terminal/keyboard.ts';

/** What a key asks for besides a different view. */
type Wish = 'quit' | 'redraw' | 'stop' | NodeJS.Signals;

/** How far one can scroll: how many lines there are, and how many of them are shown at once. */
interface Extent {
  readonly lines: number;
  readonly page: number;
}

/** In raw mode the terminal passes on as bytes what would otherwise be signals. */
export function wishOf(view: View, key: Key): Wish | undefined {
  if (key === 'ctrl-c') return 'SIGINT';
  if (key === 'ctrl-\\') return 'SIGQUIT';
  if (key === 'ctrl-z') return 'stop';
  if (key === 'ctrl-l') return 'redraw';
  return key === 'q' && !view.isTyping && view.help === undefined ? 'quit' : undefined;
}

/**
 * The view after a key.
 *
 * @param extent of what is shown now
 */
export function press(view: View, key: Key, extent: Extent): View {
  if (wishOf(view, key)) return view;
  const scrolled = scroll(view.help ?? view.scroll, key, extent, !view.isTyping);
  if (scrolled !== undefined) return view.help === undefined ? {...view, scroll: scrolled} : {...view, help: scrolled};
  if (view.help !== undefined) return {...view, help: undefined};
  return view.isTyping ? type(view, key) : (COMMANDS[key]?.(view) ?? view);
}

const COMMANDS: Readonly<Record<Key, (view: View) => View>> = {
  ' ': (view) => ({...view, isPaused: !view.isPaused}),
  p: (view) => ({...view, isPaused: !view.isPaused}),
  s: (view) => ({...view, sort: nextSort(view.sort), scroll: 0}),
  r: (view) => ({...view, isReversed: !view.isReversed, scroll: 0}),
  '/': (view) => ({...view, isTyping: true}),
  escape: (view) => ({...view, filter: '', scroll: 0}),
  '?': (view) => ({...view, help: 0}),
  h: (view) => ({...view, help: 0}),
};

const ORDER = Object.keys(SORTS) as readonly Sort[];

const nextSort = (sort: Sort): Sort => ORDER[(ORDER.indexOf(sort) + 1) % ORDER.length]!;

/** A filter works while it is typed. */
function type(view: View, key: Key): View {
  const {filter} = view;
  if (key === 'enter') return {...view, isTyping: false};
  if (key === 'escape') return {...view, isTyping: false, filter: '', scroll: 0};
  if (key === 'ctrl-u') return {...view, filter: '', scroll: 0};
  if (key === 'backspace') {
    return filter === ''
      ? {...view, isTyping: false}
      : {...view, filter: Array.from(filter).slice(0, -1).join(''), scroll: 0};
  }
  const isTooLong = filter.length >= LONGEST_FILTER;
  return isCharacter(key) && !isTooLong ? {...view, filter: filter + key, scroll: 0} : view;
}

/** In characters; no name that one would filter by is longer. */
const LONGEST_FILTER = 200;

/** @returns the first line that is then shown; undefined if the key doesn't scroll */
function scroll(from: number, key: Key, {lines, page}: Extent, hasLetters: boolean): number | undefined {
  const most = Math.max(0, lines - page);
  const step = STEPS[key] ?? (hasLetters ? LETTER_STEPS[key] : undefined);
  if (step === undefined) return undefined;
  // There may be fewer lines now than when `from` was set.
  return Math.max(0, Math.min(most, Math.min(from, most) + step(Math.max(1, page - 1), lines)));
}

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
