import type {Change, ChangeKind, Delta} from '../model/change.ts';
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
 * the last one that had them too, or what was touched and flagged in between would be lost.
 */
export class Compare {
  readonly #differ: Differ;
  #last: Snapshot;
  #lastWithUsage: Snapshot | undefined;
  /** Where the regions begin that came, went or changed since then: what was counted there is other memory. */
  #changed = new Set<number>();

  /** @param snapshot the first look */
  constructor(snapshot: Snapshot, differ: Differ) {
    this.#differ = differ;
    this.#last = this.restart(snapshot);
  }

  /** Another program began: what was before is compared with nothing. @returns the snapshot */
  restart(snapshot: Snapshot): Snapshot {
    this.#measured(hasUsage(snapshot) ? snapshot : undefined);
    return (this.#last = snapshot);
  }

  /** One more look at the same program. */
  next(snapshot: Snapshot): Difference {
    if (snapshot.hasRegionsOf(this.#last)) return {changes: [], delta: {size: 0}};
    const isMeasured = hasUsage(snapshot);
    const {changes, delta} = this.#differ(this.#last, snapshot);
    this.#note(changes);
    const since = isMeasured ? this.#changedSinceUsage(snapshot) : [];
    this.#last = snapshot;
    if (isMeasured) this.#measured(snapshot);
    return {changes: since.length === 0 ? changes : [...changes, ...since], delta};
  }

  /** A copy that continues on its own. */
  copy(): Compare {
    const copy = new Compare(this.#last, this.#differ);
    copy.#lastWithUsage = this.#lastWithUsage;
    copy.#changed = new Set(this.#changed);
    return copy;
  }

  /**
   * What smaps alone tells, of regions that are the same in all listings since it was last read. Nothing where the look
   * before had counters: then the changes since it say that.
   */
  #changedSinceUsage(snapshot: Snapshot): readonly Change[] {
    const earlier = this.#lastWithUsage;
    if (!earlier || earlier.hasRegionsOf(this.#last)) return [];
    return this.#differ(earlier, snapshot).changes.filter(
      ({kind, range}) => FROM_SMAPS.has(kind) && !this.#changed.has(range.start),
    );
  }

  #note(changes: readonly Change[]): void {
    if (!this.#lastWithUsage) return;
    for (const {before, after} of changes) {
      for (const {start} of before) this.#changed.add(start);
      for (const {start} of after) this.#changed.add(start);
    }
    if (this.#changed.size > MOST_CHANGED) this.#measured(undefined);
  }

  #measured(snapshot: Snapshot | undefined): void {
    this.#lastWithUsage = snapshot;
    if (this.#changed.size > 0) this.#changed = new Set();
  }
}

/** Kinds of change that a listing without counters and VmFlags does not show. */
const FROM_SMAPS: ReadonlySet<ChangeKind> = new Set(['touched', 'flagged']);

/** At most this many regions are remembered where smaps is not read for a long time. */
const MOST_CHANGED = 200_000;
