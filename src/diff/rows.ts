import {OWN_COUNTERS} from '../model/region.ts';
import {ABSENT, type Regions} from '../model/regions.ts';
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
  readonly #perms: Translation;
  readonly #backing: Translation;
  readonly #flags: Translation;
  readonly #counters: ReadonlyArray<readonly [Float64Array, Float64Array]>;

  constructor(before: Regions, after: Regions) {
    this.#before = before;
    this.#after = after;
    const [a, b] = [before.tables, after.tables];
    const isShared = a === b;
    this.#perms = isShared ? undefined : translated(a.perms, b.perms, (text) => text);
    this.#backing = isShared
      ? undefined
      : translated(a.backings, b.backings, ({dev, inode, name, nameBase64}) =>
          [dev, inode, nameBase64 ?? '', name].join(' '),
        );
    this.#flags = isShared ? undefined : translated(a.flags, b.flags, (list) => JSON.stringify(list ?? null));
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

/** The place in one table of each entry of another; undefined where the two are one table. */
type Translation = readonly number[] | undefined;

const numberIn = (translation: Translation, number: number): number => translation?.[number] ?? number;

function translated<Entry>(
  to: readonly Entry[],
  from: readonly Entry[],
  textOf: (entry: Entry) => string,
): Translation {
  const places = new Map(to.map((entry, place) => [textOf(entry), place]));
  return from.map((entry) => places.get(textOf(entry)) ?? ABSENT);
}
