import type {Kind} from '../model/kind.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {totalsByKind, type Totals} from '../model/totals.ts';
import {Tracks, type Steps, type Track} from './tracks.ts';

/** An amount over time. Times in ms, ascending; values in bytes, or a number of things. Both lists have one length. */
export interface Points {
  readonly t: readonly number[];
  readonly v: readonly number[];
}

/** What was seen of a process at one moment. */
export interface Seen {
  /** ms since the first moment. */
  readonly t: number;
  readonly snapshot: Snapshot;
  /** status at this moment, where the snapshot's own is older. */
  readonly status?: Snapshot['status'] | undefined;
}

/**
 * Amounts of one process over time: of the whole, of each kind and of each region. Sizes are known at each look; the
 * counters of smaps only at some, since reading them stalls the process: so each amount has its own times.
 *
 * Give it the looks in order; it keeps what changed, not the snapshots.
 */
export class Series {
  /** The smaps counter that is kept for each region: `rss`, `privateDirty`, … */
  readonly counter: string;
  readonly #times: number[] = [];
  readonly #usageLooks: number[] = [];
  readonly #kinds: Array<ReadonlyMap<Kind, Totals>> = [];
  readonly #totals: Totals[] = [];
  readonly #status: Array<Snapshot['status']> = [];
  readonly #tracks: Tracks;
  #last: Snapshot | undefined;

  constructor(counter = 'rss') {
    this.counter = counter;
    this.#tracks = new Tracks(counter);
  }

  add({t, snapshot, status}: Seen): void {
    const look = this.#times.length;
    const isSame = snapshot === this.#last;
    this.#times.push(t);
    this.#status.push(status ?? snapshot.status);
    const kinds = isSame ? this.#kinds.at(-1)! : totalsByKind(snapshot.regions);
    const totals = isSame ? this.#totals.at(-1)! : sumOf(kinds);
    this.#kinds.push(kinds);
    this.#totals.push(totals);
    const hasUsage = totals['rss'] !== undefined;
    if (hasUsage) this.#usageLooks.push(look);
    if (isSame) this.#tracks.again(look);
    else this.#tracks.add(snapshot.regions, look, hasUsage ? this.#usageLooks.length - 1 : undefined);
    this.#last = snapshot;
  }

  /** When it was looked at, in ms. */
  get times(): readonly number[] {
    return this.#times;
  }

  /** What was seen last; undefined if nothing was. */
  get last(): Snapshot | undefined {
    return this.#last;
  }

  /** How many looks had counters. */
  get usageLooks(): number {
    return this.#usageLooks.length;
  }

  /** All kinds that were there at some look. */
  get kinds(): readonly Kind[] {
    return [...new Set(this.#kinds.flatMap((kinds) => [...kinds.keys()]))];
  }

  /** All regions that were there at some look, in the order of their first one. */
  get tracks(): readonly Track[] {
    return this.#tracks.all;
  }

  /** The whole process: `size`, `regions`, or a smaps counter. */
  total(measure: string): Points {
    return this.#at(measure, (look) => this.#totals[look]![measure]);
  }

  /** A kind: it has 0 of everything while no region is of it. */
  ofKind(kind: Kind, measure: string): Points {
    return this.#at(measure, (look) => this.#kinds[look]!.get(kind)?.[measure] ?? 0);
  }

  /** A number of /proc/PID/status, by its key in camelCase: `vmRss`, `rssAnon`, `threads`. */
  ofStatus(key: string): Points {
    const looks = [...this.#times.keys()].filter((look) => typeof this.#status[look]![key] === 'number');
    return pointsOf(looks, this.#times, (look) => Number(this.#status[look]![key]));
  }

  /** A region, while it was there: its `size`, or the counter that is kept. */
  ofTrack(track: Track, measure: 'size' | 'amount'): Points {
    if (measure === 'size') {
      const looks = Array.from({length: track.last - track.first + 1}, (_, index) => track.first + index);
      return spread(track.size, looks, (look) => this.#times[look]!);
    }
    const looks: number[] = [];
    for (let i = track.firstAmount ?? Infinity; i < this.#usageLooks.length; i++) {
      if (this.#usageLooks[i]! <= track.last) looks.push(i);
    }
    return spread(track.amount, looks, (look) => this.#times[this.#usageLooks[look]!]!);
  }

  #at(measure: string, valueOf: (look: number) => number | undefined): Points {
    const isAlways = measure === 'size' || measure === 'regions';
    const looks = isAlways ? this.#times.map((_, look) => look) : this.#usageLooks;
    return pointsOf(looks, this.#times, (look) => valueOf(look) ?? 0);
  }
}

/** The totals of the whole: going over all regions again would take as long as going over them by kind. */
function sumOf(kinds: ReadonlyMap<Kind, Totals>): Totals {
  const sum: Record<string, number> = {};
  for (const totals of kinds.values())
    for (const counter in totals) sum[counter] = (sum[counter] ?? 0) + totals[counter]!;
  return {...sum, regions: sum['regions'] ?? 0, size: sum['size'] ?? 0};
}

const pointsOf = (looks: readonly number[], times: readonly number[], valueOf: (look: number) => number): Points => ({
  t: looks.map((look) => times[look]!),
  v: looks.map(valueOf),
});

/** What was kept where it changed, at each of the given looks. */
function spread({at, value}: Steps, looks: readonly number[], timeOf: (look: number) => number): Points {
  let step = 0;
  const v = looks.map((look) => {
    while (step + 1 < at.length && at[step + 1]! <= look) step++;
    return value[step]!;
  });
  return {t: looks.map(timeOf), v};
}
