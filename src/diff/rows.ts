import {OWN_COUNTERS} from '../model/region.ts';
import {ABSENT} from '../model/columns/columns.ts';
import type {Regions} from '../model/columns/regions.ts';
import {numberIn, type Numbers, Translation} from '../model/columns/translation.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {sweep, type Swept} from './sweep.ts';

/** The sweep of two moments of one process, of which most rows are the same. */
export function sweepRows(before: Snapshot, after: Snapshot): Swept {
  // A look at a process that is watched has the few regions that differ, as objects: columns would take longer to make.
  if (before.areObjects && after.areObjects) return sweep(before.regions, after.regions);
  return sweepTables(before.table, after.table);
}

/**
 * Rows that are the same say nothing, and only the others become regions. A region that is the same on both sides
 * overlaps nothing else, so that leaving it out changes nothing for its neighbours.
 */
function sweepTables(before: Regions, after: Regions): Swept {
  const rows = others(before, after);
  const {drafts, unchanged} = sweep(
    rows.before.map((row) => before.region(row)),
    rows.after.map((row) => after.region(row)),
  );
  return {drafts, unchanged: unchanged + after.length - rows.after.length};
}

interface Rows {
  readonly before: number[];
  readonly after: number[];
}

/** The rows of both sides that are not the same, ascending. */
function others(before: Regions, after: Regions): Rows {
  const pairs = new SameRows(before, after);
  const rows: Rows = {before: [], after: []};
  let [i, j] = [0, 0];
  // What was copied from one listing to the next need not be compared.
  for (const {from, row, count} of after.copiedFrom(before) ?? []) {
    pairs.compare(i, from, j, row, rows);
    [i, j] = [from + count, row + count];
  }
  pairs.compare(i, before.length, j, after.length, rows);
  return rows;
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

  /** Adds the rows that differ, of rows [i, to) before and [j, end) after. */
  compare(i: number, to: number, j: number, end: number, rows: Rows): void {
    const {start: ours} = this.#before;
    const {start: theirs} = this.#after;
    while (i < to || j < end) {
      if (j >= end || (i < to && ours[i]! < theirs[j]!)) rows.before.push(i++);
      else if (i >= to || theirs[j]! < ours[i]!) rows.after.push(j++);
      else if (this.areSame(i, j)) {
        i++;
        j++;
      } else {
        rows.before.push(i++);
        rows.after.push(j++);
      }
    }
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
      (this.#counters.length === 0 || this.#haveSameCounters(i, j))
    );
  }

  #haveSameCounters(i: number, j: number): boolean {
    return this.#counters.every(([one, other]) => one[i] === other[j] || one[i] === ABSENT || other[j] === ABSENT);
  }

  /** A side that does not have its flags says nothing about them. */
  #haveSameFlags(a: number, b: number): boolean {
    return a === 0 || b === 0 || a === numberIn(this.#flags, b);
  }
}
