import {OWN_COUNTERS} from '../model/region.ts';
import {ABSENT, type Regions} from '../model/regions.ts';
import {numberIn, type Numbers, Translation} from '../model/translation.ts';
import {sweep, type Swept} from './sweep.ts';

/**
 * The sweep of two moments of one process, of which most rows are the same: those say nothing, and only the others
 * become regions. A region that is the same on both sides overlaps nothing else, so that leaving it out changes nothing
 * for its neighbours.
 */
export function sweepRows(before: Regions, after: Regions): Swept {
  const pairs = new SameRows(before, after);
  const rows: {readonly before: number[]; readonly after: number[]} = {before: [], after: []};
  let same = 0;
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    const [a, b] = [before.start[i]!, after.start[j]!];
    if (j >= after.length || (i < before.length && a < b)) rows.before.push(i++);
    else if (i >= before.length || b < a) rows.after.push(j++);
    else if (pairs.areSame(i, j)) {
      same++;
      i++;
      j++;
    } else {
      rows.before.push(i++);
      rows.after.push(j++);
    }
  }
  const {drafts, unchanged} = sweep(
    rows.before.map((row) => before.region(row)),
    rows.after.map((row) => after.region(row)),
  );
  return {drafts, unchanged: unchanged + same};
}

/** Compares rows of two listings. */
class SameRows {
  readonly #before: Regions;
  readonly #after: Regions;
  /** What the numbers of `after` are in the tables of `before`. */
  readonly #perms: Numbers;
  readonly #backing: Numbers;
  readonly #flags: Numbers;
  readonly #counters: ReadonlyArray<readonly [Float64Array, Float64Array]>;

  constructor(before: Regions, after: Regions) {
    this.#before = before;
    this.#after = after;
    const there = new Translation(before.tables, after.tables);
    this.#perms = there.of('perms');
    this.#backing = there.of('backing');
    this.#flags = there.of('flags');
    this.#counters = OWN_COUNTERS.flatMap((name) => {
      const [one, other] = [before.counter(name), after.counter(name)];
      return one && other ? [[one, other] as const] : [];
    });
  }

  /** Is there nothing to say about two rows that begin at the same address? */
  areSame(i: number, j: number): boolean {
    const [a, b] = [this.#before, this.#after];
    return (
      a.end[i] === b.end[j] &&
      a.offset[i] === b.offset[j] &&
      a.perms[i] === numberIn(this.#perms, b.perms[j]!) &&
      a.backing[i] === numberIn(this.#backing, b.backing[j]!) &&
      this.#haveSameFlags(a.flags[i]!, b.flags[j]!) &&
      this.#counters.every(([one, other]) => one[i] === other[j] || one[i] === ABSENT || other[j] === ABSENT)
    );
  }

  /** A side that does not have its flags says nothing about them. */
  #haveSameFlags(a: number, b: number): boolean {
    return a === 0 || b === 0 || a === numberIn(this.#flags, b);
  }
}
