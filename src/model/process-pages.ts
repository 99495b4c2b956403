import {hex, type Region} from './region.ts';
import {addTotals, PAGE, pageWords, totalsOfRuns, type PageRuns, type PageTotals} from './pages.ts';
import type {Snapshot} from './snapshot.ts';

/** The pages of one region, or of the part of it that was asked for. */
export interface RegionPages {
  readonly region: Region;
  readonly start: number;
  readonly end: number;
  readonly runs: PageRuns;
  readonly totals: PageTotals;
  /** Why nothing is known of these pages, a clause. */
  readonly unread?: string | undefined;
}

/** The soft-dirty marks were cleared, and so many ms later the pages were read. */
export interface DirtySince {
  /** ISO 8601. */
  readonly clearedAt: string;
  readonly ms: number;
}

interface ProcessPagesParts {
  readonly snapshot: Snapshot;
  readonly pageSize: number;
  readonly regions: readonly RegionPages[];
  readonly frames: 'known' | 'hidden';
  readonly consistency: PageConsistency;
  readonly notes: readonly string[];
  readonly dirtySince?: DirtySince | undefined;
}

/** Pages are read a few MiB of addresses at a time, while the process goes on. */
export interface PageConsistency {
  /** Regions were unmapped or replaced while their pages were read. */
  readonly torn: boolean;
  /** The process ended or began another program before all was read. */
  readonly incomplete: boolean;
}

/** More runs than this make no useful document: a region, or a range, can be chosen. */
const MOST_RUNS = 1_000_000;

/** The states of a process's pages at one moment. */
export class ProcessPages {
  /** The regions and their resident memory, read just before. */
  readonly snapshot: Snapshot;
  /** Bytes. */
  readonly pageSize: number;
  /** Ascending: those that were asked for. */
  readonly regions: readonly RegionPages[];
  /** Did the kernel show page frame numbers (CAP_SYS_ADMIN)? They are only used, never shown. */
  readonly frames: 'known' | 'hidden';
  readonly consistency: PageConsistency;
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[];
  readonly dirtySince: DirtySince | undefined;
  readonly totals: PageTotals;

  constructor(parts: ProcessPagesParts) {
    this.snapshot = parts.snapshot;
    this.pageSize = parts.pageSize;
    this.regions = parts.regions;
    this.frames = parts.frames;
    this.consistency = parts.consistency;
    this.notes = parts.notes;
    this.dirtySince = parts.dirtySince;
    this.totals = addTotals(parts.regions.map(({totals}) => totals));
  }

  get isWhole(): boolean {
    return this.snapshot.isWhole && !this.consistency.torn && !this.consistency.incomplete;
  }

  /** The document `memmap.pages/1`. @param withRuns false: totals alone */
  toJSON(withRuns = true): Record<string, unknown> {
    const {snapshot, notes} = this;
    const isTooMuch = this.regions.reduce((sum, {runs}) => sum + runs.states.length, 0) > MOST_RUNS;
    const remarks = [...snapshot.notes, ...notes, ...(withRuns && isTooMuch ? [TOO_MUCH] : [])];
    return {
      schema: 'memmap.pages/1',
      process: snapshot.process,
      takenAt: snapshot.takenAt ?? null,
      pageSize: this.pageSize,
      frames: this.frames,
      consistency: this.consistency,
      dirtySince: this.dirtySince,
      totals: totalsJSON(this.totals, this.frames),
      regions: this.regions.map((pages) => regionJSON(pages, this, withRuns && !isTooMuch)),
      notes: remarks.length > 0 ? remarks : undefined,
    };
  }
}

const TOO_MUCH = `Runs were left out, since there are more than ${MOST_RUNS}: choose a region, or a part of one as START-END.`;

/** With frame numbers hidden it isn't known which pages are the zero page or KSM's: then there is no such count. */
const totalsJSON = (totals: PageTotals, frames: ProcessPages['frames']): Record<string, number | undefined> =>
  frames === 'known' ? {...totals} : {...totals, zero: undefined, ksm: undefined};

function regionJSON(
  {region, start, end, runs, totals, unread}: RegionPages,
  {pageSize, frames}: ProcessPages,
  withRuns: boolean,
) {
  return {
    start: hex(start),
    end: hex(end),
    kind: region.kind,
    name: region.name,
    nameBase64: region.nameBase64,
    label: region.label,
    unread,
    totals: totalsJSON(totals, frames),
    runs: withRuns ? runsJSON(runs, pageSize) : undefined,
  };
}

const runsJSON = ({starts, states, end}: PageRuns, pageSize: number) =>
  states.map((state, index) => {
    const next = starts[index + 1] ?? end;
    const pages = (next - starts[index]!) / pageSize;
    return {start: hex(starts[index]!), end: hex(next), pages, state: pageWords(state)};
  });

/** Pages of which nothing is known. */
export function unreadPages(region: Region, start: number, end: number, pageSize: number, why: string): RegionPages {
  const runs = {starts: [start], states: [PAGE.unread], end};
  return {region, start, end, runs, totals: totalsOfRuns(runs, pageSize), unread: why};
}
