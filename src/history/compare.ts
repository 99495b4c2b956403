import type {Change, Delta} from '../model/change.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {hasUsage} from './seen.ts';

/** What happened between two looks. */
interface Difference {
  readonly changes: readonly Change[];
  /** After minus before, of the two looks that follow each other. */
  readonly delta: Delta;
}

/** Compares two snapshots of one program, address by address. */
type Differ = (before: Snapshot, after: Snapshot) => Difference;

/**
 * Compares each look with the one before. Most looks read maps alone, some smaps: a look with counters is compared with
 * the last one that had them too, or what was touched in between would be lost.
 */
export class Compare {
  readonly #differ: Differ;
  #last: Snapshot;
  #lastWithUsage: Snapshot | undefined;

  /** @param snapshot the first look */
  constructor(snapshot: Snapshot, differ: Differ) {
    this.#differ = differ;
    this.#last = this.restart(snapshot);
  }

  /** Another program began: what was before is compared with nothing. @returns the snapshot */
  restart(snapshot: Snapshot): Snapshot {
    this.#lastWithUsage = hasUsage(snapshot) ? snapshot : undefined;
    return (this.#last = snapshot);
  }

  /** One more look at the same program. */
  next(snapshot: Snapshot): Difference {
    if (snapshot.regions === this.#last.regions) return {changes: [], delta: {size: 0}};
    const isMeasured = hasUsage(snapshot);
    const {changes, delta} = this.#differ(this.#last, snapshot);
    const touched = isMeasured ? this.#touchedSinceUsage(snapshot) : [];
    this.#last = snapshot;
    if (isMeasured) this.#lastWithUsage = snapshot;
    return {changes: touched.length === 0 ? changes : [...changes, ...touched], delta};
  }

  /** A copy that continues on its own. */
  copy(): Compare {
    const copy = new Compare(this.#last, this.#differ);
    copy.#lastWithUsage = this.#lastWithUsage;
    return copy;
  }

  /** Nothing where the look before had counters: then the changes since it say what was touched. */
  #touchedSinceUsage(snapshot: Snapshot): readonly Change[] {
    const earlier = this.#lastWithUsage;
    if (!earlier || earlier.regions === this.#last.regions) return [];
    return this.#differ(earlier, snapshot).changes.filter(({kind}) => kind === 'touched');
  }
}
