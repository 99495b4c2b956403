import {constants} from 'node:os';
import type {TroubleKind} from '../model/trouble.ts';

/** memmap's exit codes. Scripts rely on them. */
export const EXIT = {
  done: 0,
  /** The answer is "no": there are changes, or an observation did not match its prediction. */
  no: 1,
  usage: 2,
  gone: 3,
  denied: 4,
  incomplete: 5,
  input: 6,
  output: 7,
  deadline: 8,
  bug: 70,
} as const;

export const exitOf = (kind: TroubleKind): number => EXIT[kind];

/** Ended by a signal, as shells count it: 130 for Ctrl-C. */
export const exitOfSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
