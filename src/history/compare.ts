import type {Change, ChangeKind, Delta} from '../model/change.ts';
import type {Region} from '../model/region.ts';
import {Snapshot} from '../model/snapshot.ts';
import {Names} from './names.ts';
import {asSeen, type Difference, isMeasured, isSameList, type Known, type Seen} from './seen.ts';

/** What happened between two looks. */
interface Outcome {
  readonly changes: readonly Change[];
  /** After minus before, of the two looks that follow each other. */
  readonly delta: Delta;
}

/** Compares two snapshots of one program, address by address. */
type Differ = (before: Snapshot, after: Snapshot) => Outcome;

/** What is compared of a look. */
type Look = Pick<Seen, 'snapshot' | 'listed' | 'process'>;

/**
 * Compares each look with the one before. Most looks read maps alone, some smaps: a look with counters is compared with
 * the last one that had them too, or what was touched and flagged in between would be lost. Where it is known what
 * differs, the differ gets that alone, with what its sentences take from the rest.
 */
export class Compare {
  readonly #differ: Differ;
  readonly #names = new Names();
  #last: Look;
  #lastWithUsage: Look | undefined;
  /** Where the regions begin that came, went or changed since then: what was counted there is other memory. */
  #changed = new Set<number>();

  /** @param look the first one */
  constructor(look: Look, differ: Differ) {
    this.#differ = differ;
    this.#last = look;
    this.restart(look);
  }

  /** Another program began: what was before is compared with nothing. */
  restart(look: Look): void {
    this.#measured(isMeasured(look) ? look : undefined);
    this.#names.reset(look.listed?.rows ?? []);
    this.#last = look;
  }

  /** One more look at the same program. */
  next(look: Look): Outcome {
    if (isSameList(look, this.#last)) return {changes: [], delta: {size: 0}};
    const {changes, delta} = this.#differences(look);
    this.#note(changes);
    const hasCounters = isMeasured(look);
    const since = hasCounters ? this.#changedSinceUsage(look) : [];
    if (look.listed?.difference) this.#names.change(look.listed.difference);
    else this.#names.reset(look.listed?.rows ?? []);
    this.#last = look;
    if (hasCounters) this.#measured(look);
    return {changes: since.length === 0 ? changes : [...changes, ...since], delta};
  }

  /** A copy that continues on its own. */
  copy(): Compare {
    const copy = new Compare(this.#last, this.#differ);
    copy.#lastWithUsage = this.#lastWithUsage;
    copy.#changed = new Set(this.#changed);
    return copy;
  }

  #differences(look: Look): Outcome {
    const difference = look.listed?.difference;
    if (!difference) return this.#differ(this.#last.snapshot, look.snapshot);
    // Where only counters differ, maps does not show it.
    const isShown = isSmaps(this.#last) && isSmaps(look);
    return this.#parts(this.#last, look, isShown ? difference : withoutCounters(difference));
  }

  /**
   * What smaps alone tells, of regions that are the same in all listings since it was last read. Nothing where the look
   * before had counters: then the changes since it say that.
   */
  #changedSinceUsage(look: Look): readonly Change[] {
    const earlier = this.#lastWithUsage;
    if (!earlier || isSameList(earlier, this.#last)) return [];
    return this.#sinceUsage(earlier, look).changes.filter(
      ({kind, range}) => FROM_SMAPS.has(kind) && !this.#changed.has(range.start),
    );
  }

  #sinceUsage(earlier: Look, look: Look): Outcome {
    const difference = look.listed?.difference;
    if (!difference) return this.#differ(earlier.snapshot, look.snapshot);
    // The counters of a region that stayed are those of the look before until smaps is read again.
    const isThere = ({bare}: Known): boolean => !this.#changed.has(bare.start);
    const [before, after] = [difference.before.filter(isThere), difference.after.filter(isThere)];
    return this.#parts(earlier, look, {before, after});
  }

  /**
   * Compares some regions of two looks. All others are as they were; of these the differ gets as many as it takes for
   * the changes to be the same as if it had all.
   */
  #parts(earlier: Look, look: Look, difference: Difference): Outcome {
    const {before, after} = difference;
    if (before.length === 0 && after.length === 0) return {changes: [], delta: {size: 0}};
    const rest = this.#names.standIns(difference, isSmaps(earlier) && isSmaps(look));
    return this.#differ(partOf(earlier, before, rest), partOf(look, after, rest));
  }

  #note(changes: readonly Change[]): void {
    if (!this.#lastWithUsage) return;
    for (const {before, after} of changes) {
      for (const {start} of before) this.#changed.add(start);
      for (const {start} of after) this.#changed.add(start);
    }
    if (this.#changed.size > MOST_CHANGED) this.#measured(undefined);
  }

  #measured(look: Look | undefined): void {
    this.#lastWithUsage = look;
    if (this.#changed.size > 0) this.#changed = new Set();
  }
}

const isSmaps = ({listed}: Look): boolean => listed!.listing === 'smaps';

/** Without the regions of which maps says the same on both sides. */
function withoutCounters({before, after}: Difference): Difference {
  const [old, now] = [before, after].map((rows) => new Set(rows.map(({bare}) => bare))) as [Set<Region>, Set<Region>];
  return {before: before.filter(({bare}) => !now.has(bare)), after: after.filter(({bare}) => !old.has(bare))};
}

/** Some of the regions that a look saw, as a snapshot. */
function partOf({listed, process = {}}: Look, rows: readonly Known[], rest: readonly Known[]): Snapshot {
  const regions = [...rows, ...rest].map((known) => asSeen(listed!, known));
  if (rest.length > 0) regions.sort((a, b) => a.start - b.start);
  return new Snapshot({source: {from: 'process', format: listed!.listing}, process, regions});
}

/** Kinds of change that a listing without counters and VmFlags does not show. */
const FROM_SMAPS: ReadonlySet<ChangeKind> = new Set(['touched', 'flagged']);

/** At most this many regions are remembered where smaps is not read for a long time. */
const MOST_CHANGED = 200_000;
