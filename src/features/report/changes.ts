import {diff} from '../../diff/diff.ts';
import type {Change, ChangeKind} from '../../model/change.ts';
import type {Kind} from '../../model/kind.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {Seen} from './seen.ts';

/** One change as the report lists it. */
export interface ReportChange {
  /** The look at which it was seen. */
  readonly look: number;
  readonly kind: ChangeKind;
  /** The kind of the memory to which it happened. */
  readonly of: Kind;
  readonly start: number;
  readonly end: number;
  /** Bytes of address space that came or went. */
  readonly size: number;
  /** Bytes of resident memory that came or went; undefined where smaps was not read. */
  readonly rss: number | undefined;
  readonly text: string;
}

/** Compares each look with the one before, and keeps the changes, or the most telling of them. */
export class ChangeKeeper {
  /** How many there were of each kind. */
  readonly counts = new Map<ChangeKind, number>();
  readonly #most: number;
  #kept: ReportChange[] = [];
  #last: Snapshot | undefined;
  #lastWithUsage: Snapshot | undefined;

  /** @param most how many changes are kept */
  constructor(most: number) {
    this.#most = most;
  }

  take({moment, snapshot}: Seen): void {
    const isFirst = this.#last === undefined || moment.event === 'exec';
    if (!isFirst && snapshot.regions !== this.#last!.regions) {
      for (const change of this.#compare(snapshot, moment.hasUsage)) this.#keep(toRow(change, moment.index));
    }
    this.#last = snapshot;
    if (moment.hasUsage) this.#lastWithUsage = snapshot;
    else if (isFirst) this.#lastWithUsage = undefined;
  }

  /** In the order in which they happened. */
  get rows(): readonly ReportChange[] {
    return this.#chosen().sort((a, b) => a.look - b.look || a.start - b.start);
  }

  /** Resident memory is compared with the last look that knew it: most looks don't. */
  #compare(snapshot: Snapshot, hasUsage: boolean): Change[] {
    const {changes} = diff(this.#last!, snapshot, {match: 'address'});
    const earlier = this.#lastWithUsage;
    if (!hasUsage || !earlier || earlier === this.#last) return [...changes];
    const touched = diff(earlier, snapshot, {match: 'address'}).changes.filter(({kind}) => kind === 'touched');
    return [...changes.filter(({kind}) => kind !== 'touched'), ...touched];
  }

  #keep(row: ReportChange): void {
    this.counts.set(row.kind, (this.counts.get(row.kind) ?? 0) + 1);
    this.#kept.push(row);
    if (this.#kept.length > 4 * this.#most) this.#kept = this.#chosen();
  }

  #chosen(): ReportChange[] {
    if (this.#kept.length <= this.#most) return [...this.#kept];
    return [...this.#kept].sort((a, b) => weight(b) - weight(a)).slice(0, this.#most);
  }
}

/** What changed the address space tells more than a touch, and much more than little. */
const weight = ({kind, size, rss}: ReportChange): number =>
  (kind === 'touched' ? 0 : 2 ** 60) + Math.max(Math.abs(size), Math.abs(rss ?? 0));

function toRow({kind, range, before, after, delta, text}: Change, look: number): ReportChange {
  const of = (after[0] ?? before[0]!).kind;
  return {look, kind, of, start: range.start, end: range.end, size: delta.size, rss: delta['rss'], text};
}
