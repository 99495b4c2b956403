import type {FamilySample} from '../model/kin/kin.ts';
import type {Moment} from '../model/moment.ts';
import type {Region} from '../model/region.ts';
import type {ProcessInfo, Snapshot} from '../model/snapshot.ts';

/** A region of a recording. */
export interface Known {
  /** As maps has it. */
  readonly bare: Region;
  /** With what smaps said last, which may be long ago. */
  readonly whole: Region;
}

/** What a sample says of regions where a source tells what differs, so that nobody goes through all of them. */
export interface Listed {
  readonly listing: 'maps' | 'smaps';
  /** All regions in address order; the same list as at the look before if none changed. */
  readonly rows: readonly Known[];
  /**
   * The regions that went since the look before, or were otherwise, and what is there now; each in address order.
   * Undefined where anything may differ: at the first look, at another program, where other counters are read.
   */
  readonly difference: Difference | undefined;
}

/**
 * Regions before and after. Where smaps was read, the counters of all others are as they were when it was read last.
 */
export interface Difference {
  readonly before: readonly Known[];
  readonly after: readonly Known[];
}

/**
 * One look at a process: when, and what it saw. A region that did not change is the same object as at the look before,
 * and where none did, so is the whole `regions`.
 */
export interface Seen {
  /** ms since the first look. */
  readonly t: number;
  /** Where `listed` is there, it is made when it is asked for, which takes time for each region. */
  readonly snapshot: Snapshot;
  readonly listed?: Listed | undefined;
  /** status at this moment, where the snapshot's own is older, or need not be made for it. */
  readonly status?: Snapshot['status'] | undefined;
  /** The process, where the snapshot need not be made for it. */
  readonly process?: ProcessInfo | undefined;
  /** Its family at this moment, where it was followed. */
  readonly family?: FamilySample | undefined;
  readonly event?: Moment['event'];
  /** Names of the marks that were made at this moment. */
  readonly marks?: readonly string[];
}

/** The process as a look saw it. */
export const processOf = (seen: Seen): ProcessInfo => seen.process ?? seen.snapshot.process;

type Listing = Pick<Seen, 'snapshot' | 'listed'>;

/** A region as a look saw it: without counters where that read maps alone. */
export const asSeen = ({listing}: Listed, {bare, whole}: Known): Region => (listing === 'smaps' ? whole : bare);

/** Do its regions have counters? Most looks read maps alone: reading smaps stalls the process. */
export const hasUsage = (snapshot: Snapshot): boolean =>
  snapshot.source.format !== 'maps' && snapshot.hasCounter('rss');

/** The same of a look, whose snapshot is not made for it. */
export const isMeasured = (seen: Listing): boolean =>
  seen.listed
    ? seen.listed.listing === 'smaps' && seen.listed.rows.some(({whole}) => whole.usage?.rss !== undefined)
    : hasUsage(seen.snapshot);

/** Did two looks, one after the other, see the same regions with the same counters? They are the same objects then. */
export const isSameList = (a: Listing, b: Listing): boolean =>
  a.listed && b.listed
    ? a.listed.rows === b.listed.rows && a.listed.listing === b.listed.listing
    : a.snapshot.hasRegionsOf(b.snapshot);
