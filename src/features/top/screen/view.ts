import {MEASURES} from '../../../model/measures.ts';
import {type Grouping, NAME_KEYS, type NameKey, ROW_KEYS, type RowKey} from '../../../model/host/processes.ts';
import {HELD_KEYS, type HeldKey, keyAmong} from '../../ps/choose.ts';
import type {TopPicture} from '../picture.ts';

/** What rows can be sorted by: besides what `ps` takes, how much resident memory grew since the first sample. */
export type Sort = RowKey | HeldKey | NameKey | 'growth';

export const SORTS: readonly Sort[] = ['growth', ...ROW_KEYS, ...HELD_KEYS, ...NAME_KEYS];

/** The order that a text names. @throws Trouble `usage` */
export const sortOf = (text: string): Sort => keyAmong(text, SORTS);

/** The orders that `s` steps through. */
const STEPS: readonly Sort[] = ['pss', 'growth', 'rss', 'privateDirty', 'regions', 'pid'];

/** The order that comes after one; that of the command line is among them. */
export function nextSort({sort, given, hasHeld}: Pick<View, 'sort' | 'given' | 'hasHeld'>): Sort {
  const orders = [...new Set([...STEPS, ...(hasHeld ? (['held'] as const) : []), given])];
  return orders[(orders.indexOf(sort) + 1) % orders.length]!;
}

/** `most PSS first`. */
export function sortWords(sort: Sort): string {
  if (sort === 'growth') return 'largest growth first';
  if (sort === 'threads') return 'most threads first';
  if (sort === 'held') return 'most held by descriptors first';
  if (sort === 'gpu') return 'most GPU memory first';
  const measure = ROW_KEYS.find((key) => key === sort);
  return measure && measure !== 'threads' ? `most ${MEASURES[measure].words} first` : `by ${sort}`;
}

/** What `t` steps through; undefined: each process has a row. */
const GROUPS: ReadonlyArray<Grouping | undefined> = [undefined, 'name', 'user', 'unit', 'container', 'cgroup'];

export const nextGrouping = (by: Grouping | undefined): Grouping | undefined =>
  GROUPS[(GROUPS.indexOf(by) + 1) % GROUPS.length];

/** What a reader of the screen asked for. It says nothing about the processes, so it fits any picture. */
export interface View {
  readonly sort: Sort;
  /** The order that the command line asked for: `s` comes round to it. */
  readonly given: Sort;
  /** What descriptors hold is asked for. */
  readonly hasHeld: boolean;
  readonly isReversed: boolean;
  /** Only processes with this text in name, title, user, unit, container or cgroup; '': all. */
  readonly filter: string;
  /** The filter is being typed: keys add to it. */
  readonly isTyping: boolean;
  /** What the rows add up by; undefined: they are processes. */
  readonly by: Grouping | undefined;
  /** The group whose processes are shown; Escape goes back to the groups. */
  readonly inside: Inside | undefined;
  /** How many rows of the table are above the first one shown. */
  readonly scroll: number;
  /** The key of the item that is selected; undefined: none is. */
  readonly selected: string | undefined;
  /** The first line of the help that is shown; undefined: help is not shown. */
  readonly help: number | undefined;
  /** The screen is paused; sampling continues. */
  readonly isPaused: boolean;
  /** Why a process could not be opened: shown until the next key. */
  readonly said: string | undefined;
}

interface Inside {
  readonly by: Grouping;
  readonly group: string | undefined;
  /** Where the list of groups was left. */
  readonly key: string;
  readonly scroll: number;
}

/** What the command line asks for. */
export const firstView = (sort: Sort, by: Grouping | undefined, hasHeld = false): View => ({
  sort,
  given: sort,
  hasHeld,
  isReversed: false,
  filter: '',
  isTyping: false,
  by,
  inside: undefined,
  scroll: 0,
  selected: undefined,
  help: undefined,
  isPaused: false,
  said: undefined,
});

/** All that a frame is made from: what is known, and what the reader asked for. */
export interface TopState {
  readonly picture: TopPicture;
  readonly view: View;
  /** Rows with less PSS are left out: bytes. */
  readonly minSize: number;
  /** The share of the time that was spent sampling, as a fraction. */
  readonly duty?: number | undefined;
  /** Samples that came since the screen was paused. */
  readonly since?: number | undefined;
  /** There is a keyboard. */
  readonly hasKeys: boolean;
}
