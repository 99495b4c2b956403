import type {Kind} from '../model/kind.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {totalsByKind} from '../model/totals.ts';
import {isMeasured, isSameList, type Seen} from './seen.ts';
import {Sums} from './sums.ts';
import {amountsOf, sizesOf, Tracks, type Stay, type Track, type Values} from './tracks.ts';

/** An amount over time. Times in ms, ascending; values in bytes, or a number of things. Both lists have one length. */
export interface Points {
  readonly t: readonly number[];
  readonly v: readonly number[];
}

/** A time in ms, from one moment to another. */
export interface Time {
  readonly from: number;
  readonly to: number;
}

/** Numbers of /proc/PID/status that are kept of each look. */
type StatusKey = 'vmRss' | 'threads';

/**
 * Amounts of one process over time: of the whole, of each kind and of each region. Sizes are known at each look; the
 * counters of smaps only at some, since reading them stalls the process: so each amount has its own times.
 *
 * Give it the looks in order; it keeps amounts, not the snapshots.
 */
export class Series {
  /** When it was looked at, in ms. */
  readonly times: number[] = [];
  /** The looks at which smaps was read, as indices into `times`. */
  readonly usageAt: number[] = [];
  readonly #sums: Sums;
  /** By kind, values of each of the measures of the sums. */
  readonly #kinds = new Map<Kind, number[][]>();
  readonly #status: Readonly<Record<StatusKey, Array<number | null>>> = {vmRss: [], threads: []};
  readonly #tracks: Tracks | undefined;
  #last: Seen | undefined;

  /**
   * @param counters keys of the smaps counters to keep of each kind, such as `rss`; the size is kept in any case
   * @param followed the one to keep of each region; undefined: regions are not followed
   */
  constructor(counters: readonly string[], followed?: string) {
    this.#sums = new Sums(counters.filter((counter) => counter !== 'size'));
    this.#tracks = followed === undefined ? undefined : new Tracks(followed);
  }

  add(seen: Seen): void {
    const look = this.times.length;
    const hasCounters = isMeasured(seen);
    if (!this.#last || !isSameList(seen, this.#last)) this.#follow(seen, look);
    this.#last = seen;
    this.times.push(seen.t);
    const status = seen.status ?? seen.snapshot.status;
    for (const key of ['vmRss', 'threads'] as const) this.#status[key].push(numberOf(status[key]));
    if (hasCounters) this.usageAt.push(look);
    for (const [kind, columns] of this.#kinds) {
      const sums = this.#sums.byKind.get(kind)!;
      const known = hasCounters ? columns.length : ALWAYS;
      for (let at = 0; at < known; at++) columns[at]!.push(sums[at]!);
    }
  }

  #follow(seen: Seen, look: number): void {
    const {listed, event} = seen;
    if (listed?.difference) {
      this.#sums.change(listed.difference);
      this.#tracks?.change(listed.difference, listed.listing, look);
    } else {
      const rows = listed?.rows ?? seen.snapshot.regions.map((region) => ({bare: region, whole: region}));
      this.#sums.reset(rows);
      this.#tracks?.add(rows, listed?.listing ?? 'smaps', look, event === 'exec');
    }
    if (this.#sums.byKind.size === this.#kinds.size) return;
    for (const kind of totalsByKind(seen.snapshot.table).keys())
      if (!this.#kinds.has(kind)) this.#kinds.set(kind, this.#nothingSoFar());
  }

  /** What was seen last; undefined if nothing was. */
  get last(): Snapshot | undefined {
    return this.#last?.snapshot;
  }

  /** All kinds that were there at some look, in the order in which they were first seen. */
  get kinds(): readonly Kind[] {
    return [...this.#kinds.keys()];
  }

  /** All regions that were there at some look, in the order of their first one; none if regions are not followed. */
  get tracks(): readonly Track[] {
    return this.#followed()?.all ?? [];
  }

  /** The stays of all of them, in the order in which they began. */
  get stays(): readonly Stay[] {
    return this.#followed()?.stays ?? [];
  }

  /**
   * Resident memory of the whole process at each look (VmRSS of /proc/PID/status), in bytes; null where it isn't known.
   */
  get resident(): ReadonlyArray<number | null> {
    return this.#status.vmRss;
  }

  /** The whole process: `size`, `regions`, or a counter that is kept. */
  total(measure: string): Points {
    const looks = this.#looksOf(measure);
    const columns = this.kinds.map((kind) => this.valuesOf(kind, measure));
    return this.points({looks, values: sumOf(columns, looks.length)});
  }

  /** A kind: it has 0 of everything while no region is of it. */
  ofKind(kind: Kind, measure: string): Points {
    return this.points({looks: this.#looksOf(measure), values: this.valuesOf(kind, measure)});
  }

  /** The values of a kind: `size` and `regions` at each look, a counter that is kept at each of `usageAt`. */
  valuesOf(kind: Kind, measure: string): readonly number[] {
    return this.#kinds.get(kind)?.[this.#sums.measures.indexOf(measure)] ?? [];
  }

  /** A number of /proc/PID/status, at the looks that knew it: `vmRss` in bytes, or `threads`. */
  ofStatus(key: StatusKey): Points {
    const all = this.#status[key];
    const looks = [...all.keys()].filter((look) => all[look] !== null);
    return this.points({looks, values: looks.map((look) => all[look]!)});
  }

  /** A region, while it was there: its `size`, or the counter that is followed. */
  ofTrack(track: Track, measure: 'size' | 'amount'): Points {
    return this.points(measure === 'size' ? sizesOf(track) : amountsOf(track, this.usageAt));
  }

  points({looks, values}: Values): Points {
    return {t: looks.map((look) => this.times[look]!), v: values};
  }

  #followed(): Tracks | undefined {
    this.#tracks?.close(this.times.length);
    return this.#tracks;
  }

  #looksOf(measure: string): readonly number[] {
    return isAlways(measure) ? [...this.times.keys()] : this.usageAt;
  }

  /** A kind that is first seen late was not there before. */
  #nothingSoFar(): number[][] {
    return this.#sums.measures.map((measure) => this.#looksOf(measure).map(() => 0));
  }
}

/** This many of the measures are known at each look: the number of regions, and their size. */
const ALWAYS = 2;

const isAlways = (measure: string): boolean => measure === 'regions' || measure === 'size';

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null);

/** The sum of several lists, value by value. */
export function sumOf(columns: ReadonlyArray<readonly number[]>, length: number): number[] {
  const sum = Array.from({length}, () => 0);
  for (const column of columns) for (const [at, value] of column.entries()) sum[at]! += value;
  return sum;
}
