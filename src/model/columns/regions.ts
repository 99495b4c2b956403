import {type Combinations, combinationsOf} from './combinations.ts';
import type {Kind} from '../kind.ts';
import {copyOf, isSamePurpose, type Purpose, type Region, type Usage, withPurpose} from '../region.ts';
import {Tables, type Backing} from './tables.ts';

/** In a column of numbers: the source doesn't say. */
export const ABSENT = -1;

/** A counter of smaps: bytes of each region, or ABSENT. */
export interface Counter {
  /** Its key in JSON. */
  readonly name: string;
  values: Float64Array;
}

/** Rows that two listings have in common: so many, from one row on in the one, from another on in the other. */
interface Stretch {
  readonly from: number;
  readonly row: number;
  readonly count: number;
}

/**
 * The regions of one listing as columns of numbers: a row is a region, and what many regions have in common is a number
 * into `tables`. 60,000 regions are a few arrays instead of 60,000 objects: nothing to allocate one by one, and nothing
 * that the garbage collector has to carry along.
 *
 * `at` gives a row as a Region to look at; `region` gives one to keep.
 */
export class Regions implements Iterable<Region> {
  readonly tables: Tables;
  length = 0;
  start: Float64Array;
  end: Float64Array;
  /** Bytes into the file, or ABSENT. */
  offset: Float64Array;
  perms: Uint32Array;
  backing: Uint32Array;
  verdict: Uint32Array;
  flags: Uint32Array;
  attributes: Uint32Array;
  /** In the order in which the source has them. */
  readonly counters: Counter[] = [];
  /** By row: counters of a source that has so many that a column for each would be mostly empty. */
  readonly rare = new Map<number, Record<string, number>>();
  /** All rows as objects, once somebody has asked for all, so that each is made once; of what is new some may lack. */
  #objects: Array<Region | undefined> = [];
  /** Single rows that somebody has asked for before that. */
  readonly #singles = new Map<number, Region>();
  /** All of them, and the verdicts that they have: whoever classifies makes a new column. */
  #all: {readonly verdict: Uint32Array; readonly regions: readonly Region[]} | undefined;
  /** What `alike` said, and of which verdicts. */
  #alike: {readonly verdict: Uint32Array; readonly combinations: Combinations} | undefined;
  #copied: {readonly other: WeakRef<Regions>; readonly stretches: Stretch[]} | undefined;
  #shape: {readonly length: number; readonly usage: Readonly<Record<string, number>>} = {length: 0, usage: {}};

  /** @param capacity rows for which there is room at first */
  constructor(capacity = 64, tables: Tables = new Tables()) {
    this.tables = tables;
    [this.start, this.end, this.offset] = [floats(capacity), floats(capacity), floats(capacity)];
    [this.perms, this.backing, this.verdict] = [numbers(capacity), numbers(capacity), numbers(capacity)];
    [this.flags, this.attributes] = [numbers(capacity), numbers(capacity)];
  }

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

  /** Makes room for one row more. What was there before in the columns themselves is not theirs any longer. */
  reserve(rows = this.length + 1): void {
    if (rows <= this.start.length) return;
    const capacity = Math.max(rows, 2 * this.start.length);
    const more = <Column extends Float64Array | Uint32Array>(column: Column, larger: Column): Column => {
      larger.set(column);
      return larger;
    };
    this.start = more(this.start, floats(capacity));
    this.end = more(this.end, floats(capacity));
    this.offset = more(this.offset, floats(capacity));
    this.perms = more(this.perms, numbers(capacity));
    this.backing = more(this.backing, numbers(capacity));
    this.verdict = more(this.verdict, numbers(capacity));
    this.flags = more(this.flags, numbers(capacity));
    this.attributes = more(this.attributes, numbers(capacity));
    for (const counter of this.counters) counter.values = more(counter.values, absents(capacity));
  }

  /** Has any row counters? */
  get hasCounters(): boolean {
    if (this.rare.size > 0) return true;
    return this.counters.some(({values}) => values.subarray(0, this.length).some((bytes) => bytes !== ABSENT));
  }

  /** Has any row this counter? */
  hasCounter(name: string): boolean {
    const values = this.counter(name)?.subarray(0, this.length);
    if (values?.some((bytes) => bytes !== ABSENT)) return true;
    return [...this.rare.values()].some((counters) => name in counters);
  }

  /** The column of a counter; undefined where no region has it. */
  counter(name: string): Float64Array | undefined {
    return this.counters.find((counter) => counter.name === name)?.values ?? this.#rareCounter(name);
  }

  #rareCounter(name: string): Float64Array | undefined {
    let values: Float64Array | undefined;
    for (const [row, counters] of this.rare) {
      const bytes = counters[name];
      if (bytes !== undefined) (values ??= absents(this.length))[row] = bytes;
    }
    return values;
  }

  /** Which rows differ in nothing but their place in memory. Most are like another one. */
  get alike(): Combinations {
    if (this.#alike?.verdict !== this.verdict || this.#alike.combinations.of.length !== this.length)
      this.#alike = {verdict: this.verdict, combinations: this.#combined()};
    return this.#alike.combinations;
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

  /** Bytes of address space of each row. */
  sizes(): Float64Array {
    const {start, end, length} = this;
    const sizes = floats(length);
    for (let row = 0; row < length; row++) sizes[row] = end[row]! - start[row]!;
    return sizes;
  }

  /**
   * The same, and it is made where there is none.
   *
   * @returns undefined where there are many already: it is rare
   */
  counting(name: string): Counter | undefined {
    const known = this.counters.find((counter) => counter.name === name);
    if (known || this.counters.length >= MOST_COUNTERS) return known;
    const counter = {name, values: absents(this.start.length)};
    this.counters.push(counter);
    return counter;
  }

  /** What a counter says of a row: bytes, or ABSENT. @param counter its column; undefined if it is rare */
  countAt(row: number, name: string, counter: Counter | undefined): number {
    return counter ? counter.values[row]! : (this.rare.get(row)?.[name] ?? ABSENT);
  }

  /** Sets a counter that has no column. */
  countRare(row: number, name: string, bytes: number): void {
    const counters = this.rare.get(row) ?? {};
    counters[name] = bytes;
    this.rare.set(row, counters);
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

  /** Takes back what smaps said of a row. */
  uncount(row: number): void {
    for (const {values} of this.counters) values[row] = ABSENT;
    this.rare.delete(row);
  }

  /** Appends rows [from, to) of another one with the same tables and no counters. */
  append(other: Regions, from: number, to: number): void {
    const row = this.length;
    this.reserve(row + to - from);
    for (const column of ['start', 'end', 'offset'] as const) this[column].set(other[column].subarray(from, to), row);
    for (const column of NUMBERS) this[column].set(other[column].subarray(from, to), row);
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
      for (const column of ['start', 'end', 'offset'] as const) picked[column][index] = this[column][row]!;
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

  backingAt(row: number): Backing {
    return this.tables.backings[this.backing[row]!]!;
  }

  verdictAt(row: number): Purpose {
    return this.tables.verdicts[this.verdict[row]!]!;
  }

  nameAt(row: number): string {
    return this.backingAt(row).name;
  }

  kindAt(row: number): Kind {
    return this.verdictAt(row).kind;
  }

  /**
   * The counters of one row; undefined where it has none. In V8 an object that gets its keys one by one becomes a hash
   * table after a dozen of them, which takes four times the memory and the time; a copy of one that has all keys
   * doesn't.
   */
  usageAt(row: number): Usage | undefined {
    const {counters} = this;
    const rare = this.rare.get(row);
    if (!rare && !counters.some(({values}) => values[row] !== ABSENT)) return undefined;
    if (this.#shape.length !== counters.length) this.#shape = shapeOf(counters);
    const usage: Record<string, number> = {...this.#shape.usage};
    for (const {name, values} of counters) {
      if (values[row] === ABSENT) delete usage[name];
      else usage[name] = values[row]!;
    }
    return rare ? Object.assign(usage, rare) : usage;
  }

  /** Nothing is decided about any row. */
  forget(): void {
    // The column that a list was made with says that the list is as it should be.
    if (this.#all) this.verdict = numbers(this.verdict.length);
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
  namedRows(): number[] {
    return this.#rowsWhere(({name}) => name !== '');
  }

  #rowsWhere(isWanted: (backing: Backing) => boolean): number[] {
    const wanted = this.tables.backings.map(isWanted);
    const rows: number[] = [];
    if (!wanted.includes(true)) return rows;
    for (let row = 0; row < this.length; row++) if (wanted[this.backing[row]!]) rows.push(row);
    return rows;
  }

  /** The same, to look at. */
  namedOnes(): Region[] {
    return this.namedRows().map((row) => this.at(row));
  }
}

/** Is there the one record of smaps_rollup? It has the sums of all regions; how much is mapped it does not say. */
export const hasRollup = (regions: Regions): boolean => regions.hasName('[rollup]');

/** Columns of counters; the kernel has 25. */
const MOST_COUNTERS = 40;

const NUMBERS = ['perms', 'backing', 'verdict', 'flags', 'attributes'] as const;

const floats = (length: number): Float64Array<ArrayBuffer> => new Float64Array(length);
const numbers = (length: number): Uint32Array<ArrayBuffer> => new Uint32Array(length);
const absents = (length: number): Float64Array<ArrayBuffer> => floats(length).fill(ABSENT);

const shapeOf = (counters: readonly Counter[]): {length: number; usage: Record<string, number>} => ({
  length: counters.length,
  usage: JSON.parse(JSON.stringify(Object.fromEntries(counters.map(({name}) => [name, 0])))) as Record<string, number>,
});

/** A region that is a row of columns. */
class Row implements Region {
  readonly #regions: Regions;
  readonly #row: number;

  constructor(regions: Regions, row: number) {
    this.#regions = regions;
    this.#row = row;
  }

  get start(): number {
    return this.#regions.start[this.#row]!;
  }

  get end(): number {
    return this.#regions.end[this.#row]!;
  }

  get perms(): string {
    return this.#regions.tables.perms[this.#regions.perms[this.#row]!]!;
  }

  get offset(): number | undefined {
    const offset = this.#regions.offset[this.#row]!;
    return offset === ABSENT ? undefined : offset;
  }

  get dev(): string {
    return this.#regions.backingAt(this.#row).dev;
  }

  get inode(): string {
    return this.#regions.backingAt(this.#row).inode;
  }

  get name(): string {
    return this.#regions.backingAt(this.#row).name;
  }

  get nameBase64(): string | undefined {
    return this.#regions.backingAt(this.#row).nameBase64;
  }

  get kind(): Kind {
    return this.#regions.verdictAt(this.#row).kind;
  }

  get label(): string | undefined {
    return this.#regions.verdictAt(this.#row).label;
  }

  get evidence(): string | undefined {
    return this.#regions.verdictAt(this.#row).evidence;
  }

  get confidence(): 'guess' | undefined {
    return this.#regions.verdictAt(this.#row).confidence;
  }

  get usage(): Usage | undefined {
    return this.#regions.usageAt(this.#row);
  }

  get flags(): readonly string[] | undefined {
    return this.#regions.tables.flags[this.#regions.flags[this.#row]!];
  }

  get attributes(): Region['attributes'] {
    return this.#regions.tables.attributes[this.#regions.attributes[this.#row]!];
  }
}
