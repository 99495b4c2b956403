import {type DirtySince, ProcessPages, type RegionPages, totalsOfRuns, unreadPages} from '../../model/pages/pages.ts';
import {hasNoAccess, type Region, sizeOf} from '../../model/region.ts';
import {isAlike} from '../../model/same.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {captureFrom, folderOf} from '../capture.ts';
import {isSame, type ProcessHandle} from '../handle.ts';
import {regionsNow} from '../regions.ts';
import {FrameFlags} from './kpageflags.ts';
import {PageMap, pageSizeHere} from './pagemap.ts';
import {sizeText} from '../../model/amounts.ts';
import {RunReader, type FrameReader} from '../../parse/proc/pagemap.ts';

interface PagesOptions {
  /** ms that reading smaps may stall the process: 50 by default. The page map itself is read in small pieces. */
  readonly maxStall?: number | undefined;
  /** Which pages to look at; ascending. */
  readonly choose: (snapshot: Snapshot) => readonly PageRange[];
  /** Handed on to the result. */
  readonly dirtySince?: DirtySince | undefined;
}

/** Read again if the process began another program, or changed its map, in the meantime. */
const TRIES = 3;

/**
 * ms. A walk that takes longer isn't repeated for a changed map: it would be changed again, and each costs the process.
 */
const WORTH_REPEATING = 200;

/**
 * Reads the states of a process's pages. Its regions are listed first, then the page map is read, then the regions are
 * listed once more: the kernel doesn't hold the process still in between.
 *
 * @throws Trouble `gone` or `denied`, and what `choose` throws
 */
export function capturePages(handle: ProcessHandle, options: PagesOptions): ProcessPages {
  let best: Attempt | undefined;
  for (let tries = 1; tries <= TRIES; tries++) {
    let attempt: Attempt | undefined;
    try {
      attempt = readOnce(handle, options);
    } catch (error) {
      // It ended between two tries: what was seen before is all there will ever be.
      if (best && error instanceof Trouble && error.kind === 'gone') break;
      throw error;
    }
    if (!attempt) continue;
    if (isGood(attempt) || isLong(attempt)) return toPages(attempt, options);
    if (attempt.walk.regions.some(({totals}) => totals.unread < totals.pages)) best = attempt;
  }
  if (!best) throw restless(handle);
  return toPages(best, options);
}

const isGood = ({walk, torn}: Attempt): boolean => !walk.isCut && torn === 0;

const isLong = ({walk, ms}: Attempt): boolean => !walk.isCut && ms > WORTH_REPEATING;

interface Attempt {
  readonly snapshot: Snapshot;
  readonly pageSize: number;
  readonly walk: Walk;
  /** Regions that are no longer there. */
  readonly torn: number;
  readonly ms: number;
}

/** @returns undefined if the regions and the page map are of two programs */
function readOnce(handle: ProcessHandle, options: PagesOptions): Attempt | undefined {
  const begin = performance.now();
  const stat = handle.stat();
  const snapshot = captureFrom(handle, {maxStall: options.maxStall});
  const choices = options.choose(snapshot);
  const pageSize = snapshot.clues.pageSize ?? pageSizeHere(handle.root);
  const map = new PageMap(handle, pageSize, folderOf(handle, stat));
  const frames = FrameFlags.open(handle.root);
  try {
    if (!isSame(stat, handle.stat())) return undefined;
    const walk = walkPages(map, choices, pageSize, frames && ((frame) => frames.read(frame)));
    const torn = walk.isCut ? 0 : countChanged(handle, choices);
    return {snapshot, pageSize, walk, torn, ms: performance.now() - begin};
  } finally {
    frames?.close();
    map.close();
  }
}

/** How many regions are no longer mapped as they were. A region that grew, or was split without a change, still is. */
function countChanged(handle: ProcessHandle, choices: readonly PageRange[]): number {
  const now = regionsNow(handle);
  let first = 0;
  let changed = 0;
  for (const {region, start, end} of choices) {
    while (first < now.length && now.end[first]! <= start) first++;
    let at = start;
    for (let row = first; at < end && row < now.length && now.start[row]! <= at && isAlike(now.at(row), region); row++)
      at = now.end[row]!;
    if (at < end) changed++;
  }
  // None at all: it has ended since, and what was read before is from one moment.
  return now.length === 0 ? 0 : changed;
}

function toPages({snapshot, pageSize, walk, torn}: Attempt, options: PagesOptions): ProcessPages {
  const notes: string[] = [];
  if (walk.isCut) {
    notes.push(
      'The process ended or began another program before all was read: what is missing is marked as not read.',
    );
  } else if (torn > 0) {
    const regions = torn === 1 ? '1 region was' : `${torn} regions were`;
    notes.push(
      `${regions} unmapped or changed while pages were read: some pages may be called absent that were there before.`,
    );
  }
  return new ProcessPages({
    snapshot,
    pageSize,
    regions: walk.regions,
    frames: walk.sawFrame ? 'known' : 'hidden',
    consistency: {torn: torn > 0, incomplete: walk.isCut},
    notes,
    dirtySince: options.dirtySince,
  });
}

const restless = (handle: ProcessHandle): Trouble =>
  new Trouble({
    kind: 'gone',
    what: `Cannot read the pages of process ${handle.pid}.`,
    why: `it began another program each of the ${TRIES} times it was looked at.`,
    next: 'Look again when it has settled.',
  });

const TIB = 1024 ** 4;

/** Larger regions are not read where smaps says that nothing is in them. */
const LARGE = TIB / 1024;

/** A hole costs the kernel 0.4 ms per GiB, and us as much again. */
const TOO_LARGE = TIB / 4;

/** Where canonical addresses of the kernel begin: [vsyscall] lies there. */
const KERNEL = 2 ** 63;

/**
 * Why the page map of a region, or of a part of it, should not be read; undefined if it should. Runtimes and sanitizers
 * reserve terabytes of address space that never hold a page: at 8 bytes per page, 16 TiB have a page map of 32 GiB.
 *
 * @returns a clause without a subject
 */
export function whyNotRead(region: Region, start: number, end: number): string | undefined {
  if (start >= KERNEL) return 'above user space the kernel has no page map';
  if (isDevice(region)) return 'the page map does not show pages of a device, or of the kernel itself';
  const isWhole = end - start === sizeOf(region);
  if (isWhole && end - start > LARGE && isEmpty(region)) return 'large, and nothing in it is resident or swapped';
  if (end - start > TOO_LARGE) return `larger than ${sizeText(TOO_LARGE)}; choose a part, as START-END`;
  return undefined;
}

/** VmFlags has pf: bare page frames, which the kernel doesn't count. The page map calls them absent. */
const isDevice = ({flags, kind}: Region): boolean =>
  flags ? flags.includes('pf') : kind === 'vvar' || kind === 'device';

/** As smaps says; where that was not read, memory without access is taken to be empty. */
function isEmpty(region: Region): boolean {
  const {usage} = region;
  if (usage?.rss === undefined) return hasNoAccess(region);
  const {rss, swap = 0, sharedHugetlb = 0, privateHugetlb = 0} = usage;
  return rss + swap + sharedHugetlb + privateHugetlb === 0;
}

/** The pages to look at: a region, or a part of one. */
export interface PageRange {
  readonly region: Region;
  readonly start: number;
  readonly end: number;
}

interface Walk {
  readonly regions: RegionPages[];
  /** Did a present page show its frame number? */
  readonly sawFrame: boolean;
  /** The page map ended early: exec, or the end of the process. */
  readonly isCut: boolean;
}

/** Pages. Gaps of at most this size between regions are read with them: a call of its own costs more. */
const SMALL_GAP = 256;

/** Reads the pages of regions, in ascending order. */
export function walkPages(map: PageMap, choices: readonly PageRange[], pageSize: number, frames?: FrameReader): Walk {
  const window = new Window(map, choices, pageSize);
  const regions: RegionPages[] = [];
  let sawFrame = false;
  for (const [index, {region, start, end}] of choices.entries()) {
    const why = whyNotRead(region, start, end);
    if (why !== undefined) {
      regions.push(unreadPages(region, start, end, pageSize, why));
      continue;
    }
    const reader = new RunReader(start, pageSize, frames);
    for (let at = start; at < end;) {
      const pages = window.at(at, index);
      if (!pages) break;
      const count = Math.min(pages.count, (end - at) / pageSize);
      reader.add(pages.words, pages.from, count);
      at += count * pageSize;
    }
    reader.giveUp(end);
    const runs = reader.finish();
    const totals = totalsOfRuns(runs, pageSize);
    sawFrame ||= reader.sawFrame;
    regions.push({region, start, end, runs, totals, ...(totals.unread > 0 && {unread: NO_WORDS})});
  }
  return {regions, sawFrame, isCut: regions.some(({unread}) => unread === NO_WORDS) && !isAlive(map, regions)};
}

const NO_WORDS = 'the kernel gave no page map here';

/** A part of the page map, with as many of the coming regions in it as lie close together. */
class Window {
  readonly #map: PageMap;
  readonly #choices: readonly PageRange[];
  readonly #pageSize: number;
  #words: Uint32Array = new Uint32Array(0);
  #start = 0;
  #count = 0;

  constructor(map: PageMap, choices: readonly PageRange[], pageSize: number) {
    this.#map = map;
    this.#choices = choices;
    this.#pageSize = pageSize;
  }

  /** The words from an address in the range `index` on; undefined if there are none. */
  at(address: number, index: number) {
    const inside = (address - this.#start) / this.#pageSize;
    if (inside < 0 || inside >= this.#count) this.#load(address, index);
    const from = (address - this.#start) / this.#pageSize;
    return from < this.#count ? {words: this.#words, from, count: this.#count - from} : undefined;
  }

  #load(address: number, index: number): void {
    const most = address + this.#map.mostPages * this.#pageSize;
    let end = this.#choices[index]!.end;
    for (let next = index + 1; end < most && next < this.#choices.length; next++) {
      const {start, end: nextEnd} = this.#choices[next]!;
      if (start - end > SMALL_GAP * this.#pageSize) break;
      end = nextEnd;
    }
    this.#start = address;
    this.#words = this.#map.read(address, (Math.min(end, most) - address) / this.#pageSize);
    this.#count = this.#words.length / 2;
  }
}

/** Is there still a page map where there was one? */
function isAlive(map: PageMap, regions: readonly RegionPages[]): boolean {
  const readable = regions.find(({unread}) => unread === undefined);
  return readable !== undefined && map.read(readable.start, 1).length > 0;
}
