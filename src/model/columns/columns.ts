import type {Kind} from '../kind.ts';
import type {Purpose, Usage} from '../region.ts';
import {Tables, type Backing} from './tables.ts';

/** In a column of numbers: the source doesn't say. */
export const ABSENT = -1;

/** A counter of smaps: bytes of each region, or ABSENT. */
export interface Counter {
  /** Its key in JSON. */
  readonly name: string;
  values: Float64Array;
}

/**
 * What a listing says of its regions, as columns of numbers: a row is a region, and what many regions have in common is
 * a number into `tables`. 60,000 regions are a few arrays instead of 60,000 objects: nothing to allocate one by one,
 * and nothing that the garbage collector has to carry along.
 */
export class Columns {
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
  #shape: Shape = {length: 0, usage: {}};

  /** @param capacity rows for which there is room at first */
  constructor(capacity = 64, tables: Tables = new Tables()) {
    this.tables = tables;
    [this.start, this.end, this.offset] = [floats(capacity), floats(capacity), floats(capacity)];
    [this.perms, this.backing, this.verdict] = [emptyNumbers(capacity), emptyNumbers(capacity), emptyNumbers(capacity)];
    [this.flags, this.attributes] = [emptyNumbers(capacity), emptyNumbers(capacity)];
  }

  /** Makes room for one row more. What was there before in the columns themselves is not theirs any longer. */
  reserve(rows = this.length + 1): void {
    if (rows <= this.start.length) return;
    const capacity = Math.max(rows, 2 * this.start.length);
    for (const column of FLOATS) this[column] = larger(this[column], floats(capacity));
    for (const column of NUMBERS) this[column] = larger(this[column], emptyNumbers(capacity));
    for (const counter of this.counters) counter.values = larger(counter.values, absents(capacity));
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

  /** Takes back what smaps said of a row. */
  uncount(row: number): void {
    for (const {values} of this.counters) values[row] = ABSENT;
    this.rare.delete(row);
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

  /** The counters of one row; undefined where it has none. */
  usageAt(row: number): Usage | undefined {
    const {counters} = this;
    const rare = this.rare.get(row);
    if (!rare && !counters.some(({values}) => values[row] !== ABSENT)) return undefined;
    if (this.#shape.length !== counters.length) this.#shape = shapeOf(counters);
    const usage = filled(this.#shape, counters, (at) => counters[at]!.values[row]!);
    return rare ? Object.assign(usage, rare) : usage;
  }
}

/** Columns of counters; the kernel has 25. */
const MOST_COUNTERS = 40;

/** The names of the columns that every listing has. */
export const FLOATS = ['start', 'end', 'offset'] as const;
export const NUMBERS = ['perms', 'backing', 'verdict', 'flags', 'attributes'] as const;

function larger<Column extends Float64Array | Uint32Array>(column: Column, to: Column): Column {
  to.set(column);
  return to;
}

const floats = (length: number): Float64Array<ArrayBuffer> => new Float64Array(length);
export const emptyNumbers = (length: number): Uint32Array<ArrayBuffer> => new Uint32Array(length);
export const absents = (length: number): Float64Array<ArrayBuffer> => floats(length).fill(ABSENT);

/** An object with a key for each of some counters. */
interface Shape {
  readonly length: number;
  readonly usage: Readonly<Record<string, number>>;
}

export const shapeOf = (counters: readonly Counter[]): Shape => ({
  length: counters.length,
  usage: JSON.parse(JSON.stringify(Object.fromEntries(counters.map(({name}) => [name, 0])))) as Record<string, number>,
});

/**
 * Some counters as an object, without those that are ABSENT. In V8 an object that gets its keys one by one becomes a
 * hash table after a dozen of them, which takes four times the memory and the time; a copy of one that has all keys
 * doesn't.
 */
export function filled(
  {usage}: Shape,
  counters: readonly Counter[],
  valueOf: (index: number) => number,
): Record<string, number> {
  const object = {...usage};
  for (let index = 0; index < counters.length; index++) {
    const value = valueOf(index);
    if (value === ABSENT) delete object[counters[index]!.name];
    else object[counters[index]!.name] = value;
  }
  return object;
}
