import {MEASURES} from '../../../model/measures.ts';
import type {Picture} from './picture.ts';

/** What a reader of the live screen asked for. It says nothing about the process, so it goes with any picture of one. */
export interface View {
  readonly sort: Sort;
  readonly isReversed: boolean;
  /** Only regions whose name, kind, label or permissions have this text, or in which this address lies; '' for all. */
  readonly filter: string;
  /** The filter is being typed: keys are its letters. */
  readonly isTyping: boolean;
  /** How many regions are above the first that is shown. */
  readonly scroll: number;
  /** The first line of the help that is shown; undefined: no help. */
  readonly help: number | undefined;
  /** The screen stands still; the watch goes on. */
  readonly isPaused: boolean;
}

/** In which order regions are shown, and how that is said. `s` goes through them in this order. */
export const SORTS = {
  changed: 'what changed last first',
  rss: `most ${MEASURES.rss.words} first`,
  size: 'largest first',
  growth: 'what grew most first',
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

/** All that a frame of the live screen is made of: what is known, and what the reader asked for. */
export interface FrameState {
  readonly picture: Picture;
  readonly view: View;
  /** ms between two looks. */
  readonly interval: number;
  /** The part of the time that was spent looking. */
  readonly duty?: number | undefined;
  /** What came since the screen was paused. */
  readonly since?: {readonly looks: number; readonly changes: number; readonly isOver: boolean} | undefined;
  /** It is a recording that is shown. */
  readonly replay?: ReplayState | undefined;
  /** There is a keyboard. */
  readonly hasKeys: boolean;
}

/** Where in a recording the reader is. */
export interface ReplayState {
  readonly isPlaying: boolean;
  /** How many times as fast as it was. */
  readonly speed: number;
  /** The moment that is shown, and the number of the last one. */
  readonly index: number;
  readonly last: number;
  /** Names of the marks of this moment. */
  readonly marks: readonly string[];
  /** The moment to go to, while it is typed. */
  readonly typed: string | undefined;
  /** Why the one typed before can't be gone to. */
  readonly fault: string | undefined;
}
