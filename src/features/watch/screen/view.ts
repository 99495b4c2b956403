import {MEASURES} from '../../../model/measures.ts';
import type {Picture} from './picture.ts';

/** What a reader of the live screen asked for. It says nothing about the process, so it fits any picture of one. */
export interface View {
  readonly sort: Sort;
  readonly isReversed: boolean;
  /** Only regions whose name, kind, label or permissions contain this text, or that contain this address; '': all. */
  readonly filter: string;
  /** The filter is being typed: keys add to it. */
  readonly isTyping: boolean;
  /** How many regions are above the first one shown. */
  readonly scroll: number;
  /** The first line of the help that is shown; undefined: help is not shown. */
  readonly help: number | undefined;
  /** The screen is paused; the watch continues. */
  readonly isPaused: boolean;
}

/** The orders in which regions can be shown, as the caption words them. `s` steps through them in this order. */
export const SORTS = {
  changed: 'most recently changed first',
  rss: `most ${MEASURES.rss.words} first`,
  size: 'largest first',
  growth: 'largest growth first',
  address: 'in order of address',
} as const;

export type Sort = keyof typeof SORTS;

export const FIRST_VIEW: View = {
  sort: 'changed',
  isReversed: false,
  filter: '',
  isTyping: false,
  scroll: 0,
  help: undefined,
  isPaused: false,
};

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
