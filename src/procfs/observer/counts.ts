import type {Known, PageCount} from '../../model/host/observer.ts';
import {PAGE} from '../../model/pages/pages.ts';
import type {Region} from '../../model/region.ts';
import {HIGH, LOW, pageFrame, pageState} from '../../parse/proc/pagemap.ts';
import type {ProcessHandle} from '../handle.ts';
import {type OnHeld, whileHeld} from '../sampling/held.ts';
import {readFrames} from '../pages/frames.ts';
import {PageMap} from '../pages/pagemap.ts';
import {fileOf, FilePages, wordsOf} from './file-pages.ts';
import {pagesOfOthers} from './others.ts';

/** How often the pages of one region are mapped. */
export interface Counted {
  /** Where they are exact, pages that memmap has not are left out. */
  readonly counts: readonly PageCount[];
  readonly known: Known;
}

interface About {
  /** memmap's own pages, before and after the counters of the process were read. */
  readonly before: FilePages;
  readonly after: FilePages;
  /** PIDs: memmap's, and that of the process. */
  readonly besides: ReadonlySet<number>;
  /** Bytes. */
  readonly pageSize: number;
  readonly folder: string;
  /** Gets the ms for which reading the page map of the process held it up. */
  readonly onHeld: OnHeld | undefined;
}

/**
 * Counts the mappings of the pages of some regions, all of files that memmap maps too. How often a page is mapped in
 * all, /proc/kpagecount says to root. For others it is at least what is found in the page maps that they may read.
 */
export function countPages(handle: ProcessHandle, regions: readonly Region[], about: About): Counted[] {
  const read = (): Uint32Array[] | undefined => wordsIn(handle, regions, about);
  const words = about.onHeld ? whileHeld(read, about.onHeld) : read();
  if (!words) return regions.map((region) => ({counts: unseen(region, about), known: 'at most'}));
  const isOurs = (file: string, page: number): boolean => about.before.count(file, page) > 0;
  const frames = framesIn(regions, words, about, isOurs);
  const mapped = frames.includes(0) ? undefined : readFrames(handle.root, 'kpagecount', frames);
  if (mapped) {
    const isMixed = regions.some(({usage}) => !usage || (usage.sharedDirty! > 0 && usage.sharedClean! > 0));
    const flags = isMixed ? readFrames(handle.root, 'kpageflags', frames) : undefined;
    return regions.map((region, place) => ({
      counts: exact(region, words[place]!, about, mapped, flags),
      known: 'exactly',
    }));
  }
  const own = new FilePages(about.pageSize);
  regions.forEach((region, place) => own.add(region, words[place]!));
  const files = new Set(regions.map((region) => fileOf(region)!));
  const others = pagesOfOthers(handle.root, about.besides, files, about.pageSize);
  return regions.map((region, place) => ({
    counts: least(region, words[place]!, about, [own, others]),
    known: 'at least',
  }));
}

/** undefined where the page map may not be read, though smaps may: with CAP_SYS_PTRACE alone. */
function wordsIn(
  handle: ProcessHandle,
  regions: readonly Region[],
  {pageSize, folder}: About,
): Uint32Array[] | undefined {
  try {
    const map = new PageMap(handle, pageSize, folder);
    try {
      return regions.map((region) => wordsOf(map, region, pageSize));
    } finally {
      map.close();
    }
  } catch {
    return undefined;
  }
}

/** KPF_DIRTY of include/uapi/linux/kernel-page-flags.h. */
export const KPF_DIRTY = 1 << 4;

const OF_FILE = PAGE.present | PAGE.file;

/** Calls `tell` for each resident page: its place among the words, and its number in the file if it is the file's. */
function eachPage(
  region: Region,
  words: Uint32Array,
  pageSize: number,
  tell: (place: number, state: number, page: number | undefined) => void,
): void {
  const first = region.offset! / pageSize;
  for (let place = 0; place < words.length / 2; place++) {
    const state = pageState(words[place * 2 + HIGH]!);
    if (state & PAGE.present) tell(place, state, (state & OF_FILE) === OF_FILE ? first + place : undefined);
  }
}

function framesIn(
  regions: readonly Region[],
  words: readonly Uint32Array[],
  {pageSize}: About,
  isOurs: (file: string, page: number) => boolean,
): number[] {
  const frames: number[] = [];
  regions.forEach((region, index) => {
    const file = fileOf(region)!;
    eachPage(region, words[index]!, pageSize, (place, _, page) => {
      if (page !== undefined && isOurs(file, page)) frames.push(frameAt(words[index]!, place));
    });
  });
  return frames;
}

export const frameAt = (words: Uint32Array, place: number): number =>
  pageFrame(words[place * 2 + LOW]!, words[place * 2 + HIGH]!);

/** Pages that are mapped alike, counted together. */
class Tally {
  readonly #counts = new Map<number, {-readonly [field in keyof PageCount]: PageCount[field]}>();

  add(mapped: number, own: number, isDirty?: boolean): void {
    const key = (mapped * 256 + own) * 3 + (isDirty === undefined ? 2 : isDirty ? 1 : 0);
    const count = this.#counts.get(key);
    if (count) count.pages++;
    else this.#counts.set(key, {pages: 1, mapped, own, isDirty});
  }

  get counts(): readonly PageCount[] {
    return [...this.#counts.values()];
  }
}

/**
 * The pages of one region that memmap maps too.
 *
 * @param words of the region's page map
 * @param mapped how often each frame is mapped; of one that is not in it nothing is known, and it is mapped by memmap
 *   and once more at least
 * @param flags of the frames, for whether they are dirty
 */
function exact(
  region: Region,
  words: Uint32Array,
  {before, after, pageSize}: Pick<About, 'before' | 'after' | 'pageSize'>,
  mapped: ReadonlyMap<number, number>,
  flags: ReadonlyMap<number, number> | undefined,
): readonly PageCount[] {
  const tally = new Tally();
  const file = fileOf(region)!;
  eachPage(region, words, pageSize, (place, _, page) => {
    const own = page === undefined ? 0 : before.count(file, page);
    if (own === 0) return;
    const frame = frameAt(words, place);
    // Counted a moment after the counters were read; meanwhile memmap may have mapped the page once more.
    const then = (mapped.get(frame) ?? 0) - after.count(file, page!) + own;
    tally.add(Math.max(then, own + 1), own, flags && ((flags.get(frame) ?? 0) & KPF_DIRTY) !== 0);
  });
  return tally.counts;
}

/** @param found who is known to map the file's pages: the process, and others */
function least(
  region: Region,
  words: Uint32Array,
  {before, pageSize}: About,
  found: readonly FilePages[],
): readonly PageCount[] {
  const tally = new Tally();
  const file = fileOf(region)!;
  eachPage(region, words, pageSize, (_, state, page) => {
    if (state & PAGE.exclusive) return tally.add(1, 0);
    const own = page === undefined ? 0 : before.count(file, page);
    const known = page === undefined ? 0 : found.reduce((sum, each) => sum + each.count(file, page), own);
    tally.add(Math.max(2, known), own);
  });
  return tally.counts;
}

/** The most that memmap can share with a region whose page map may not be read: what both have of the file. */
function unseen(region: Region, {before, pageSize}: About): readonly PageCount[] {
  const {sharedClean = 0, sharedDirty = 0, privateClean = 0, privateDirty = 0} = region.usage ?? {};
  const file = fileOf(region)!;
  const first = region.offset! / pageSize;
  let ours = 0;
  for (let page = first; page < first + (region.end - region.start) / pageSize; page++)
    if (before.count(file, page) > 0) ours++;
  const shared = (sharedClean + sharedDirty) / pageSize;
  const own = Math.min(shared, ours);
  return [
    {pages: (privateClean + privateDirty) / pageSize, mapped: 1, own: 0},
    {pages: own, mapped: 2, own: 1},
    {pages: shared - own, mapped: 2, own: 0},
  ].filter(({pages}) => pages > 0);
}
