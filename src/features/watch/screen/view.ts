import type {SortKey} from '../../../model/choose.ts';
import {MEASURES} from '../../../model/measures.ts';
import type {Region} from '../../../model/region.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import type {Picture} from './picture.ts';

/** What a reader of the live screen asked for. It says nothing about the process, so it fits any picture of one. */
export interface View {
  readonly sort: Sort;
  /** The order that the command line asked for: `s` comes round to it. */
  readonly given: Sort;
  readonly isReversed: boolean;
  /** Only regions whose name, kind, label or permissions contain this text, or that contain this address; '': all. */
  readonly filter: string;
  /** The filter is being typed: keys add to it. */
  readonly isTyping: boolean;
  /** How many lines of the table are above the first one shown. */
  readonly scroll: number;
  /** An address in the region that is selected, wherever it is in the table; undefined: none is. */
  readonly selected: number | undefined;
  /** The first line shown of what explain says about that region; undefined: the table is shown. */
  readonly page: number | undefined;
  /** The totals by kind are shown in place of the regions. */
  readonly isByKind: boolean;
  /** The first line of the help that is shown; undefined: help is not shown. */
  readonly help: number | undefined;
  /** The screen is paused; the watch continues. */
  readonly isPaused: boolean;
}

/** The orders that `s` steps through, in this order, as the caption words them. */
export const SORTS = {
  changed: 'latest changes first, then largest',
  rss: `most ${MEASURES.rss.words} first`,
  size: 'largest first',
  growth: 'largest growth first',
  address: 'in order of address',
} as const;

/** Besides these, what --sort takes. */
export type Sort = keyof typeof SORTS | SortKey;

const isOfScreen = (sort: Sort): sort is keyof typeof SORTS => Object.hasOwn(SORTS, sort);

/** `most private dirty first`. */
export function sortWords(sort: Sort): string {
  if (isOfScreen(sort)) return SORTS[sort];
  return sort === 'name' || sort === 'kind' ? `by ${sort}` : `most ${MEASURES[sort].words} first`;
}

/** The order that comes after one. */
export function nextSort({sort, given}: Pick<View, 'sort' | 'given'>): Sort {
  const orders = [...new Set([...(Object.keys(SORTS) as Sort[]), given])];
  return orders[(orders.indexOf(sort) + 1) % orders.length]!;
}

export const FIRST_VIEW: View = {
  sort: 'changed',
  given: 'changed',
  isReversed: false,
  filter: '',
  isTyping: false,
  scroll: 0,
  selected: undefined,
  page: undefined,
  isByKind: false,
  help: undefined,
  isPaused: false,
};

/** What explain says of a region, in lines of at most `width` columns, which is 20 or more. */
export type Explain = (snapshot: Snapshot, region: Region, width: number) => readonly string[];

/** All that a frame of the live screen is made from: what is known, and what the reader asked for. */
export interface FrameState {
  readonly picture: Picture;
  readonly view: View;
  /** ms between two samples. */
  readonly interval: number;
  /** The share of the time that was spent sampling, as a fraction. */
  readonly duty?: number | undefined;
  /** What came since the screen was paused. */
  readonly since?: {readonly looks: number; readonly changes: number; readonly isOver: boolean} | undefined;
  /** Present if a recording is shown. */
  readonly replay?: ReplayState | undefined;
  /** Says what a region is; undefined where that can't be asked. */
  readonly explain?: Explain | undefined;
  /** There is another screen that Escape goes back to. */
  readonly hasWayBack?: boolean | undefined;
  /** There is a keyboard. */
  readonly hasKeys: boolean;
}

/** Where in a recording the reader is. */
export interface ReplayState {
  readonly isPlaying: boolean;
  /** How many times as fast as recorded. */
  readonly speed: number;
  /** The moment that is shown, and the number of the last one. */
  readonly index: number;
  readonly last: number;
  /** Names of the marks of this moment. */
  readonly marks: readonly string[];
  /** The moment to go to, while it is typed. */
  readonly typed: string | undefined;
  /** Why the moment typed before can't be shown. */
  readonly fault: string | undefined;
}
