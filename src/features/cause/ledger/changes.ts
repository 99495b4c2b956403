import type {Change} from './books.ts';
import {type Range, type Span, Spans} from './spans.ts';

/** Did it put memory where it is? */
export const isPut = ({what}: Change<unknown>): boolean => what === 'mapped' || what === 'moved';

/** A change, and those before it of other kinds, latest first. */
export function* chain<Cause>(change: Change<Cause> | undefined): Generator<Change<Cause>> {
  for (let each = change; each; each = each.earlier) yield each;
}

/** The last change of each byte. */
export class LastChanges<Cause> {
  readonly #last = new Spans<Change<Cause>>();
  /** Of calls that failed, and may have done a part of their work. */
  readonly #perhaps = {put: new Spans<Change<Cause>>(), marked: new Spans<Change<Cause>>()};

  within(range: Range): Span<Change<Cause>>[] {
    return this.#last.within(range);
  }

  /** What a call that failed may have changed. A byte may be in two of them: released or moved, and marked. */
  perhaps(range: Range): Span<Change<Cause>>[] {
    return [...this.#perhaps.put.within(range), ...this.#perhaps.marked.within(range)];
  }

  /** What calls that failed may have released or moved. */
  get released(): readonly Span<Change<Cause>>[] {
    return this.#perhaps.put.all;
  }

  /** Other memory than before, or none. */
  set(range: Range, change: Change<Cause>): void {
    this.#last.set(range, change);
  }

  /** The same memory, otherwise: what was done to it before is remembered, of each kind the last. */
  mark(range: Range, change: Change<Cause>): void {
    mark(this.#last, range, change);
  }

  suspect(range: Range, change: Change<Cause>): void {
    if (change.what === 'unmapped' || change.what === 'moved') this.#perhaps.put.set(range, change);
    else mark(this.#perhaps.marked, range, change);
  }

  /** Forgets what is from before a time: changes of memory that is gone, and what calls that failed may have done. */
  forget(before: number): void {
    this.#last.filter(({what, time}) => what !== 'unmapped' || time >= before);
    for (const spans of Object.values(this.#perhaps)) spans.filter(({time}) => time >= before);
  }

  clear(): void {
    for (const spans of [this.#last, ...Object.values(this.#perhaps)]) spans.filter(() => false);
  }
}

function mark<Cause>(spans: Spans<Change<Cause>>, range: Range, change: Change<Cause>): void {
  for (const {start, end, value} of spans.set(range, change))
    if (value.what !== 'unmapped') spans.set({start, end}, {...change, earlier: without(change, value)});
}

function without<Cause>(mark: Change<Cause>, change: Change<Cause> | undefined): Change<Cause> | undefined {
  if (!change || isPut(change)) return change;
  const earlier = without(mark, change.earlier);
  if (change.what === mark.what && change.flags === mark.flags) return earlier;
  return earlier === change.earlier ? change : {...change, earlier};
}
