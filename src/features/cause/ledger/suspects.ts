/*
 * What calls that failed may have done all the same (failed.ts): nobody can tell but who has seen that memory changed.
 */
import type {Change, Owner} from './books.ts';
import {chain, isPut, type LastChanges} from './changes.ts';
import type {Holdings} from './holdings.ts';
import {type Range, shifted, type Span, Spans} from './spans.ts';

export class Suspects<Cause> {
  readonly #last: LastChanges<Cause>;
  readonly #held: Holdings<Cause>;

  constructor(last: LastChanges<Cause>, held: Holdings<Cause>) {
    this.#last = last;
    this.#held = held;
  }

  /** What they may have done to a range since a time (ns), of memory that is the same since then. */
  within(range: Range, since = 0): Span<Change<Cause>>[] {
    return this.#last
      .perhaps(range)
      .filter(({value}) => value.time >= since)
      .flatMap((span) => this.#sameSince(span, span.value.time).map((part) => ({...part, value: span.value})));
  }

  /**
   * A range was seen to be gone, or to be mapped now, and only such a call can have done it. What moved keeps its
   * owner.
   *
   * @param change one of `within`
   */
  confirm(range: Range, change: Change<Cause>, isGone: boolean): void {
    const {by, cause, slide = 0, time} = change;
    const isMove = slide !== 0 && !(isGone && change.what === 'moved');
    if (!isGone) this.#hold(range, change, {by, cause, mapped: 0, kept: 0});
    for (const from of this.#sameSince(isMove && !isGone ? shifted(range, -slide) : range, time)) {
      const dropped = this.#held.drop(from);
      this.#last.set(from, {...change, what: 'unmapped'});
      if (isMove) for (const piece of dropped) this.#arrive(piece, change);
    }
    if (!isGone) this.#last.set(range, {...change, what: 'moved'});
  }

  /**
   * A sample lists what is mapped: what it lacks, and the books have, such a call has released, where one may have.
   *
   * @param before ns: when the sample began; what changed since then it may not have
   */
  reconcile(mapped: Iterable<Range>, before: number): void {
    const old = this.#last.released.filter(({value}) => value.time < before);
    if (old.length === 0) return;
    const listed = new Spans<true>();
    for (const {start, end} of mapped) listed.set({start, end}, true);
    for (const {value, ...range} of old)
      for (const part of this.#lacking(range, listed, value.time))
        this.confirm(part, {...value, slide: undefined}, true);
  }

  /** What of a range a sample lacks, and the books have, unchanged since a time. */
  #lacking(range: Range, listed: Spans<true>, time: number): Range[] {
    const pieces = listed.gapsIn(range).flatMap((gap) => this.#held.within(gap));
    return pieces.flatMap((piece) => this.#sameSince(piece, time));
  }

  /** What the call is known to have moved there already has its owner. */
  #hold(range: Range, {cause}: Change<Cause>, owner: Owner<Cause>): void {
    const known = new Spans<true>();
    for (const {start, end, value} of this.#last.within(range))
      if (value.what === 'moved' && value.cause === cause) known.set({start, end}, true);
    for (const gap of known.gapsIn(range)) this.#held.hold(gap, owner);
  }

  /** A piece is where it was moved to, if nothing else happened there since. */
  #arrive({value: owner, ...piece}: Span<Owner<Cause>>, change: Change<Cause>): void {
    for (const to of this.#sameSince(shifted(piece, change.slide ?? 0), change.time)) {
      this.#held.hold(to, owner);
      this.#last.set(to, {...change, what: 'moved'});
    }
  }

  /** Parts of a range in which nothing was mapped, moved or released after a time. */
  #sameSince(range: Range, time: number): Range[] {
    const later = new Spans<true>();
    for (const {start, end, value} of this.#last.within(range)) {
      const put = value.what === 'unmapped' ? value : [...chain(value)].find(isPut);
      if (put && put.time > time) later.set({start, end}, true);
    }
    return later.gapsIn(range);
  }
}
