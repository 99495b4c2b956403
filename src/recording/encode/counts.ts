import {ABSENT, type Counter} from '../../model/columns/columns.ts';
import {Regions} from '../../model/columns/regions.ts';
import {type Numbers, numberIn, Translation} from '../../model/columns/translation.ts';
import {type Members, Places} from './places.ts';
import {uncountedAt, wordsOf} from '../frames/row.ts';

/**
 * The counters and flags that a reader knows of regions, and what a line must say of them. Looks that read maps alone
 * leave them as they were.
 */
export class Counts {
  readonly #pageSize: number;
  readonly #wordLists = new Places();
  /** The counters that the kernel prints. */
  #names: readonly string[] = [];
  /** The last listing that had counters. */
  #table: Regions | undefined;
  /** Of each region of the last look, its row there, or ABSENT where it came later. */
  #rows = new Int32Array(0);

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Were there counters? */
  get isBegun(): boolean {
    return this.#table !== undefined;
  }

  /**
   * The next look.
   *
   * @param from of each of its regions, the row that it had in the look before; ABSENT for one that is new
   */
  next(table: Regions, from: Int32Array, hasUsage: boolean): Members {
    const rows = from.map((known) => (known === ABSENT ? ABSENT : (this.#rows[known] ?? ABSENT)));
    this.#rows = rows;
    if (!hasUsage) return {};
    const names = namesIn(table, this.#names);
    const isNew = names !== this.#names;
    this.#names = names;
    const known = (!isNew && this.#table) || NOTHING;
    if (known === NOTHING) rows.fill(ABSENT);
    const usage = this.#usage(table, known);
    const words = this.#words(table, known);
    this.#table = table;
    for (let row = 0; row < rows.length; row++) rows[row] = row;
    return {
      counters: isNew ? JSON.stringify(names) : undefined,
      usage,
      wordLists: this.#wordLists.added(),
      words: words.length > 0 ? JSON.stringify(words) : undefined,
    };
  }

  /** Where counters differ from what the reader expects: by counter, the place of a region and its bytes, in turn. */
  #usage(table: Regions, known: Regions): string | undefined {
    const lists: Array<readonly [name: string, list: Array<number | null>]> = [];
    for (const name of this.#names) {
      const list = this.#differing(table, known, name);
      if (list.length > 0) lists.push([name, list]);
    }
    // In the order of the regions, as a reader goes through them.
    const usage = lists.toSorted(([, a], [, b]) => a[0]! - b[0]!);
    return lists.length > 0 ? JSON.stringify(Object.fromEntries(usage)) : undefined;
  }

  #differing(table: Regions, known: Regions, name: string): Array<number | null> {
    const {start, end, length} = table;
    const rows = this.#rows;
    const [now, then] = [columnOf(table, name), columnOf(known, name)];
    const list: Array<number | null> = [];
    for (let row = 0; row < length; row++) {
      const bytes = table.countAt(row, name, now);
      const size = end[row]! - start[row]!;
      const place = rows[row]!;
      const counted = place === ABSENT ? ABSENT : known.countAt(place, name, then);
      const isSize = name === 'size' && counted !== ABSENT;
      const expected = place === ABSENT ? uncountedAt(name, size, this.#pageSize) : isSize ? size : counted;
      if (bytes !== expected) list.push(row, bytes === ABSENT ? null : bytes);
    }
    return list;
  }

  /** The same of flags and attributes: the place of a region and that of its list, in turn. */
  #words(table: Regions, known: Regions): number[] {
    const {flags, attributes, tables, length} = table;
    const there = new Translation(known.tables, tables);
    const [flagsThere, attributesThere] = [there.of('flags'), there.of('attributes')];
    const isKnown = (column: 'flags' | 'attributes', numbers: Numbers, row: number): boolean => {
      const place = this.#rows[row]!;
      return (place === ABSENT ? 0 : known[column][place]!) === numberIn(numbers, table[column][row]!);
    };
    const places = new Map<number, number>();
    const words: number[] = [];
    for (let row = 0; row < length; row++) {
      if (isKnown('flags', flagsThere, row) && isKnown('attributes', attributesThere, row)) continue;
      const [flag, attribute] = [flags[row]!, attributes[row]!];
      const key = flag * MOST_LISTS + attribute;
      let place = places.get(key);
      if (place === undefined) {
        const text = wordsOf({flags: tables.flags[flag], attributes: tables.attributes[attribute]});
        places.set(key, (place = this.#wordLists.of(JSON.stringify(text))));
      }
      words.push(row, place);
    }
    return words;
  }
}

const NOTHING = new Regions(0);

/** More than a table ever has. */
const MOST_LISTS = 2 ** 26;

const columnOf = ({counters}: Regions, name: string): Counter | undefined =>
  counters.find((counter) => counter.name === name);

/** The names of all counters, in the order in which the regions have them; the same list if it is as known. */
function namesIn({counters, rare, length}: Regions, known: readonly string[]): readonly string[] {
  const all: Array<readonly [row: number, name: string]> = [];
  for (const {name, values} of counters) {
    const row = values.subarray(0, length).findIndex((bytes) => bytes !== ABSENT);
    if (row >= 0) all.push([row, name]);
  }
  for (const [row, some] of rare) for (const name of Object.keys(some)) all.push([row, name]);
  const names = new Set(all.toSorted(([a], [b]) => a - b).map(([, name]) => name));
  return names.size === known.length && known.every((name) => names.has(name)) ? known : [...names];
}
