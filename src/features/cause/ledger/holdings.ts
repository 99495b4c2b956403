import type {Owner} from './books.ts';
import {type Range, type Span, Spans} from './spans.ts';

/** Is told of each change of what somebody has mapped, in bytes: more or less than before. */
export type OnKept<Cause> = (owner: Owner<Cause>, bytes: number) => void;

/** Who mapped each byte that is mapped. */
export class Holdings<Cause> {
  readonly #held = new Spans<Owner<Cause>>();
  readonly #onKept: OnKept<Cause> | undefined;

  constructor(onKept?: OnKept<Cause>) {
    this.#onKept = onKept;
  }

  /** All of it, in ascending order. */
  get all(): readonly Span<Owner<Cause>>[] {
    return this.#held.all;
  }

  /** Who mapped a range, as far as it is mapped, in ascending order. */
  within(range: Range): Span<Owner<Cause>>[] {
    return this.#held.within(range);
  }

  /** What of a range is not mapped. */
  gapsIn(range: Range): Range[] {
    return this.#held.gapsIn(range);
  }

  /** A range is mapped, and whose it is; whatever was there is not. */
  hold(range: Range, owner: Owner<Cause>): void {
    const size = range.end - range.start;
    if (size <= 0) return;
    this.#keep(owner, size);
    for (const {start, end, value} of this.#held.set(range, owner)) this.#keep(value, start - end);
  }

  /** A range is no longer mapped. @returns what of it was, with whom it belonged to */
  drop(range: Range): Span<Owner<Cause>>[] {
    const dropped = this.#held.clear(range);
    for (const {start, end, value} of dropped) this.#keep(value, start - end);
    return dropped;
  }

  /** Nothing is mapped any longer. */
  clear(): void {
    for (const {start, end, value} of this.#held.all) this.#keep(value, start - end);
    this.#held.filter(() => false);
  }

  #keep(owner: Owner<Cause>, bytes: number): void {
    owner.kept += bytes;
    this.#onKept?.(owner, bytes);
  }
}
