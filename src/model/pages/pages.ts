import {hex, type Region} from '../region.ts';
import type {Snapshot} from '../snapshot.ts';

/**
 * What /proc/PID/pagemap says of single pages: Documentation/admin-guide/mm/pagemap.rst; fs/proc/task_mmu.c,
 * pte_to_pagemap_entry(). A page's state is a small number with these bits. The first nine are bits 55 to 63 of the
 * kernel's word, moved down; the others come from elsewhere.
 */
export const PAGE = {
  /** Written since somebody last cleared this mark (4 to /proc/PID/clear_refs). Only with CONFIG_MEM_SOFT_DIRTY. */
  softDirty: 1 << 0,
  /** Only this process maps the page, and it does so once. */
  exclusive: 1 << 1,
  /** userfaultfd write protection. */
  uffdWp: 1 << 2,
  /** A guard region, madvise(2) MADV_GUARD_INSTALL: a touch is a SIGSEGV. */
  guard: 1 << 3,
  /** It belongs to a file, or to shared memory, which the kernel backs by one. */
  file: 1 << 6,
  /** In swap; or a page that the kernel is just moving, or one that it lost to a hardware fault. */
  swapped: 1 << 7,
  present: 1 << 8,
  /** The zero page: what a read of untouched anonymous memory maps. /proc/kpageflags says so. */
  zero: 1 << 9,
  /** Merged with pages of the same content (KSM). /proc/kpageflags says so. */
  ksm: 1 << 10,
  /**
   * Anonymous, and neither of these two, though not exclusive: fork left it to several processes. /proc/kpageflags says
   * so.
   */
  copyOnWrite: 1 << 12,
  /** Was not read, so nothing is known of it. */
  unread: 1 << 11,
} as const;

/**
 * What a page is before all else.
 *
 * own       present, anonymous, mapped by nobody else
 * shared    present, anonymous, and not exclusive: a page that fork left to two processes, a KSM page, or the zero page
 * zero      the zero page, where /proc/kpageflags could be asked
 * file      present, of a file or of shared memory
 * swapped guard absent unread
 */
const PAGE_CLASSES = ['own', 'shared', 'zero', 'file', 'swapped', 'guard', 'absent', 'unread'] as const;

export type PageClass = (typeof PAGE_CLASSES)[number];

export function classOfPage(state: number): PageClass {
  if (state & PAGE.unread) return 'unread';
  if (state & PAGE.guard) return 'guard';
  if (state & PAGE.present) {
    if (state & PAGE.file) return 'file';
    if (state & PAGE.zero) return 'zero';
    return state & PAGE.exclusive ? 'own' : 'shared';
  }
  return state & PAGE.swapped ? 'swapped' : 'absent';
}

/** A state in words, the main one first: `present anonymous exclusive`, `absent soft-dirty`. */
export function pageWords(state: number): string[] {
  const page = classOfPage(state);
  const words = [...WORDS[page]];
  if (state & PAGE.file) words.push('file');
  if (state & PAGE.exclusive) words.push('exclusive');
  else if (state & PAGE.file && state & PAGE.present) words.push('shared');
  else if (state & PAGE.ksm) words.push('ksm');
  else if (page === 'shared') words.push(state & PAGE.copyOnWrite ? 'shared' : 'shared-or-zero');
  if (state & PAGE.uffdWp) words.push('uffd-wp');
  if (state & PAGE.softDirty) words.push('soft-dirty');
  return words;
}

const WORDS: Readonly<Record<PageClass, readonly string[]>> = {
  own: ['present', 'anonymous'],
  shared: ['present', 'anonymous'],
  zero: ['present', 'anonymous', 'zero'],
  file: ['present'],
  swapped: ['swapped'],
  guard: ['guard'],
  absent: ['absent'],
  unread: ['unread'],
};

/**
 * Does it have the soft-dirty mark? A new mapping has it as a whole, even on pages that were never there: those were
 * not written.
 */
export const isWritten = (state: number): boolean =>
  (state & PAGE.softDirty) !== 0 && (state & (PAGE.present | PAGE.swapped)) !== 0;

/** Neighbouring pages in one state are a run. Two columns of numbers, since a region may have millions of runs. */
export interface PageRuns {
  /**
   * Where each run begins: ascending addresses, the first one that of the range. A run ends where the next one begins.
   */
  readonly starts: readonly number[];
  readonly states: readonly number[];
  /** Where the last run ends. */
  readonly end: number;
}

/**
 * Numbers of pages. `pages` is the sum of present, swapped, guard, absent and unread; `present` of anonymous and file.
 */
export interface PageTotals {
  pages: number;
  present: number;
  anonymous: number;
  /** Present pages of files and of shared memory. */
  file: number;
  /** Present, and mapped only by this process. */
  exclusive: number;
  /** Present, anonymous, not exclusive. */
  sharedOrZero: number;
  /** A part of sharedOrZero; 0 where frame numbers are hidden. */
  zero: number;
  /** A part of sharedOrZero; 0 where frame numbers are hidden. */
  ksm: number;
  swapped: number;
  guard: number;
  absent: number;
  unread: number;
  /** With the mark, and not absent. */
  softDirty: number;
  uffdWp: number;
}

const noPages = (): PageTotals => ({
  pages: 0,
  present: 0,
  anonymous: 0,
  file: 0,
  exclusive: 0,
  sharedOrZero: 0,
  zero: 0,
  ksm: 0,
  swapped: 0,
  guard: 0,
  absent: 0,
  unread: 0,
  softDirty: 0,
  uffdWp: 0,
});

export function totalsOfRuns({starts, states, end}: PageRuns, pageSize: number): PageTotals {
  const totals = noPages();
  for (const [index, state] of states.entries()) {
    count(totals, state, ((starts[index + 1] ?? end) - starts[index]!) / pageSize);
  }
  return totals;
}

function count(totals: PageTotals, state: number, pages: number): void {
  const page = classOfPage(state);
  totals.pages += pages;
  if (isWritten(state)) totals.softDirty += pages;
  if (state & PAGE.uffdWp) totals.uffdWp += pages;
  if (page === 'swapped' || page === 'guard' || page === 'absent' || page === 'unread') {
    totals[page] += pages;
    return;
  }
  totals.present += pages;
  totals[page === 'file' ? 'file' : 'anonymous'] += pages;
  if (state & PAGE.exclusive) totals.exclusive += pages;
  if (page === 'shared' || page === 'zero') totals.sharedOrZero += pages;
  if (page === 'zero') totals.zero += pages;
  else if (state & PAGE.ksm) totals.ksm += pages;
}

export function addTotals(all: readonly PageTotals[]): PageTotals {
  const sum = noPages();
  const keys = Object.keys(sum) as Array<keyof PageTotals>;
  for (const each of all) for (const key of keys) sum[key] += each[key];
  return sum;
}

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

/** The soft-dirty marks were cleared, and this many ms later the pages were read. */
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

/** Pages are read a few MiB of addresses at a time, while the process continues. */
interface PageConsistency {
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

const TOO_MUCH = `Runs were left out, since there are more than ${MOST_RUNS}: choose a region, or a part (START-END).`;

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
