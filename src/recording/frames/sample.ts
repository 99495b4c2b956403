import type {FamilySample} from '../../model/kin/kin.ts';
import type {Moment} from '../../model/moment.ts';
import type {ProcessInfo, Snapshot} from '../../model/snapshot.ts';
import type {Difference, Frame} from './frame.ts';
import type {RegionRow} from './row.ts';

/** What a sample says of regions, without a snapshot of all of them. */
export interface Listed {
  readonly listing: Frame['listing'];
  /** All regions in address order; the same list as at the moment before if none changed. */
  readonly rows: readonly RegionRow[];
  /** What differs from the moment before; undefined where anything may. */
  readonly difference: Difference | undefined;
}

/** Nothing differs. */
const NONE: Difference = {before: [], after: []};

/** How the parts of a sample are made that cost something. */
interface Maker {
  readonly snapshot: (frame: Frame) => Snapshot;
  readonly process: (frame: Frame) => ProcessInfo;
}

/** A moment on the way through a recording: what differs is at hand, and what all regions were is made if asked for. */
export class Sample {
  readonly moment: Moment;
  /** The process and its descendants, where they were recorded. */
  readonly family: FamilySample | undefined;
  readonly listed: Listed;
  readonly #frame: Frame;
  readonly #maker: Maker;
  #snapshot: Snapshot | undefined;

  /** @param before the frame of the moment before; undefined for the first one */
  constructor(moment: Moment, frame: Frame, before: Frame | undefined, family: FamilySample | undefined, maker: Maker) {
    const {listing, rows, difference} = frame;
    this.moment = moment;
    this.family = family;
    this.listed = {listing, rows, difference: before && (frame === before ? NONE : difference)};
    this.#frame = frame;
    this.#maker = maker;
  }

  /** /proc/PID/status at this moment, as Recording.status has it. */
  get status(): Snapshot['status'] {
    return this.#frame.status as Snapshot['status'];
  }

  get process(): ProcessInfo {
    return this.#maker.process(this.#frame);
  }

  get snapshot(): Snapshot {
    return (this.#snapshot ??= this.#maker.snapshot(this.#frame));
  }
}
