import {nextSort, type View} from './view.ts';
import {ARROWS, stepOf, typed, type Wish, wishOfAny} from '../../../terminal/controls.ts';
import type {Key} from '../../../terminal/keyboard.ts';

/** How far one can scroll: how many lines there are, and how many of them are shown at once. */
export interface Extent {
  readonly lines: number;
  readonly page: number;
  /** Present where the lines are regions, one of which may be selected. */
  readonly regions?: Selectable | undefined;
}

export interface Selectable {
  /** The place of the first one that is shown, and of the one that is selected, if it is there. */
  readonly top: number;
  readonly selected: number | undefined;
  /** Where the region at a place starts. */
  readonly startAt: (place: number) => number | undefined;
  /** Can it be explained? */
  readonly hasPages: boolean;
}

/** What a key asks for besides a different view. */
export const wishOf = ({isTyping, help}: View, key: Key): Wish | undefined =>
  wishOfAny(key, isTyping || help !== undefined);

/**
 * The view after a key.
 *
 * @param extent of what is shown now
 */
export function press(view: View, key: Key, extent: Extent): View {
  if (wishOf(view, key)) return view;
  const moved = select(view, key, extent) ?? scrolled(view, key, extent);
  if (moved) return moved;
  if (view.help !== undefined) return {...view, help: undefined};
  if (view.isTyping) return type(view, key);
  if (view.page !== undefined) return (PAGE_COMMANDS[key] ?? COMMANDS_BESIDE[key])?.(view) ?? view;
  if (key === 'enter') return open(view, extent);
  return (COMMANDS[key] ?? COMMANDS_BESIDE[key])?.(view) ?? view;
}

const paused = (view: View): View => ({...view, isPaused: !view.isPaused});

/** Keys that do the same wherever they are pressed. */
const COMMANDS_BESIDE: Readonly<Record<Key, (view: View) => View>> = {
  ' ': paused,
  p: paused,
  '?': (view) => ({...view, help: 0}),
  h: (view) => ({...view, help: 0}),
};

const closed = (view: View): View => ({...view, page: undefined});

/** Keys while the explanation of a region is shown. */
const PAGE_COMMANDS: Readonly<Record<Key, (view: View) => View>> = {escape: closed, enter: closed};

const COMMANDS: Readonly<Record<Key, (view: View) => View>> = {
  s: (view) => ({...view, sort: nextSort(view), scroll: 0}),
  r: (view) => ({...view, isReversed: !view.isReversed, scroll: 0}),
  t: (view) => ({...view, isByKind: !view.isByKind, selected: undefined, scroll: 0}),
  '/': (view) => ({...view, isTyping: true}),
  escape: (view) => ({...view, filter: '', selected: undefined, scroll: 0}),
};

/** Enter explains the region that is selected, and selects the first one where none is. */
function open(view: View, {regions}: Extent): View {
  if (!regions) return view;
  if (regions.selected === undefined) return {...view, selected: regions.startAt(regions.top)};
  return regions.hasPages ? {...view, page: 0} : view;
}

/** @returns the view with another region selected; undefined if the key doesn't do that here */
function select(view: View, key: Key, {lines, page, regions}: Extent): View | undefined {
  const step = regions && stepOf(key, view.isTyping);
  if (!step) return undefined;
  const {top, selected} = regions;
  // Without a selection, pages are turned and the ends are gone to by scrolling.
  if (selected === undefined && !ARROWS.has(key)) return undefined;
  const to = selected === undefined ? top : selected + step(Math.max(1, page - 1), lines);
  const place = Math.max(0, Math.min(lines - 1, to));
  const scroll = Math.max(0, place - page + 1, Math.min(top, place));
  return {...view, selected: regions.startAt(place), scroll};
}

/** A filter works while it is typed. */
function type(view: View, key: Key): View {
  const next = typed(view, key);
  return {...view, ...next, scroll: next.filter === view.filter ? view.scroll : 0};
}

/** @returns the view from another first line on; undefined if the key doesn't scroll */
function scrolled(view: View, key: Key, {lines, page}: Extent): View | undefined {
  const step = stepOf(key, view.isTyping);
  if (!step) return undefined;
  const most = Math.max(0, lines - page);
  const part = view.help !== undefined ? 'help' : view.page !== undefined ? 'page' : 'scroll';
  // There may be fewer lines now than when it was set.
  const from = Math.min(view[part] ?? 0, most);
  return {...view, [part]: Math.max(0, Math.min(most, from + step(Math.max(1, page - 1), lines)))};
}
