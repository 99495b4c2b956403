import type {LedgerCall} from './effect.ts';
import {type Range, type Span, Spans} from './spans.ts';

/** Who may owe a release, and who was reported to map. */
interface Told {
  readonly by: string;
}

interface Debt<Owner> {
  readonly time: number;
  readonly tid: number;
  readonly owner: Owner;
}

/** ns: a release that comes later than this is another one, and the one that was owed has been lost. */
const LATEST = 1_000_000_000;

type Caller = Pick<LedgerCall, 'tid' | 'time'>;

/**
 * Releases that the kernel has done and that are not told yet: of what is mapped by the books where something else was
 * mapped without force. They come from another thread, in a call that it began before.
 */
export class Debts<Owner extends Told> {
  readonly #owed = new Spans<Debt<Owner>>();
  /** When each thread's last call returned. */
  readonly #lastCall = new Map<number, number>();

  /** @param spans what is mapped by the books where a call has mapped something else */
  owe(spans: readonly Span<Owner>[], {time, tid}: Caller): void {
    for (const {start, end, value} of spans)
      // What no call has mapped was reported before the call returned that did.
      if (value.by !== 'kernel') this.#owed.set({start, end}, {time, tid, owner: value});
  }

  /**
   * Takes what a release was owed out of its range.
   *
   * @returns what it still releases, and what it had released, with whom it belonged to
   */
  pay(range: Range, {tid, time}: Caller): {rest: Range[]; paid: readonly Span<Owner>[]} {
    const last = this.#lastCall.get(tid) ?? 0;
    const paid = new Spans<Owner>();
    for (const {start, end, value} of this.#owed.within(range)) {
      if (value.tid === tid || last > value.time || time > value.time + LATEST) continue;
      this.#owed.clear({start, end});
      paid.set({start, end}, value.owner);
    }
    return {rest: paid.gapsIn(range), paid: paid.all};
  }

  /** A call of a thread has returned: what it does from now on, it began later. */
  returned({tid, time}: Caller): void {
    this.#lastCall.set(tid, time);
  }

  clear(): void {
    this.#owed.filter(() => false);
    this.#lastCall.clear();
  }
}
