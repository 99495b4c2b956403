/** A number for each row. */
export type Numbers = Float64Array | Uint32Array;

/** Rows that have equal numbers in some columns. */
export interface Combinations {
  /** For each row: the number of its combination. */
  readonly of: Uint32Array;
  /** By that number, which follows the order of the rows: the first row that has it. */
  readonly firsts: readonly number[];
  /** By that number: how many rows have it. */
  readonly counts: readonly number[];
}

/**
 * Finds out which rows are equal in some columns. Of 60,000 regions most are like another one but for their addresses:
 * what is said of them has to be made a few times only. Neighbours take turns, so the last two combinations are tried
 * first.
 */
export function combinationsOf(columns: readonly Numbers[], length: number): Combinations {
  const of = new Uint32Array(length);
  const firsts: number[] = [];
  const counts: number[] = [];
  const areEqual = equality(columns);
  const table = new CombinationTable(columns, firsts, areEqual);
  let isMixed: boolean | undefined;
  let [last, before] = [-1, -1];
  for (let row = 0; row < length; row++) {
    if (last < 0 || !areEqual(firsts[last]!, row)) {
      if (row > TRIAL && isMixed === undefined) isMixed = firsts.length > TRIAL * MOST_DIFFERENT;
      const isBefore = before >= 0 && areEqual(firsts[before]!, row);
      const next = isBefore ? before : isMixed ? firsts.push(row) - 1 : table.numberOf(row);
      before = last;
      last = next;
    }
    of[row] = last;
    counts[last] = (counts[last] ?? 0) + 1;
  }
  return {of, firsts, counts};
}

/** Where nearly all of this many rows are different, the others are not looked up: equal combinations do no harm. */
const TRIAL = 2000;
const MOST_DIFFERENT = 0.9;

/** All rows, in their order. */
export function allRows({length}: {readonly length: number}): Uint32Array {
  const rows = new Uint32Array(length);
  for (let row = 0; row < length; row++) rows[row] = row;
  return rows;
}

/** Places of the table that are looked at for one combination. */
const MOST_TRIES = 64;

/**
 * Are two rows equal in all columns? One after another, since V8 then knows of each whether it has doubles: of 60,000
 * regions a loop over the columns takes 10 ms more.
 */
function equality([first, second, third, ...others]: readonly Numbers[]): (a: number, b: number) => boolean {
  if (!first || !second || !third) return (a, b) => first?.[a] === first?.[b] && second?.[a] === second?.[b];
  const [fourth = first, fifth = first, ...rest] = others;
  return (a, b) => {
    if (first[a] !== first[b] || second[a] !== second[b] || third[a] !== third[b]) return false;
    if (fourth[a] !== fourth[b] || fifth[a] !== fifth[b]) return false;
    for (let index = 0; index < rest.length; index++) if (rest[index]![a] !== rest[index]![b]) return false;
    return true;
  };
}

/**
 * Combinations by their numbers: a table with open addressing, of which half is used at most. Where many of them fall
 * on one place, which somebody may have contrived, the search is given up: two equal combinations do no harm.
 */
class CombinationTable {
  readonly #columns: readonly Numbers[];
  readonly #firsts: number[];
  readonly #areEqual: (a: number, b: number) => boolean;
  /** The number of a combination and 1. */
  #slots = new Int32Array(1024);
  readonly #hashes: number[] = [];
  readonly #numbers: number[] = [];

  constructor(columns: readonly Numbers[], firsts: number[], areEqual: (a: number, b: number) => boolean) {
    this.#columns = columns;
    this.#firsts = firsts;
    this.#areEqual = areEqual;
  }

  numberOf(row: number): number {
    const mask = this.#slots.length - 1;
    const hash = this.#hash(row);
    let slot = hash & mask;
    let tries = 0;
    for (let entry; tries < MOST_TRIES && (entry = this.#slots[slot]!) !== 0; slot = (slot + 1) & mask, tries++)
      if (this.#areEqual(this.#firsts[entry - 1]!, row)) return entry - 1;
    const number = this.#firsts.push(row);
    if (tries === MOST_TRIES) return number - 1;
    this.#slots[slot] = number;
    this.#hashes.push(hash);
    this.#numbers.push(number);
    if (this.#numbers.length * 2 > mask) this.#grow();
    return number - 1;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 4);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#numbers.length; entry++) {
      let slot = this.#hashes[entry]! & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = this.#numbers[entry]!;
    }
    this.#slots = slots;
  }

  /** Sizes are whole pages, so that the low bits of numbers alone say little. */
  #hash(row: number): number {
    let hash = 0;
    for (let index = 0; index < this.#columns.length; index++) {
      const value = this.#columns[index]![row]!;
      hash = Math.imul(hash ^ value ^ (value / 2 ** 32), 0x85ebca6b);
      hash ^= hash >>> 13;
    }
    return hash;
  }
}
