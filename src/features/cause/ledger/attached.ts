import type {Owner} from './books.ts';
import type {Holdings} from './holdings.ts';
import type {Range} from './spans.ts';

/** A segment of shmat(2), or a context of io_setup(2). */
export interface Attached<Cause> {
  readonly range: Range;
  readonly owner: Owner<Cause>;
  /** What was attached at the same place before, and was not told to be detached. */
  readonly earlier?: Omit<Attached<Cause>, 'earlier'> | undefined;
}

/** What is attached, by where it starts: a call that detaches it says no more. */
export class Attachments<Cause> {
  readonly #attached = new Map<number, Attached<Cause>>();
  readonly #held: Holdings<Cause>;

  constructor(held: Holdings<Cause>) {
    this.#held = held;
  }

  attach(range: Range, owner: Owner<Cause>): void {
    const {earlier: _, ...earlier} = this.#attached.get(range.start) ?? {};
    this.#attached.set(range.start, {range, owner, ...('range' in earlier && {earlier})});
  }

  /** What is attached at a place, also since before the ledger began. */
  at(start: number): Attached<Cause> | undefined {
    const known = this.#attached.get(start);
    if (known) return known;
    const span = this.#held.within({start, end: start + 1})[0];
    const whole = span && this.#held.all.find((each) => each.value === span.value && each.start === start);
    return whole && whole.value.by === 'before' ? {range: whole, owner: whole.value} : undefined;
  }

  /** The one that is there now is no longer attached. */
  detach(start: number): void {
    this.#attached.delete(start);
  }

  /** The one that was there before is no longer attached: its place was taken before the call returned. */
  detachEarlier(start: number): void {
    const {range, owner} = this.#attached.get(start)!;
    this.#attached.set(start, {range, owner});
  }

  clear(): void {
    this.#attached.clear();
  }
}
