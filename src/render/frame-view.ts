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
  resident: 'most resident first',
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
