import type {Moment} from '../../model/moment.ts';
import type {Snapshot} from '../../model/snapshot.ts';

/** A look of a recording: a moment and the memory at it. Unchanged regions are the same objects as at the look before. */
export interface Seen {
  readonly moment: Omit<Moment, 'look' | 'since'>;
  readonly snapshot: Snapshot;
}
