/*
 * What is told of memory calls.
 */
import type {Change} from '../../model/change.ts';
import type {Done, Owner} from './ledger/books.ts';
import type {Frames} from './fold.ts';
import type {Span} from './ledger/spans.ts';
import type {CallStack} from './stacks.ts';

/** What changed memory: a system call, or a fault at which a stack grew (`stack growth`), or `execve`. */
export interface CauseCall {
  readonly id: number;
  readonly name: string;
  /** 64 bits each; undefined where they are not known. */
  readonly args: readonly bigint[] | undefined;
  /** An address, 0, or the negative errno; undefined for what is not a call. */
  readonly result: number | undefined;
  readonly tid: number;
  /** CLOCK_MONOTONIC in ns. */
  readonly time: number;
  readonly stack: CallStack | undefined;
  /** The stack is that of another call of the same place. */
  readonly inferred: boolean;
  /** Set when it is in the books. */
  done?: Done;
}

/** Why no call is known of bytes that changed. */
export const WHY_NOTS = ['lost-events', 'before-attach', 'driver', 'other-process', 'unknown'] as const;

export type WhyNot = (typeof WHY_NOTS)[number];

/** Whose a change is. */
export interface Explained {
  /** The most bytes first. */
  readonly causes: ReadonlyArray<{readonly call: CauseCall; readonly bytes: number}>;
  /** Bytes of which no call is known. */
  readonly unexplained: number;
  readonly why?: WhyNot | undefined;
}

/** Calls of a kind: how many the kernel counted (null: not known), and how many were seen. */
type Counts = Readonly<Record<string, {readonly counted: number | null; readonly seen: number}>>;

/** What memory one stack has mapped by one kind of call; or what was mapped otherwise. Bytes. */
export interface Share {
  /** A call's name, `stack growth`, `execve`, `driver`, `before`: mapped before it was watched. */
  readonly name: string;
  readonly stack: CallStack | undefined;
  readonly calls: number;
  readonly mapped: number;
  /** Of what it had mapped, what was still there when most was mapped. */
  readonly atPeak: number;
  /** What is still there. */
  readonly kept: number;
  /** What it made resident: an estimate, from one fault of this many, and what MAP_POPULATE asked for. */
  readonly touched: number;
}

/** What is mapped now, by who mapped it, where that is more or less than before. */
export interface KeptNews {
  /** What was reported before no longer holds: another program began, or the books did. */
  readonly isWhole: boolean;
  /** `kept` in bytes; 0 where nothing is left. */
  readonly shares: ReadonlyArray<Pick<Share, 'name' | 'stack' | 'kept'>>;
}

/** A page fault that was sampled. */
export interface TouchedPage {
  readonly address: number;
  /** Bytes of the page. */
  readonly size: number;
  /** How many faults it stands for. */
  readonly every: number;
  /** CLOCK_MONOTONIC in ns. */
  readonly time: number;
  readonly stack: CallStack | undefined;
}

/** By what memory calls are seen. */
export const ENGINES = ['perf', 'ptrace'] as const;

/** What it came to. */
export interface CauseEnd {
  readonly engine: (typeof ENGINES)[number];
  readonly calls: Counts;
  readonly lost: number | null;
  /** Calls with a stack to its root, with a part of one, with code that nothing names on it, and without any. */
  readonly stacks: {readonly whole: number; readonly cut: number; readonly jit: number; readonly none: number};
  readonly touched?: {readonly every: number; readonly counted: number | null; readonly seen: number};
  /** Bytes of changes, and those of them of which a call is known. */
  readonly changed: number;
  readonly explained: number;
  /** Bytes that were mapped at the peak. */
  readonly peak: number;
  /** Who mapped it, who touched it, what was there at the peak and at the end. */
  readonly shares: readonly Share[];
  readonly notes: readonly string[];
}

/** What an event of a watch brings. */
export interface CauseNews {
  /** New ones, each told once, before the calls that have it; empty unless they are asked for. */
  readonly stacks: readonly CallStack[];
  /** Calls that did something to memory. */
  readonly calls: readonly CauseCall[];
  /** The ISO time of a call. */
  readonly timeOf: (ns: number) => string;
  /** What of a stack is shown. */
  readonly frames: Frames;
  /** Who has more or less; where calls are reported. */
  readonly kept?: KeptNews | undefined;
  /** Page faults; where calls are reported. */
  readonly touched?: readonly TouchedPage[] | undefined;
  /** Who mapped what is mapped now, in ascending order. */
  readonly held?: (() => readonly Span<Owner<CauseCall>>[]) | undefined;
  /** Of each change but touched. */
  readonly of?: ReadonlyMap<Change, Explained> | undefined;
  readonly end?: CauseEnd | undefined;
}
