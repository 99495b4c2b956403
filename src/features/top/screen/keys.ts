import {ARROWS, stepOf, typed, type Wish, wishOfAny} from '../../../terminal/controls.ts';
import type {Key} from '../../../terminal/keyboard.ts';
import type {Item} from '../picture.ts';
import {firstShown, placeOf} from './rows.ts';
import {nextGrouping, nextSort, type View} from './view.ts';

/** What there is to scroll through, and how much of it is shown at once. */
export interface Extent {
  readonly items: readonly Item[];
  /** Rows of the table. */
  readonly page: number;
  /** Lines of the help, and how many are shown. */
  readonly help: {readonly lines: number; readonly page: number};
}

/** What a key asks for besides a different view: a process to be opened, too. */
export function wishOf(view: View, key: Key, {items}: Extent): Wish | {readonly open: Item} | undefined {
  const isTaken = view.isTyping || view.help !== undefined;
  const place = placeOf(items, view);
  if (key === 'enter' && !isTaken && place !== undefined && !('members' in items[place]!.row))
    return {open: items[place]!};
  return wishOfAny(key, isTaken);
}

/** The view after a key. @param extent of what is shown now */
export function press(before: View, key: Key, extent: Extent): View {
  const view = before.said === undefined ? before : {...before, said: undefined};
  if (wishOf(view, key, extent)) return view;
  if (view.help !== undefined) return inHelp(view, key, extent.help);
  const moved = move(view, key, extent);
  if (moved) return moved;
  if (view.isTyping) {
    const next = typed(view, key);
    return {...view, ...next, scroll: next.filter === view.filter ? view.scroll : 0};
  }
  if (key === 'enter') return enter(view, extent);
  return COMMANDS[key]?.(view) ?? view;
}

const paused = (view: View): View => ({...view, isPaused: !view.isPaused});
const helped = (view: View): View => ({...view, help: 0});

const COMMANDS: Readonly<Record<Key, (view: View) => View>> = {
  ' ': paused,
  p: paused,
  '?': helped,
  h: helped,
  s: (view) => ({...view, sort: nextSort(view), scroll: 0}),
  r: (view) => ({...view, isReversed: !view.isReversed, scroll: 0}),
  t: (view) => ({...view, by: nextGrouping(view.by), inside: undefined, selected: undefined, scroll: 0}),
  '/': (view) => ({...view, isTyping: true}),
  escape: back,
};

/** Escape undoes one thing: the filter and the selection, then the group that was entered. */
function back(view: View): View {
  const {inside} = view;
  if (view.filter !== '' || (view.selected !== undefined && !inside))
    return {...view, filter: '', selected: undefined, scroll: 0};
  return inside ? {...view, inside: undefined, by: inside.by, selected: inside.key, scroll: inside.scroll} : view;
}

/** Enter shows the processes of a group; where nothing is selected, it selects the first row. */
function enter(view: View, {items, page}: Extent): View {
  const place = placeOf(items, view);
  if (place === undefined) return {...view, selected: items[firstShown(items, view, page)]?.key};
  const {row, key} = items[place]!;
  if (!('members' in row) || view.by === undefined) return view;
  const inside = {by: view.by, group: row.group, key, scroll: view.scroll};
  return {...view, inside, by: undefined, filter: '', selected: undefined, scroll: 0};
}

/** @returns the view with another row selected, or scrolled; undefined if the key doesn't do that */
function move(view: View, key: Key, {items, page}: Extent): View | undefined {
  const step = stepOf(key, view.isTyping);
  if (!step) return undefined;
  const from = firstShown(items, view, page);
  const by = step(Math.max(1, page - 1), items.length);
  const selected = placeOf(items, view);
  // Without a selection, pages are turned and the ends are gone to by scrolling.
  if (selected === undefined && !ARROWS.has(key)) {
    const most = Math.max(0, items.length - page);
    return {...view, scroll: Math.max(0, Math.min(most, from + by))};
  }
  const place = Math.max(0, Math.min(items.length - 1, selected === undefined ? from : selected + by));
  const scroll = Math.max(0, place - page + 1, Math.min(from, place));
  return {...view, selected: items[place]?.key, scroll};
}

function inHelp(view: View, key: Key, {lines, page}: Extent['help']): View {
  const step = stepOf(key, false);
  if (!step) return {...view, help: undefined};
  const most = Math.max(0, lines - page);
  const from = Math.min(view.help ?? 0, most);
  return {...view, help: Math.max(0, Math.min(most, from + step(Math.max(1, page - 1), lines)))};
}
