import type {Snapshot} from '../model/snapshot.ts';

/** When a look of a recording was, and what is known about it. */
export interface Moment {
  /** Counted from 0. */
  readonly index: number;
  /** ms since the recording began. */
  readonly t: number;
  /** ISO 8601. */
  readonly at: string;
  /** Names of the marks that were made at this moment. */
  readonly marks: readonly string[];
  /** `exec`: another program began. `exit`: it had ended; the memory is what was seen last. */
  readonly event?: 'exec' | 'exit' | undefined;
  /** Was smaps read at this look, so that regions have their counters? */
  readonly hasUsage: boolean;
}

/** A look of a recording: a moment and the memory at it. Unchanged regions are the same objects as at the look before. */
export interface Seen {
  readonly moment: Moment;
  readonly snapshot: Snapshot;
}
