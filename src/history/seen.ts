import type {FamilySample} from '../model/kin/kin.ts';
import type {Moment} from '../model/moment.ts';
import type {Snapshot} from '../model/snapshot.ts';

/**
 * One look at a process: when, and what it saw. A region that did not change is the same object as at the look before,
 * and where none did, so is the whole `regions`.
 */
export interface Seen {
  /** ms since the first look. */
  readonly t: number;
  readonly snapshot: Snapshot;
  /** status at this moment, where the snapshot's own is older. */
  readonly status?: Snapshot['status'] | undefined;
  /** Its family at this moment, where it was followed. */
  readonly family?: FamilySample | undefined;
  readonly event?: Moment['event'];
  /** Names of the marks that were made at this moment. */
  readonly marks?: readonly string[];
}

/** Do its regions have counters? Most looks read maps alone: reading smaps stalls the process. */
export const hasUsage = (snapshot: Snapshot): boolean =>
  snapshot.source.format !== 'maps' && snapshot.hasCounter('rss');
