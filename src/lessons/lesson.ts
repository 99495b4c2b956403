import type {Change, ChangeKind} from '../model/change.ts';
import type {Snapshot} from '../model/snapshot.ts';

/** What a step is predicted to change. */
export interface Expected {
  readonly kind: ChangeKind;
  /** The region's name; any if absent. */
  readonly name?: string;
  /** Bytes of address space that come (or, negative, go). */
  readonly size?: number;
  /** Bytes that become resident. */
  readonly rss?: number;
}

/** What was seen when a step had run. */
export interface Observed {
  /** The last word of the helper's answer: what the system call returned. */
  readonly result: string;
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly changes: readonly Change[];
}

export interface Step {
  readonly title: string;
  /** The call, as one writes it in C. */
  readonly call: string;
  readonly expected: readonly Expected[];
  /** Paragraphs before it runs: what it is about to do. */
  readonly about: readonly string[];
  /** Paragraphs after it: why that is what one sees. */
  readonly why: (observed: Observed) => readonly string[];
}

/** A small program and what there is to learn from watching it. */
export interface Lesson {
  readonly name: string;
  readonly title: string;
  /** What it teaches, in a few words. */
  readonly teaches: string;
  readonly about: readonly string[];
  readonly steps: readonly Step[];
  /** Where to read on. */
  readonly further: readonly string[];
}
