import {hex} from '../../model/region.ts';
import {ABSENT} from '../../model/columns/columns.ts';
import {Regions} from '../../model/columns/regions.ts';
import {numberIn, type Numbers, Translation} from '../../model/columns/translation.ts';
import {Counts} from './counts.ts';
import {listText, type Members, Places} from './places.ts';
import {RowTexts} from '../frames/row.ts';

/** The regions that a reader knows after the last line, and what the next one must say of them. */
export class Listed {
  readonly #kinds = new Places();
  readonly #counts: Counts;
  #table = new Regions(0);

  /** At first the reader knows nothing. @param pageSize bytes */
  constructor(pageSize: number) {
    this.#counts = new Counts(pageSize);
  }

  /** How many regions there are. */
  get length(): number {
    return this.#table.length;
  }

  /**
   * The next look.
   *
   * @param table stays as it is until the look after this one
   * @param hasUsage smaps was read for it
   */
  next(table: Regions, hasUsage: boolean): Members {
    const before = this.#table;
    if (table === before) return {};
    this.#table = table;
    const same = new SameLines(before, table);
    const rows = new RowTexts(table, this.#kinds);
    const gone: string[] = [];
    /** The row of `before` that begins where each row does, or ABSENT; where nothing was counted nobody asks for it. */
    const from = hasUsage || this.#counts.isBegun ? new Int32Array(table.length) : undefined;
    let at = 0;
    const skipTo = (start: number): void => {
      for (; at < before.length && before.start[at]! < start; at++) gone.push(`"${hex(before.start[at]!)}"`);
    };
    for (let row = 0; row < table.length; row++) {
      const start = table.start[row]!;
      if (at < before.length && before.start[at]! < start) skipTo(start);
      const known = at < before.length && before.start[at] === start ? at++ : ABSENT;
      if (known === ABSENT || !same.areSame(known, row)) rows.add(row);
      if (from) from[row] = known;
    }
    skipTo(Infinity);
    const counts = from && this.#counts.next(table, from, hasUsage);
    return {gone: listText(gone), kinds: this.#kinds.added(), regions: rows.text(), ...counts};
  }
}

/** Compares what lines say of regions: what maps prints, and what they are for. */
class SameLines {
  readonly #before: Regions;
  readonly #after: Regions;
  /** What the numbers of `after` are in the tables of `before`. */
  readonly #perms: Numbers;
  readonly #backing: Numbers;
  readonly #verdict: Numbers;

  constructor(before: Regions, after: Regions) {
    this.#before = before;
    this.#after = after;
    const there = new Translation(before.tables, after.tables);
    this.#perms = there.of('perms');
    this.#backing = there.of('backing');
    this.#verdict = there.of('verdict');
  }

  /** @param known a row of before that begins where `row` of after does */
  areSame(known: number, row: number): boolean {
    const [a, b] = [this.#before, this.#after];
    return (
      a.end[known] === b.end[row] &&
      a.offset[known] === b.offset[row] &&
      a.perms[known] === numberIn(this.#perms, b.perms[row]!) &&
      a.backing[known] === numberIn(this.#backing, b.backing[row]!) &&
      a.verdict[known] === numberIn(this.#verdict, b.verdict[row]!)
    );
  }
}
