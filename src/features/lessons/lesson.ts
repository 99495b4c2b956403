import type {Change, ChangeKind} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {areSame, type Doing, type Doings} from './calls.ts';
import {importsOf, type HelperProgram, type Operation, type Value} from './program/program.ts';

/** The least and the most, in bytes. */
export type Range = readonly [least: number, most: number];

/** What a step is predicted to change. */
export interface Expected {
  readonly kind: ChangeKind;
  /** The region's name; any if absent. */
  readonly name?: string;
  /** Bytes of address space that are added (or, if negative, removed). */
  readonly size?: number;
  /** Bytes that become resident (or, if negative, are no longer resident). */
  readonly rss?: number;
  /** Where these depend on the C library: at least, and at most. */
  readonly sizeWithin?: Range;
  readonly rssWithin?: Range;
  /** Which calls make it, and from where; not judged if absent. */
  readonly by?: readonly Doing[];
}

/** What malloc's own books are predicted to say after a step, in bytes. */
export interface PredictedBooks {
  readonly freeWithin: Range;
  /** What malloc_trim(0) would give back, in resident memory. */
  readonly trimWithin?: Range;
}

/** malloc's own books after a step: of all arenas, in bytes. */
export interface ObservedBooks {
  readonly free: number;
  readonly trimmable: number;
  /** What memmap heap says of it. */
  readonly sentence: string;
}

/** What was observed after a step. */
export interface Observed {
  /** What the helper answered, verbatim: in hex. */
  readonly result: string;
  /** What it printed before that. */
  readonly printed: readonly string[];
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly changes: readonly Change[];
  /** What Pss and the split into private and shared moved in regions that did not change, in bytes. */
  readonly drift: Readonly<Record<string, number>>;
  /** malloc's books after the step, or why they can't be read; if the step predicts anything of them. */
  readonly books?: ObservedBooks | string | undefined;
  /** Who made the changes, where the lesson is about that; or why that can't be known here. */
  readonly doings?: Doings | string | undefined;
}

export interface Step {
  /** One word: the helper's line for the step begins with it, and its symbol is this after `step_`. */
  readonly name: string;
  readonly title: string;
  /** The call, as written in C. */
  readonly call: string;
  /** What the helper does, and what it answers. */
  readonly operations: readonly Operation[];
  readonly answer: Value;
  readonly expected: readonly Expected[];
  /** How far private dirty is predicted to move while no region changes: at least these bytes, in this direction. */
  readonly drift?: {readonly privateDirty: number} | undefined;
  /** What malloc's books are predicted to say after it. */
  readonly books?: PredictedBooks;
  /** Paragraphs before it runs: what it is about to do. */
  readonly about: readonly string[];
  /** Paragraphs after it: why that is what is seen. */
  readonly why: (observed: Observed) => readonly string[];
  /** `child`: its answer is the PID of a child, which the steps with `watch` look at. */
  readonly answers?: 'child';
  readonly watch?: 'child';
  /** Why this kernel, or these limits, can't show it; undefined if they can. This is asked even if a call fails. */
  readonly unsupported?: (observed: Observed) => string | undefined;
}

/** A small program and what there is to learn from watching it. */
export interface Lesson {
  readonly name: string;
  readonly title: string;
  /** What it teaches, in a few words, for the list of lessons. */
  readonly teaches: string;
  readonly about: readonly string[];
  readonly texts?: Readonly<Record<string, string>>;
  readonly functions?: HelperProgram['functions'];
  readonly steps: readonly Step[];
  /** Further reading. */
  readonly further: readonly string[];
}

/** Does its helper call the C library? */
export const isLinked = (lesson: Lesson): boolean => importsOf(programOf(lesson)).length > 0;

/** What its helper does. */
export const programOf = ({texts, functions, steps}: Lesson): HelperProgram => ({
  ...(texts && {texts}),
  ...(functions && {functions}),
  steps: steps.map(({name, operations, answer}) => ({name, operations, answer})),
});

/** Are its memory calls to be watched? */
export const watchesCalls = ({steps}: Lesson): boolean =>
  steps.some(({expected}) => expected.some(({by}) => by !== undefined));

/**
 * Did what was predicted happen, and nothing else? Each prediction must be met by one change of its own. What the
 * helper's own work touches (its stack, its text and data) does not contradict it; any other touch does. Where it calls
 * the C library, so is what that touches of its own: its text and data, and variables of the thread. That is all there
 * is but the heap.
 */
export function asPredicted(
  {expected, drift, books, operations}: Pick<Step, 'expected' | 'drift' | 'books' | 'operations'>,
  observed: Observed,
): boolean {
  const left = [...observed.changes];
  for (const prediction of expected) {
    const index = left.findIndex((change) => meets(change, prediction, observed.doings));
    if (index < 0) return false;
    left.splice(index, 1);
  }
  const {exe} = observed.after.process;
  const isLibrary = operations.some((operation) => operation.do === 'invoke');
  const isOwnWork = ({kind, after: [region]}: Change): boolean =>
    kind === 'touched' &&
    (region?.name === '[stack]' ||
      region?.name === exe ||
      region?.kind === 'bss' ||
      (isLibrary && region?.name !== '[heap]'));
  return (
    left.every(isOwnWork) &&
    (drift === undefined || hasDrifted(observed, drift.privateDirty)) &&
    (books === undefined || (typeof observed.books === 'object' && areAsPredicted(books, observed.books)))
  );
}

/** Without smaps there is nothing to judge by. */
function hasDrifted({drift, after}: Observed, wanted: number): boolean {
  if (after.totals['privateDirty'] === undefined) return false;
  const moved = drift['privateDirty'] ?? 0;
  return wanted < 0 ? moved <= wanted : moved >= wanted;
}

function meets(change: Change, expected: Expected, doings: Observed['doings']): boolean {
  const {kind, name, size, rss, sizeWithin, rssWithin, by} = expected;
  const resident = change.delta['rss'];
  const made = typeof doings === 'object' ? doings.get(change) : undefined;
  const region = change.after[0] ?? change.before[0];
  return (
    change.kind === kind &&
    (name === undefined || region?.name === name) &&
    (size === undefined || change.delta.size === size) &&
    // Without smaps there is no resident memory to judge by.
    (rss === undefined || resident === rss) &&
    (sizeWithin === undefined || isWithin(change.delta.size, sizeWithin)) &&
    (rssWithin === undefined || (resident !== undefined && isWithin(resident, rssWithin))) &&
    (by === undefined || (made !== undefined && areSame(made, by)))
  );
}

/** Do the books say what was predicted? */
function areAsPredicted({freeWithin, trimWithin}: PredictedBooks, {free, trimmable}: ObservedBooks): boolean {
  return isWithin(free, freeWithin) && (trimWithin === undefined || isWithin(trimmable, trimWithin));
}

const isWithin = (bytes: number, [least, most]: Range): boolean => bytes >= least && bytes <= most;
