import {diffInPlace} from '../../diff/diff.ts';
import {Compare} from '../../history/compare.ts';
import type {Seen} from '../../history/seen.ts';
import type {Change, ChangeKind} from '../../model/change.ts';
import type {Kind} from '../../model/kind.ts';

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

/** Compares each look with the one before, and keeps the changes, or the most important of them. */
export class ChangeKeeper {
  /** How many there were in all, and of each kind since the last exec. */
  all = 0;
  readonly counts = new Map<ChangeKind, number>();
  readonly #most: number;
  #kept: ReportChange[] = [];
  #compare: Compare | undefined;

  /** @param most how many changes are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** @param look its number, from 0 */
  add(seen: Seen, look: number): void {
    const isAnew = seen.event === 'exec';
    if (isAnew) this.counts.clear();
    if (this.#compare === undefined || isAnew) this.#compare = new Compare(seen, diffInPlace);
    else for (const change of this.#compare.next(seen).changes) this.#keep(toRow(change, look));
  }

  /** In the order in which they happened. */
  get rows(): readonly ReportChange[] {
    return this.#chosen().sort((a, b) => a.look - b.look || a.start - b.start);
  }

  #keep(row: ReportChange): void {
    this.all++;
    this.counts.set(row.kind, (this.counts.get(row.kind) ?? 0) + 1);
    this.#kept.push(row);
    if (this.#kept.length > 4 * this.#most) this.#kept = this.#chosen();
  }

  #chosen(): ReportChange[] {
    if (this.#kept.length <= this.#most) return [...this.#kept];
    return [...this.#kept].sort((a, b) => weight(b) - weight(a)).slice(0, this.#most);
  }
}

/** A change of the address space is more important than a touch, and a large one more than a small one. */
const weight = ({kind, size, rss}: ReportChange): number =>
  (kind === 'touched' ? 0 : 2 ** 60) + Math.max(Math.abs(size), Math.abs(rss ?? 0));

function toRow({kind, range, before, after, delta, text}: Change, look: number): ReportChange {
  const of = (after[0] ?? before[0]!).kind;
  return {look, kind, of, start: range.start, end: range.end, size: delta.size, rss: delta['rss'], text};
}
