import type {Region} from './region.ts';
import {ABSENT} from './columns/columns.ts';
import type {Regions} from './columns/regions.ts';

/** A file of /proc/PID that has a measure. */
export type ListingName = 'maps' | 'smaps' | 'smaps_rollup' | 'status';

/** A row of the table of measures. What it leaves out follows from the rest. */
export interface MeasureRow {
  /** The line of smaps, as the kernel prints it. */
  readonly field?: string;
  /** Or the measures of which it is the sum. */
  readonly of?: readonly string[];
  /** The files that have it. By default smaps and smaps_rollup, and status where it has a line there. */
  readonly listings?: readonly ListingName[];
  /** Its line in status, in camelCase: what it is now. */
  readonly status?: string;
  /** The line of status that has the highest since the program began. */
  readonly peak?: string;
  /** Bytes, unless it counts things. */
  readonly unit?: 'count';
  readonly title: string;
  readonly words?: string;
  readonly noun?: string;
  readonly meaning: string;
  /** Spellings besides its key, titles and fields. */
  readonly also?: readonly string[];
  /** Of a region: where it has it without counters. */
  readonly ofRegion?: (region: Region) => number;
  /** The same of all rows. */
  readonly ofRows?: (regions: Regions) => Float64Array;
}

/** Sums of counters by their keys: totals of regions, or the counters of one. What is absent is not known. */
type Amounts = Readonly<Record<string, number | undefined>>;

/** /proc/PID/status, keys in camelCase. */
type Status = Readonly<Record<string, number | string | boolean>>;

/** A measure of memory, and everything that is known about it. */
export interface Measure<Key extends string = string> {
  /** Its name everywhere: in JSON, as a column, in rules and exports. */
  readonly key: Key;
  /** The head of a column: `private dirty`. */
  readonly title: string;
  /** What an amount of it is, in a sentence: `address space`, `resident`, `swapped`. */
  readonly words: string;
  /** The same as a thing that may grow: `resident memory`. */
  readonly noun: string;
  readonly unit: 'bytes' | 'count';
  /** What it is, in one clause after its noun. */
  readonly meaning: string;
  /** Its lines in smaps, as the kernel prints them; more than one are added up. */
  readonly fields: readonly string[];
  /** The files of /proc/PID that have it. */
  readonly listings: readonly ListingName[];
  /** As a gauge of OpenMetrics, whose names are in snake_case and end with the unit. */
  readonly metric: {readonly type: 'gauge'; readonly name: string; readonly help: string};
  /** All spellings that are accepted for it, the key first. Capitals, spaces, `-` and `_` make no difference. */
  readonly spellings: readonly string[];
  /** Of one region: bytes, or 1 for a count of regions; undefined where the source doesn't say. */
  readonly ofRegion: (region: Region) => number | undefined;
  /** Of each row: bytes, or ABSENT; undefined where no region has it. */
  readonly ofRows: (regions: Regions) => Float64Array | undefined;
  /** Of sums over regions, or of a region's counters; undefined where they have none of it. */
  readonly ofTotals: (totals: Amounts | undefined) => number | undefined;
  /** Of the whole process, as status has it now; undefined where it has not. */
  readonly ofStatus: (status: Status | undefined) => number | undefined;
  /** The highest since the program began, which the kernel keeps; undefined where it does not. */
  readonly peakOfStatus: (status: Status | undefined) => number | undefined;
}

/** @param rows the table, for the fields of what is a sum */
export const measureOf = <Key extends string>(key: Key, rows: Readonly<Record<string, MeasureRow>>): Measure<Key> =>
  new MeasureOfRow(key, rows);

/**
 * A row of the table, and what follows from it. Each is worked out when it is asked for: all of it for all measures
 * would be a fifth of the code that runs at each start.
 */
class MeasureOfRow<Key extends string> implements Measure<Key> {
  readonly key: Key;
  readonly #rows: Readonly<Record<string, MeasureRow>>;
  readonly #row: MeasureRow;
  #ofTotals: Measure['ofTotals'] | undefined;
  #ofRegion: Measure['ofRegion'] | undefined;
  #ofRows: Measure['ofRows'] | undefined;
  #ofStatus: Measure['ofStatus'] | undefined;
  #peakOfStatus: Measure['peakOfStatus'] | undefined;

  constructor(key: Key, rows: Readonly<Record<string, MeasureRow>>) {
    this.key = key;
    this.#rows = rows;
    this.#row = rows[key]!;
  }

  get title(): string {
    return this.#row.title;
  }

  get words(): string {
    return this.#row.words ?? this.title;
  }

  get noun(): string {
    return this.#row.noun ?? `${this.words} memory`;
  }

  get unit(): Measure['unit'] {
    return this.#row.unit ?? 'bytes';
  }

  get meaning(): string {
    return this.#row.meaning;
  }

  get fields(): string[] {
    return this.#parts.flatMap((key) => this.#rows[key]?.field ?? []);
  }

  get listings(): readonly ListingName[] {
    const {listings, status} = this.#row;
    return listings ?? ['smaps', 'smaps_rollup', ...(status === undefined ? [] : ['status' as const])];
  }

  get metric(): Measure['metric'] {
    const {key, noun, meaning, unit} = this;
    return {
      type: 'gauge',
      name: `memmap_${snakeCase(key)}${unit === 'bytes' ? '_bytes' : ''}`,
      help: `${noun.charAt(0).toUpperCase()}${noun.slice(1)}: ${meaning}.`,
    };
  }

  get spellings(): string[] {
    const {field, status, also = []} = this.#row;
    const own = [field, status].filter((text) => text !== undefined);
    return [...new Set([this.key, this.title, this.words, this.noun, ...own, ...also])];
  }

  get ofTotals(): Measure['ofTotals'] {
    return (this.#ofTotals ??= sumOf(this.#parts));
  }

  get ofRegion(): Measure['ofRegion'] {
    const {ofTotals} = this;
    return (this.#ofRegion ??= this.#row.ofRegion ?? (({usage}) => ofTotals(usage)));
  }

  get ofRows(): Measure['ofRows'] {
    const parts = this.#parts;
    return (this.#ofRows ??= this.#row.ofRows ?? ((regions) => columnOf(parts, regions)));
  }

  get ofStatus(): Measure['ofStatus'] {
    return (this.#ofStatus ??= numberAt(this.#row.status));
  }

  get peakOfStatus(): Measure['peakOfStatus'] {
    return (this.#peakOfStatus ??= numberAt(this.#row.peak));
  }

  /** The measures of which it is the sum: itself, where it is none. */
  get #parts(): readonly string[] {
    return this.#row.of ?? [this.key];
  }
}

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function sumOf(keys: readonly string[]): Measure['ofTotals'] {
  const [first] = keys;
  if (keys.length === 1) return (amounts) => amounts?.[first!];
  return (amounts) => {
    let sum: number | undefined;
    for (const key of keys) {
      const bytes = amounts?.[key];
      if (bytes !== undefined) sum = (sum ?? 0) + bytes;
    }
    return sum;
  };
}

/** The sum of some counters. */
function columnOf(keys: readonly string[], regions: Regions): Float64Array | undefined {
  const [first, ...others] = keys.map((key) => regions.counter(key)).filter((values) => values !== undefined);
  if (!first || others.length === 0) return first;
  const sum = first.slice(0, regions.length);
  for (const values of others)
    for (let row = 0; row < sum.length; row++)
      if (values[row] !== ABSENT) sum[row] = Math.max(0, sum[row]!) + values[row]!;
  return sum;
}

const numberAt =
  (line: string | undefined) =>
  (status: Status | undefined): number | undefined => {
    const value = line === undefined ? undefined : status?.[line];
    return typeof value === 'number' ? value : undefined;
  };
