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
   * t of the look just before this one, where that is not a moment of its own, because nothing had changed: what is new at
   * this moment came between the two. Absent if the look before is the moment before.
   */
  readonly since?: number | undefined;
  /** The number of the look, counted from 1; looks at which nothing had changed are not all moments. */
  readonly look: number;
}

/** A moment, of which there may be a million: the time of day is written out when it is asked for. */
export class RecordedMoment implements Moment {
  readonly index: number;
  readonly t: number;
  readonly since: number | undefined;
  readonly look: number;
  readonly marks: readonly string[];
  readonly event: 'exec' | 'exit' | undefined;
  readonly hasUsage: boolean;
  readonly #wall: number;

  /** @param wall ms since 1970 */
  constructor(
    when: Pick<RecordedMoment, 'index' | 't' | 'since' | 'look'>,
    what: Pick<RecordedMoment, 'marks' | 'event' | 'hasUsage'>,
    wall: number,
  ) {
    this.index = when.index;
    this.t = when.t;
    this.since = when.since;
    this.look = when.look;
    this.marks = what.marks;
    this.event = what.event;
    this.hasUsage = what.hasUsage;
    this.#wall = wall;
  }

  get at(): string {
    return new Date(this.#wall).toISOString();
  }
}
