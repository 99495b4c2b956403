import {firstWhere} from '../../../model/search.ts';

/** A range of addresses; `end` is the first byte after it. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A range with what is known of all of its bytes. */
export interface Span<Value> extends Range {
  readonly value: Value;
}

/** What is known of each byte of an address space: ascending ranges that don't overlap. */
export class Spans<Value> {
  #spans: Span<Value>[] = [];

  /** All of them, in ascending order. */
  get all(): readonly Span<Value>[] {
    return this.#spans;
  }

  /** What is known of a range, cut at its borders. */
  within({start, end}: Range): Span<Value>[] {
    const {from, to} = this.#overlapping({start, end});
    return this.#spans
      .slice(from, to)
      .map((span) => ({start: Math.max(span.start, start), end: Math.min(span.end, end), value: span.value}));
  }

  /** The parts of a range of which nothing is known. */
  gapsIn({start, end}: Range): Range[] {
    const gaps: Range[] = [];
    let at = start;
    for (const span of this.within({start, end})) {
      if (span.start > at) gaps.push({start: at, end: span.start});
      at = span.end;
    }
    if (at < end) gaps.push({start: at, end});
    return gaps;
  }

  /** Forgets a range. @returns what was known of it */
  clear(range: Range): Span<Value>[] {
    return this.#replace(range, []);
  }

  /** @returns what was known of the range before */
  set(range: Range, value: Value): Span<Value>[] {
    return range.end > range.start ? this.#replace(range, [{...range, value}]) : [];
  }

  /** Keeps only what passes. */
  filter(passes: (value: Value) => boolean): void {
    this.#spans = this.#spans.filter(({value}) => passes(value));
  }

  #replace(range: Range, by: readonly Span<Value>[]): Span<Value>[] {
    if (range.end <= range.start) return [];
    const {from, to} = this.#overlapping(range);
    const before = this.within(range);
    const [first, last] = [this.#spans[from], this.#spans[to - 1]];
    const left = first && to > from && first.start < range.start ? [{...first, end: range.start}] : [];
    const right = last && to > from && last.end > range.end ? [{...last, start: range.end}] : [];
    this.#spans.splice(from, to - from, ...left, ...by, ...right);
    return before;
  }

  /** Places of the spans that have a byte of a range. */
  #overlapping({start, end}: Range): {from: number; to: number} {
    const from = firstWhere((place) => this.#spans[place]!.end > start, this.#spans.length);
    const to = firstWhere((place) => this.#spans[place]!.start >= end, this.#spans.length, from);
    return {from, to};
  }
}

/** A range so many bytes further on. */
export const shifted = ({start, end}: Range, by: number): Range => ({start: start + by, end: end + by});

/** Where both are. It is empty, its end before its start, where they don't meet. */
export const common = (a: Range, b: Range): Range => ({
  start: Math.max(a.start, b.start),
  end: Math.min(a.end, b.end),
});

/** Parts of a range, where they are not all of it. */
export function partsOf(parts: readonly Range[], range: Range): {parts?: readonly Range[]} {
  const bytes = parts.reduce((sum, {start, end}) => sum + end - start, 0);
  return bytes === range.end - range.start ? {} : {parts: parts.map(({start, end}) => ({start, end}))};
}
