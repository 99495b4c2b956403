import {pageSizeOf} from '../../model/clues/clues.ts';
import type {ProcessPages} from '../../model/pages/pages.ts';
import {hex, rangeText, type Region} from '../../model/region.ts';
import {Regions} from '../../model/columns/regions.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import {capturePages, type PageRange} from '../../procfs/pages/pages.ts';
import {pause} from '../../procfs/sampling/poll.ts';
import {clearSoftDirty, OwnTrial, requireSoftDirty} from '../../procfs/pages/soft-dirty.ts';
import {processOf} from '../../input/open.ts';
import {noSuchRegion, parseWanted, pick, type Wanted} from '../../input/regions.ts';

/** Which pages a user means; all, where nothing is said. */
interface Wish {
  /** An address in a region (the whole region), a range (the pages in it), or a name. */
  readonly region?: string | undefined;
  /** Only regions of these kinds. */
  readonly kinds?: readonly string[] | undefined;
}

interface LookOptions extends Wish {
  readonly root: string;
  /** ms */
  readonly maxStall: number;
  /** Clear the soft-dirty marks, and look again after this many ms. */
  readonly dirtySince?: number | undefined;
}

/** A process's pages, now or as they were written to from now on. */
export async function lookAtPages(target: string, options: LookOptions): Promise<ProcessPages> {
  const {root, maxStall, dirtySince: ms} = options;
  const handle = new ProcessHandle(processOf(target, root, refusal(target)), root);
  const look = {maxStall, choose: (snapshot: Snapshot) => choosePages(snapshot, options)};
  try {
    if (ms === undefined) return capturePages(handle, look);
    requireSoftDirty(new OwnTrial(root));
    clearSoftDirty(handle, maxStall);
    const clearedAt = new Date().toISOString();
    await pause(ms, undefined);
    return capturePages(handle, {...look, dirtySince: {clearedAt, ms}});
  } finally {
    handle.close();
  }
}

/** What is said of a file: a listing has regions, but no pages */
const refusal = (text: string) => ({
  what: `"${text}" has no pages to look at.`,
  why:
    'a saved listing has regions; which of their pages are present only the kernel knows, while ' +
    'the process lives.',
  next: `Give the PID of a process, or see the regions: memmap show ${text}`,
});

/** @throws Trouble `usage` if no region matches */
function choosePages(snapshot: Snapshot, {region: asked, kinds}: Wish): PageRange[] {
  const ofKind = snapshot.regions.filter(({kind}) => !kinds || kinds.includes(kind));
  if (ofKind.length === 0) throw noneOfKind(snapshot, kinds ?? []);
  if (asked === undefined) return ofKind.map(whole);
  const wanted = parseWanted(asked);
  const found = pick(ofKind, wanted);
  if (found.length > 0) return wanted.is === 'range' ? partsOf(snapshot, found, wanted) : found.map(whole);
  if (wanted.is === 'name') throw noSuchRegion(snapshot.regions, asked, String(snapshot.process.pid));
  throw nothingMapped(snapshot, asked, Number(wanted.is === 'range' ? wanted.start : wanted.address));
}

const whole = (region: Region): PageRange => ({region, start: region.start, end: region.end});

/**
 * Whole pages only. Any power of two up to 4096 that divides all region borders will do: pages are at least that large.
 */
function partsOf(
  {clues}: Snapshot,
  regions: readonly Region[],
  range: Extract<Wanted, {readonly is: 'range'}>,
): PageRange[] {
  const pageSize = pageSizeOf({clues, table: Regions.of(regions)});
  const start = Math.floor(Number(range.start) / pageSize) * pageSize;
  const end = Math.ceil(Number(range.end) / pageSize) * pageSize;
  return regions.map((region) => ({region, start: Math.max(start, region.start), end: Math.min(end, region.end)}));
}

function nothingMapped({regions}: Snapshot, asked: string, address: number): Trouble {
  const below = regions.filter(({end}) => end <= address).at(-1);
  const above = regions.find(({start}) => start > address);
  const sides = [
    below && `${nameOf(below)} ends at ${hex(below.end)}`,
    above && `${nameOf(above)} begins at ${hex(above.start)}`,
  ];
  return new Trouble({
    kind: 'usage',
    what: `Cannot find the region "${asked}".`,
    why: `nothing is mapped there: ${sides.filter(Boolean).join(', and ')}.`,
    next: 'List the regions with: memmap show PID',
  });
}

const nameOf = (region: Region): string => region.name || region.label || `unnamed memory (${rangeText(region)})`;

function noneOfKind(snapshot: Snapshot, kinds: readonly string[]): Trouble {
  const there = [...new Set(snapshot.regions.map(({kind}) => kind))].join(', ');
  return new Trouble({
    kind: 'usage',
    what: `No region is of kind ${kinds.join(' or ')}.`,
    why: `this process has: ${there}.`,
    next: 'Choose one of these with --kind.',
  });
}
