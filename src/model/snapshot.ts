import {RegionList} from './columns/list.ts';
import {NOT_SUMMED, type Region, regionJSON} from './region.ts';
import {hasRollup, Regions} from './columns/regions.ts';
import {totalsByKind, totalsOf, type Totals} from './totals.ts';
import {cluesJSON, type Clues} from './clues/clues.ts';
import {observedJSON, type Observed} from './host/observer.ts';

/** Where a snapshot comes from. */
export interface Source {
  /** `process`: read from /proc. `capture`: a text somebody saved. `snapshot`: a memmap snapshot. */
  readonly from: 'process' | 'capture' | 'snapshot';
  /** What was read: `maps`, `smaps`, `smaps_rollup`, `tutorial`, … */
  readonly format: string;
  /** The file, or `-` for standard input. */
  readonly name?: string | undefined;
}

/** Whose memory it is; what the source doesn't say is absent. */
export interface ProcessInfo {
  readonly pid?: number;
  readonly ppid?: number;
  readonly comm?: string;
  /** What /proc/PID/exe points to. */
  readonly exe?: string;
  /** Clock ticks from boot to the process's start: field 22 of proc_pid_stat(5). exec keeps it. */
  readonly startTime?: number;
  readonly bootId?: string;
  /** One letter of proc_pid_stat(5): R, S, D, Z, T, … */
  readonly state?: string;
  readonly threads?: number;
  readonly uid?: number;
  /** Fields 26, 28 and 47 of stat: they differ between two program images of one process. */
  readonly startCode?: string;
  readonly startStack?: string;
  readonly startBrk?: string;
}

/** How far the listing can be trusted. The kernel lets go of its locks between two lines (proc.rst, "maps"). */
export interface Consistency {
  /**
   * Regions overlapped or went backwards. They were put in order, later lines before earlier ones, and nothing is
   * summed twice.
   */
  readonly torn: boolean;
  /** The listing ends early, or belongs to two program images. */
  readonly incomplete: boolean;
  /** How often the listing was read until it was accepted. */
  readonly reads: number;
}

/** A line that no reader accepts. */
export interface Rejected {
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
  readonly why: string;
}

interface SnapshotParts {
  readonly source: Source;
  /** Ascending and without overlaps. */
  readonly regions: readonly Region[] | Regions;
  /** ISO 8601, or ms since 1970. */
  readonly takenAt?: string | number | undefined;
  readonly process?: ProcessInfo;
  readonly consistency?: Partial<Consistency>;
  /** /proc/PID/status: byte counts and a few words, keys in camelCase. */
  readonly status?: Readonly<Record<string, number | string | boolean>>;
  readonly rejected?: readonly Rejected[];
  /** What a reader should know, a sentence each. */
  readonly notes?: readonly string[];
  readonly clues?: Clues | undefined;
  readonly observed?: Observed | undefined;
}

/** All regions of one process at one moment, with its status. */
export class Snapshot {
  readonly source: Source;
  readonly process: ProcessInfo;
  readonly consistency: Consistency;
  readonly status: Readonly<Record<string, number | string | boolean>>;
  readonly rejected: readonly Rejected[];
  readonly notes: readonly string[];
  /** What else tells what the regions are for; empty for a bare listing. */
  readonly clues: Clues;
  /** What memmap's own mappings did to the kernel's figures; undefined where it shares nothing, or nobody knows. */
  readonly observed: Observed | undefined;
  #regions: readonly Region[] | undefined;
  #table: Regions | undefined;
  #totals: Totals | undefined;
  #takenAt: string | number | undefined;

  constructor(parts: SnapshotParts) {
    this.source = parts.source;
    if (parts.regions instanceof Regions) this.#table = parts.regions;
    else this.#regions = parts.regions;
    this.#takenAt = parts.takenAt;
    this.process = parts.process ?? {};
    this.consistency = {torn: false, incomplete: false, reads: 1, ...parts.consistency};
    this.status = parts.status ?? {};
    this.rejected = parts.rejected ?? [];
    this.notes = parts.notes ?? [];
    this.clues = parts.clues ?? {};
    this.observed = parts.observed;
  }

  /**
   * ISO 8601; undefined for a capture that doesn't say. It is written when it is asked for: the first Date of a program
   * takes V8 0.2 ms.
   */
  get takenAt(): string | undefined {
    if (typeof this.#takenAt === 'number') this.#takenAt = new Date(this.#takenAt).toISOString();
    return this.#takenAt;
  }

  /** Ascending and without overlaps: objects to index, spread, filter and keep, made when they are first asked for. */
  get regions(): readonly Region[] {
    return (this.#regions ??= this.#table!.toArray());
  }

  /** The same as columns, for what has to be quick with many. Nobody changes them. */
  get table(): Regions {
    return (this.#table ??= Regions.of(this.#regions!));
  }

  /** Are its regions the very same list as those of another one? Then nothing differs, and nobody need compare. */
  hasRegionsOf(other: Snapshot): boolean {
    if (this === other || (this.#table !== undefined && this.#table === other.#table)) return true;
    return this.#regions !== undefined && this.#regions === other.#regions;
  }

  /** Were its regions made as objects, and never put into columns? Few of them are compared sooner as they are. */
  get areObjects(): boolean {
    return this.#table === undefined;
  }

  /** How many regions there are. */
  get count(): number {
    return this.#regions?.length ?? this.#table!.length;
  }

  /** The counters of smaps that any of the regions has, in the order in which they come, but for those of no sum. */
  get counted(): string[] {
    if (this.#table) return Object.keys(this.totals).filter((name) => name !== 'regions' && name !== 'size');
    const names = new Set<string>();
    for (const {usage} of this.#regions!)
      for (const name in usage) if (usage[name] !== undefined && !NOT_SUMMED.has(name)) names.add(name);
    return [...names];
  }

  /** Has any region this counter? */
  hasCounter(name: string): boolean {
    if (this.#regions) return this.#regions.some(({usage}) => usage?.[name] !== undefined);
    return this.#table!.hasCounter(name);
  }

  /** The same snapshot, said to come from somewhere else. */
  withSource(source: Source): Snapshot {
    return this.#with({source});
  }

  /** The same process at the same moment, with some of its regions, and a note that says which. */
  withRegions(regions: readonly Region[] | Regions, note: string): Snapshot {
    return this.#with({regions, notes: [...this.notes, note]});
  }

  #with(parts: Partial<SnapshotParts>): Snapshot {
    const {source, process, consistency, status, rejected, notes, clues, observed} = this;
    const takenAt = this.#takenAt;
    const regions = this.#table ?? this.regions;
    const all = {source, regions, takenAt, process, consistency, status, rejected, notes, clues, observed};
    return new Snapshot({...all, ...parts});
  }

  get totals(): Totals {
    return (this.#totals ??= totalsOf(this.table));
  }

  /** Is everything there, and from one moment? */
  get isWhole(): boolean {
    return !this.consistency.torn && !this.consistency.incomplete && this.rejected.length === 0;
  }

  /** The totals, without `size` where it is not known: a rollup does not say how much is mapped. */
  get knownTotals(): Readonly<Record<string, number | undefined>> {
    return {...this.totals, ...(hasRollup(this.table) && {size: undefined})};
  }

  #totalsJSON(): Record<string, unknown> {
    const kinds = [...totalsByKind(this.table)];
    const size = hasRollup(this.table) ? {size: undefined} : {};
    return {
      ...this.knownTotals,
      kinds: Object.fromEntries(kinds.map(([kind, sums]) => [kind, {...sums, ...size}])),
    };
  }

  /** The document `memmap.snapshot/1`. */
  toJSON(): Record<string, unknown> {
    return {...this.document(), regions: Array.from(this.table, regionJSON)};
  }

  /** The same for writing it out: its regions are made one after another. */
  document(): Record<string, unknown> {
    return {
      schema: 'memmap.snapshot/1',
      source: this.source,
      takenAt: this.takenAt ?? null,
      process: this.process,
      consistency: this.consistency,
      regions: new RegionList(this.table),
      totals: this.#totalsJSON(),
      status: this.status,
      clues: cluesJSON(this.clues),
      observer: this.observed && observedJSON(this.observed),
      rejected: this.rejected.length > 0 ? this.rejected : undefined,
      notes: this.notes.length > 0 ? this.notes : undefined,
    };
  }
}
