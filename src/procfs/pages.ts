import {ProcessPages, type DirtySince} from '../model/pages.ts';
import type {Region} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {parseListing} from '../parse/listing.ts';
import {captureFrom, folderOf} from './capture.ts';
import {isSame, type ProcessHandle} from './handle.ts';
import {FrameFlags} from './kpageflags.ts';
import {pageSizeHere} from './page-size.ts';
import {PageMap} from './pagemap.ts';
import {processTrouble} from './trouble.ts';
import {walkPages, type Choice, type Walk} from './walk.ts';

export interface PagesOptions {
  /** ms that reading smaps may stall the process: 50 by default. The page map itself is read in small pieces. */
  readonly maxStall?: number | undefined;
  /** Which pages to look at; ascending. */
  readonly choose: (snapshot: Snapshot) => readonly Choice[];
  /** Handed on to the result. */
  readonly dirtySince?: DirtySince | undefined;
}

/** Read again if the process began another program, or changed its map, in the meantime. */
const TRIES = 3;

/** ms. A walk that takes longer isn't repeated for a changed map: it would be changed again, and each costs the process. */
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
function countChanged(handle: ProcessHandle, choices: readonly Choice[]): number {
  const now = regionsNow(handle);
  let first = 0;
  let changed = 0;
  for (const {region, start, end} of choices) {
    while (first < now.length && now[first]!.end <= start) first++;
    let at = start;
    for (let index = first; at < end && now[index] && now[index]!.start <= at && isAlike(now[index]!, region); index++)
      at = now[index]!.end;
    if (at < end) changed++;
  }
  // None at all: it has ended since, and what was read before is of one moment.
  return now.length === 0 ? 0 : changed;
}

const isAlike = (a: Region, b: Region): boolean => a.perms === b.perms && a.name === b.name && a.inode === b.inode;

function regionsNow(handle: ProcessHandle): readonly Region[] {
  try {
    const maps = handle.open(`${folderOf(handle, handle.stat())}maps`);
    try {
      return parseListing(maps.read(), 'proc').regions;
    } finally {
      maps.close();
    }
  } catch (error) {
    const trouble = error instanceof Trouble ? error : processTrouble(handle.pid, error, handle.root);
    if (trouble.kind === 'gone') return [];
    throw trouble;
  }
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
  new Trouble(
    'gone',
    `Cannot read the pages of process ${handle.pid}.`,
    `it began another program each time it was looked at, ${TRIES} times.`,
    'Look again when it has settled.',
  );
