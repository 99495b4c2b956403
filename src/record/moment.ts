import type {Moment} from '../model/moment.ts';

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
