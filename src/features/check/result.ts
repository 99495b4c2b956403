import type {Slope} from '../../history/trend.ts';
import type {KinPeaks} from '../../model/kin/peaks.ts';
import type {ProcessEnd} from '../watch/events.ts';
import type {Rule} from './rules.ts';

/** What became of a rule. What could not be measured is not `ok`. */
export interface Result {
  readonly rule: Rule;
  readonly verdict: 'ok' | 'broken' | 'not measured';
  /** The highest amount, in bytes or things; for `no`, in how many regions. */
  readonly measured?: number | undefined;
  /** Where it was not measured: it can't be more than this. */
  readonly bound?: number | undefined;
  /** When it was reached first, in ms since the beginning. */
  readonly at?: number | undefined;
  /** The kernel kept the peak itself, to the end; else a peak between two looks, or after the last, may be missing. */
  readonly isExact: boolean;
  /** It is of the whole family: of how many processes, and how old the oldest reading in it was, in ms. */
  readonly family?: {readonly processes: number; readonly age: number} | undefined;
  /** The kernel told it when the process ended, of one of several processes: all had at least that. */
  readonly isLeast?: boolean;
  /** How fast it grows, in bytes a ms. */
  readonly slope?: Slope | undefined;
  /** Whose it is, where all processes were checked. */
  readonly process?: {readonly pid: number; readonly name: string} | undefined;
  /** Of all processes: those of which it is not known. */
  readonly unmeasured?: readonly Unmeasured[] | undefined;
  /** More in words: which region, or why it was not measured. A name in it comes from outside. */
  readonly detail?: string | undefined;
}

/** A process of which a rule could not be measured, and why: a clause. Its name comes from outside. */
export interface Unmeasured {
  readonly pid: number;
  readonly name: string;
  readonly why: string;
}

/** A rule's limit minus what was measured: below 0 if it is broken. */
export const marginOf = ({rule, measured}: Result): number | undefined =>
  rule.is === 'max' && measured !== undefined ? rule.limit - measured : undefined;

/** What is checked, and how it came out. Times in ms. */
export interface CheckReport {
  /** The words of a command. */
  readonly command?: readonly string[] | undefined;
  /** Else what was looked at. */
  readonly target?: string | undefined;
  /** How the command ended: one of the two is there; neither if that is not known. */
  readonly end?: ProcessEnd | undefined;
  readonly looks: number;
  /** From the first to the last look, or the whole run of a command. */
  readonly ms: number;
  /** Between two looks; undefined if there was only one, or for a recording. */
  readonly interval?: number | undefined;
  /** How long before the end of the command the last look was. */
  readonly beforeEnd?: number | undefined;
  readonly results: readonly Result[];
  readonly notes: readonly string[];
  /** Where all processes were checked: how many, and for how long reading held them up, in ms. */
  readonly host?: {
    readonly processes: number;
    /** Those that ended while they were read, and those of which nothing may be seen: they are not in `processes`. */
    readonly ended: number;
    readonly hidden: number;
    readonly stallMs: number;
  };
  /** What was seen of the process and its descendants, where they were followed. */
  readonly family?: KinPeaks | undefined;
}
