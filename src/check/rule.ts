import type {Kind} from '../model/kind.ts';
import type {Lint} from './lints.ts';

/** What an amount is of: the whole process, or all regions of a kind. */
export interface Subject {
  readonly of: 'total' | Kind;
  /** `size`, a smaps counter such as `rss`, or a number of things: `regions`, `threads`. */
  readonly counter: string;
}

/** What must hold for a process's memory. Rules name kinds and totals, which are the same wherever memory was placed. */
export type Rule =
  /** An amount never exceeds a limit, in bytes or in things. */
  | {readonly is: 'max'; readonly text: string; readonly subject: Subject; readonly limit: number}
  /** No region is so. */
  | {readonly is: 'no'; readonly text: string; readonly lint: Lint}
  /** An amount doesn't grow steadily. */
  | {readonly is: 'no-growth'; readonly text: string; readonly of: 'total' | Kind};

/** The totals that a rule may name; `threads` only of the whole. */
export const COUNTERS = ['size', 'rss', 'pss', 'privateDirty', 'privateClean', 'sharedClean', 'sharedDirty', 'anonymous', 'swap', 'locked', 'regions', 'threads'] as const; // prettier-ignore

/** Numbers of things, not of bytes. */
export const isCount = (counter: string): boolean => counter === 'regions' || counter === 'threads';
