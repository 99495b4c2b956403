import {copyOf, isSamePurpose, type Purpose, type Region, type Usage, withPurpose} from '../region.ts';
import {ABSENT, Columns, emptyNumbers, FLOATS, NUMBERS} from './columns.ts';
import {type Combinations, combinationsOf} from './combinations.ts';
import {Row} from './row.ts';
import type {Backing, Tables} from './tables.ts';

/** Rows that two listings have in common: how many, from one row on in the one, from another on in the other. */
interface Stretch {
  readonly from: number;
  readonly row: number;
  readonly count: number;
}

/**
 * The regions of one listing, as columns: to fill, to copy from an earlier listing, to group, and to take single ones
 * out. `at` gives a row as a Region to look at; `region` gives one to keep.
 */
export class Regions extends Columns implements Iterable<Region> {
  /** All rows as objects, once somebody has asked for all, so that each is made once; of what is new some may lack. */
  #objects: Array<Region | undefined> = [];
  /** Single rows that somebody has asked for before that. */
  readonly #singles = new Map<number, Region>();
  /** All of them, and the verdicts that they have: whoever classifies makes a new column. */
  #all: {readonly verdict: Uint32Array; readonly regions: readonly Region[]} | undefined;
  /** What `alike` said, and of which verdicts. */
  #alike: {readonly verdict: Uint32Array; readonly combinations: Combinations} | undefined;
  /** What `namedRows` said, and of how many rows: a diff asks for them six times. */
  #named: {readonly of: number; readonly rows: readonly number[]} | undefined;
  #copied: {readonly other: WeakRef<Regions>; readonly stretches: Stretch[]} | undefined;

  /** Regions that are objects already. They are handed out again as they are. */
  static of(regions: readonly Region[], tables?: Tables): Regions {
    const result = new Regions(regions.length, tables);
    for (const region of regions) result.push(region);
    result.#objects = [...regions];
    result.#all = {verdict: result.verdict, regions};
    return result;
  }

  /**
   * Empty columns in place of those of a listing that nobody uses any longer: who asks it for anything gets an error,
   * rather than something of another listing.
   */
  static inPlaceOf(old: Regions, tables: Tables): Regions {
    if (old.counters.length > 0 || old.rare.size > 0) return new Regions(old.start.length, tables);
    const {start, end, offset, perms, backing, verdict, flags, attributes} = old;
    for (const column of [verdict, flags, attributes]) column.fill(0, 0, old.length);
    const columns = {start, end, offset, perms, backing, verdict, flags, attributes};
    Object.assign(old, Object.fromEntries(Object.keys(columns).map((column) => [column, undefined])));
    return Object.assign(new Regions(0, tables), columns);
  }

  /** Which rows differ in nothing but their place in memory. Most are like another one. */
  get alike(): Combinations {
    if (!this.knowsAlike) this.#alike = {verdict: this.verdict, combinations: this.#combined()};
    return this.#alike!.combinations;
  }

  /** Has somebody asked for that? */
  get knowsAlike(): boolean {
    return this.#alike?.verdict === this.verdict && this.#alike.combinations.of.length === this.length;
  }

  #combined(): Combinations {
    const {offset, perms, backing, verdict, flags, attributes, counters, rare, length} = this;
    const columns = [perms, verdict, backing, this.sizes(), offset];
    // Columns that say nothing are not worth a look at each row.
    if (this.tables.flags.length > 1) columns.push(flags);
    if (this.tables.attributes.length > 1) columns.push(attributes);
    // Nobody has the rare counters of another region.
    if (rare.size > 0) columns.push(Uint32Array.from({length}, (_, row) => (rare.has(row) ? row + 1 : 0)));
    return combinationsOf([...columns, ...counters.map(({values}) => values)], length);
  }

  /** Sets counters of one row; others stay. */
  count(row: number, usage: Usage): void {
    for (const name in usage) {
      const bytes = usage[name];
      if (bytes === undefined) continue;
      const counter = this.counting(name);
      if (counter) counter.values[row] = bytes;
      else this.countRare(row, name, bytes);
    }
    if (row < this.#objects.length) this.#objects[row] = undefined;
    this.#singles.delete(row);
    this.#all = this.#alike = undefined;
  }

  push(region: Region): void {
    this.draft(region);
    this.length++;
  }

  /** Writes a region into the row after the last one, which is not one of the regions before `length` says so. */
  draft(region: Region): void {
    const row = this.length;
    const {tables} = this;
    this.reserve();
    this.start[row] = region.start;
    this.end[row] = region.end;
    this.offset[row] = region.offset ?? ABSENT;
    this.perms[row] = tables.permsOf(region.perms);
    this.backing[row] = tables.backingOf(region);
    this.verdict[row] = tables.purposeOf(region);
    this.flags[row] = tables.flagsOf(region.flags);
    this.attributes[row] = tables.attributesOf(region.attributes);
    if (region.usage) this.count(row, region.usage);
  }

  /** Appends rows [from, to) of another one with the same tables and no counters. */
  append(other: Regions, from: number, to: number): void {
    const row = this.length;
    this.reserve(row + to - from);
    for (const column of FLOATS) this[column].set(other[column].subarray(from, to), row);
    for (const column of NUMBERS)
      // A column that says nothing of any row is 0 throughout, and stays memory that nobody touched.
      if ((column !== 'flags' && column !== 'attributes') || this.tables[column].length > 1)
        this[column].set(other[column].subarray(from, to), row);
    for (let at = from; at < other.#objects.length && at < to; at++)
      this.#objects[row + at - from] = other.#objects[at];
    this.length += to - from;
    if (this.#copied?.other.deref() !== other) this.#copied = {other: new WeakRef(other), stretches: []};
    if (to > from) this.#copied.stretches.push({from, row, count: to - from});
  }

  /** What was appended from another listing, in address order; undefined where none of it was. */
  copiedFrom(other: Regions): readonly Stretch[] | undefined {
    return this.#copied?.other.deref() === other ? this.#copied.stretches : undefined;
  }

  /** Some of the rows, in this order. */
  pick(rows: ArrayLike<number>): Regions {
    const picked = new Regions(rows.length, this.tables);
    for (const {name} of this.counters) picked.counting(name);
    for (let index = 0; index < rows.length; index++) {
      const row = rows[index]!;
      for (const column of FLOATS) picked[column][index] = this[column][row]!;
      for (const column of NUMBERS) picked[column][index] = this[column][row]!;
      this.counters.forEach(({values}, at) => (picked.counters[at]!.values[index] = values[row]!));
      const rare = this.rare.get(row);
      if (rare) picked.rare.set(index, {...rare});
    }
    picked.length = rows.length;
    return picked;
  }

  /** The same rows with other permissions: all else is shared, what is decided about them too. */
  withPerms(perms: Uint32Array): Regions {
    const other = new Regions(0, this.tables);
    const {length, start, end, offset, backing, verdict, flags, attributes} = this;
    Object.assign(other, {length, start, end, offset, backing, verdict, flags, attributes, perms});
    other.counters.push(...this.counters);
    for (const [row, counters] of this.rare) other.rare.set(row, counters);
    return other;
  }

  /** One row to look at. It shows what the columns say when it is asked. */
  at(row: number): Region {
    return new Row(this, row);
  }

  /** One row as an object of its own. */
  region(row: number): Region {
    const [known, verdict] = [this.#objects[row] ?? this.#singles.get(row), this.verdictAt(row)];
    if (known && isSamePurpose(known, verdict)) return known;
    const region = known ? withPurpose(known, verdict) : copyOf(this.at(row));
    if (row < this.#objects.length) this.#objects[row] = region;
    else this.#singles.set(row, region);
    return region;
  }

  /** All of them as objects: the same list each time, until they are classified again. */
  toArray(): readonly Region[] {
    if (this.#all?.verdict !== this.verdict || this.#all.regions.length !== this.length)
      this.#all = {verdict: this.verdict, regions: this.#list()};
    return this.#all.regions;
  }

  #list(): readonly Region[] {
    const regions = Array.from({length: this.length}, (_, row) => this.region(row));
    this.#objects = [...regions];
    this.#singles.clear();
    return regions;
  }

  *[Symbol.iterator](): Generator<Region> {
    for (let row = 0; row < this.length; row++) yield this.at(row);
  }

  /** Nothing is decided about any row. */
  forget(): void {
    // The column that a list was made with says that the list is as it should be.
    if (this.#all) this.verdict = emptyNumbers(this.verdict.length);
    else this.verdict.fill(0, 0, this.length);
  }

  /** Decides what a row is for. */
  tell(row: number, verdict: Purpose): void {
    this.verdict[row] = this.tables.verdictOf(verdict);
  }

  /** What is mapped: the distinct backings of all regions. */
  get mapped(): readonly Backing[] {
    const numbers = new Set(this.alike.firsts.map((row) => this.backing[row]!));
    return Array.from(numbers, (number) => this.tables.backings[number]!);
  }

  /** Has any of them this name? */
  hasName(name: string): boolean {
    return this.rowsNamed(name).length > 0;
  }

  /** The rows of one name, ascending. */
  rowsNamed(name: string): number[] {
    return this.#rowsWhere((backing) => backing.name === name);
  }

  /** The rows that have a name, ascending. */
  namedRows(): readonly number[] {
    if (this.#named?.of !== this.length)
      this.#named = {of: this.length, rows: this.#rowsWhere(({name}) => name !== '')};
    return this.#named.rows;
  }

  #rowsWhere(isWanted: (backing: Backing) => boolean): number[] {
    const wanted = this.tables.backings.map(isWanted);
    const rows: number[] = [];
    if (!wanted.includes(true)) return rows;
    for (let row = 0; row < this.length; row++) if (wanted[this.backing[row]!]) rows.push(row);
    return rows;
  }

  /** Those for which something holds that doesn't depend on their place: of all that are alike, one is asked. */
  filter(holds: (region: Region) => boolean): Region[] {
    const {of, firsts} = this.alike;
    const isWanted = firsts.map((row) => holds(this.at(row)));
    const wanted: Region[] = [];
    if (!isWanted.includes(true)) return wanted;
    for (let row = 0; row < this.length; row++) if (isWanted[of[row]!]) wanted.push(this.region(row));
    return wanted;
  }

  /** The same, to look at. */
  namedOnes(): Region[] {
    return this.namedRows().map((row) => this.at(row));
  }
}

/** Is there the one record of smaps_rollup? It has the sums of all regions; how much is mapped it does not say. */
export const hasRollup = (regions: Regions): boolean => regions.hasName('[rollup]');
