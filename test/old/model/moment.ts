/** One look of a recording that was written down, or a mark. */
export interface Moment {
  /** Counted from 0. */
  readonly index: number;
  /** ms since the recording began, by a clock that never goes back. */
  readonly t: number;
  /** ISO 8601: the wall clock, which may have been set in between. */
  readonly at: string;
  /** Names of the marks that were made at this moment. */
  readonly marks: readonly string[];
  /** `exec`: another program began, all regions are its own. `exit`: it had ended; the memory is what was seen last. */
  readonly event?: 'exec' | 'exit' | undefined;
  /** Was smaps read at this look, so that regions have their counters? */
  readonly hasUsage: boolean;
  /**
   * t of the look just before this one, where that is not a moment of its own, because nothing had changed: what is new
   * at this moment came between the two. Absent if the look before is the moment before.
   */
  readonly since?: number | undefined;
  /** The number of the look, counted from 1; looks at which nothing had changed are not all moments. */
  readonly look: number;
}
