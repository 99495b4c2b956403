import {type PageCount, type TakenOut, withoutObserver} from '../../model/observer.ts';
import {PAGE} from '../../model/pages.ts';
import {hasNoAccess, type Region, sizeOf, type Usage} from '../../model/region.ts';
import {parseListing} from '../../parse/listing.ts';
import {HIGH, pageState} from '../../parse/proc/pagemap.ts';
import {readIfThere, textIfThere} from '../open.ts';
import {readFrames} from '../pages/frames.ts';
import {PageMap, pageSizeHere} from '../pages/pagemap.ts';
import {exact, frameAt} from './counts.ts';
import {FilePages, fileOf, wordsOf} from './file-pages.ts';
import {ownRegions, ownRoot} from './observer.ts';

/** What memmap maps of one file, at one moment. */
interface OwnFile {
  readonly pages: FilePages;
  /** Frames of its pages. */
  readonly frames: readonly number[];
  /** By the number of a page, from `first` on: how often it is mapped, by memmap too; 0: not by memmap. */
  readonly all: Uint32Array;
  /** How often each frame is mapped, by whomever; undefined where only root may know. */
  readonly mapped: ReadonlyMap<number, number> | undefined;
  /** Number in the file of the first page of the sums. */
  readonly first: number;
  /** Sums from there to each page: how many of them memmap maps. */
  readonly owned: Float64Array;
  /** By how many pages the PSS of a process that has all of them is too low, since memmap maps them too. */
  readonly gain: Float64Array;
  /** Of the frames: are they dirty? Read when it is asked for. */
  flags?: ReadonlyMap<number, number> | undefined;
  /** Resident pages of all files of memmap then, as statm counts them. */
  readonly resident: number;
}

/** Pages. With less than 1 KiB for all of a file, memmap makes no difference: the kernel rounds to that. */
const LEAST_GAIN = 0.25;

/** A difference of less than this part of a PSS is left. */
const CLOSE = 0.001;

/**
 * memmap's own pages are looked at again when it has so many more, of which 16 come at once (fault_around_bytes), and
 * only for a process that shares much with it: of 8,000 pages 64 are less than 0.5 % of PSS.
 */
const MORE_PAGES = 64;
const MUCH = 8 * 2 ** 20;

/** Where the files of a process are. */
type Holder = ConstructorParameters<typeof PageMap>[0];

type Held = <Result>(read: () => Result) => Result;

/**
 * Takes memmap out of the PSS of many processes. How often each page that memmap maps is mapped in all is asked once
 * (/proc/kpagecount). Of each process it is asked which of these pages it has (its page map), if that can make a
 * difference: what hundreds of processes map, such as libc, counts the same with memmap and without.
 */
export class HostObserver {
  readonly #root: string;
  readonly #ours: string | undefined;
  readonly #pageSize: number;
  /** memmap's regions by file, of the files that may make a difference. */
  readonly #regions = new Map<string, Region[]>();
  /** The file as a line of maps has it: ` 08:01 1234 `. */
  readonly #keys = new Map<string, Buffer>();
  readonly #own = new Map<string, OwnFile>();

  /** @param root where procfs is mounted */
  constructor(root: string) {
    this.#root = root;
    this.#ours = ownRoot(root);
    this.#pageSize = pageSizeHere(root);
    const maps = this.#ours === undefined ? undefined : readIfThere(`${this.#ours}/self/maps`);
    for (const region of maps ? ownRegions(maps) : []) {
      const file = fileOf(region)!;
      this.#regions.set(file, [...(this.#regions.get(file) ?? []), region]);
      this.#keys.set(file, Buffer.from(` ${file} `, 'latin1'));
    }
  }

  /**
   * Looks at memmap's own pages, unless they are known. Call it before the counters of a process are read.
   *
   * @param maps its listing
   * @returns its regions of files that memmap maps too
   */
  begin(maps: Buffer): Region[] {
    const lines = linesWith(maps, [...this.#keys.values()]);
    if (lines.length === 0) return [];
    const {regions} = parseListing(Buffer.concat(lines), 'proc', 'later');
    const common = regions.filter((region) => !hasNoAccess(region));
    const isMuch = common.reduce((bytes, region) => bytes + sizeOf(region), 0) > MUCH;
    const resident = isMuch ? residentPages(this.#ours!) : 0;
    for (const file of new Set(common.map((region) => fileOf(region)!))) {
      const known = this.#own.get(file);
      if (!known || resident - known.resident >= MORE_PAGES) this.#look(file);
    }
    return common.filter((region) => this.#own.has(fileOf(region)!));
  }

  #look(file: string): void {
    const own = ownFile(this.#ours!, this.#root, this.#pageSize, this.#regions.get(file)!);
    if (own && own.gain.at(-1)! >= LEAST_GAIN) this.#own.set(file, own);
    else {
      this.#own.delete(file);
      this.#keys.delete(file);
    }
  }

  /**
   * The counters of a process without memmap's own mappings.
   *
   * @param sum as smaps_rollup has them
   * @param regions what `begin` gave
   * @param held makes a reading that holds up the process
   * @returns undefined where memmap makes no difference; bounds, where nobody says how often a page is mapped
   */
  takeOut(process: Holder, sum: Usage, regions: readonly Region[], held: Held): TakenOut | undefined {
    if (!sum.sharedClean || regions.length === 0) return undefined;
    const most = this.#most(regions);
    if (most.gain * this.#pageSize < CLOSE * (sum.pss ?? 0)) return undefined;
    const known = this.#counts(process, sum, regions, held);
    // What both can have in common, each page mapped by nobody else.
    const pages = Math.min(most.owned, (sum.sharedClean + (sum.sharedDirty ?? 0)) / this.#pageSize);
    const out = known
      ? withoutObserver(sum, known, this.#pageSize, 'exactly')
      : withoutObserver(sum, [{pages, mapped: 2, own: 1}], this.#pageSize, 'at most');
    return out.shared > 0 ? out : undefined;
  }

  /** What a process with these regions can have in common with memmap at most: pages. */
  #most(regions: readonly Region[]): {readonly owned: number; readonly gain: number} {
    let [owned, gain] = [0, 0];
    for (const region of regions) {
      const file = this.#own.get(fileOf(region)!)!;
      const from = region.offset! / this.#pageSize - file.first;
      const to = from + sizeOf(region) / this.#pageSize;
      owned += between(file.owned, from, to);
      gain += between(file.gain, from, to);
    }
    return {owned, gain};
  }

  /** undefined where not all is known: how often a page is mapped, or which pages the process has. */
  #counts(process: Holder, sum: Usage, regions: readonly Region[], held: Held): readonly PageCount[] | undefined {
    if (regions.some((region) => !this.#own.get(fileOf(region)!)!.mapped)) return undefined;
    const map = openMap(process, this.#pageSize);
    if (!map) return undefined;
    try {
      const words = held(() => regions.map((region) => wordsOf(map, region, this.#pageSize)));
      return regions.flatMap((region, place) => {
        const own = this.#own.get(fileOf(region)!)!;
        if (!sum.sharedDirty) return countsOf(own, region.offset! / this.#pageSize, words[place]!, fileOf(region)!);
        const about = {before: own.pages, after: own.pages, pageSize: this.#pageSize};
        own.flags ??= readFrames(this.#root, 'kpageflags', own.frames);
        return exact(region, words[place]!, about, own.mapped!, own.flags);
      });
    } finally {
      map.close();
    }
  }
}

const OF_FILE = PAGE.present | PAGE.file;

/**
 * The same as `exact`, where nothing is dirty, and in a tenth of the time: neighbouring pages are mapped alike.
 *
 * @param from number in the file of the region's first page
 * @param words of the region's page map
 */
function countsOf({all, first, pages}: OwnFile, from: number, words: Uint32Array, file: string): PageCount[] {
  const counts = new Map<number, number>();
  let [last, run] = [0, 0];
  const end = Math.min(words.length / 2, first + all.length - from);
  for (let place = Math.max(0, first - from); place < end; place++) {
    const mapped = all[from + place - first]!;
    if (mapped === 0 || (pageState(words[place * 2 + HIGH]!) & OF_FILE) !== OF_FILE) continue;
    const key = mapped * 256 + pages.count(file, from + place);
    if (key === last) run++;
    else {
      if (run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
      [last, run] = [key, 1];
    }
  }
  if (run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
  return [...counts].map(([key, count]) => ({pages: count, mapped: Math.floor(key / 256), own: key % 256}));
}

/**
 * @param sums from the first to each @param from the first page, counted in `sums`; @param to the page after the last
 */
function between(sums: Float64Array, from: number, to: number): number {
  const upTo = (page: number): number => sums[Math.max(0, Math.min(page, sums.length - 1))]!;
  return upTo(to) - upTo(from);
}

const residentPages = (ours: string): number => Number(textIfThere(`${ours}/self/statm`).split(' ')[2]);

function openMap(process: Holder, pageSize: number): PageMap | undefined {
  try {
    return new PageMap(process, pageSize);
  } catch {
    return undefined;
  }
}

/** @param regions memmap's, of one file @returns undefined where its page map can't be read */
function ownFile(ours: string, root: string, pageSize: number, regions: readonly Region[]): OwnFile | undefined {
  const resident = residentPages(ours);
  const map = openMap({root: ours, pid: process.pid, path: (file) => `${ours}/self/${file}`}, pageSize);
  if (!map) return undefined;
  try {
    const pages = new FilePages(pageSize);
    const found = new Map<number, number>();
    const file = fileOf(regions[0]!)!;
    for (const region of regions) {
      const words = wordsOf(map, region, pageSize);
      pages.add(region, words);
      const first = pages.pageOf(region);
      for (let place = 0; place < words.length / 2; place++)
        if ((pageState(words[place * 2 + HIGH]!) & OF_FILE) === OF_FILE)
          found.set(first + place, frameAt(words, place));
    }
    const frames = [...found.values()];
    const mapped = frames.some((frame) => frame !== 0) ? readFrames(root, 'kpagecount', frames) : undefined;
    return {
      pages,
      frames,
      mapped,
      ...sumsOf(found, (page) => pages.count(file, page), mapped),
      resident,
    };
  } catch {
    return undefined;
  } finally {
    map.close();
  }
}

/** @param frames by the number of the page in the file; @param ownOf how often memmap maps a page */
function sumsOf(
  frames: ReadonlyMap<number, number>,
  ownOf: (page: number) => number,
  mapped: ReadonlyMap<number, number> | undefined,
): Pick<OwnFile, 'first' | 'owned' | 'gain' | 'all'> {
  let first = Infinity;
  let end = 0;
  for (const page of frames.keys()) {
    if (page < first) first = page;
    if (page >= end) end = page + 1;
  }
  const count = Math.max(0, end - first);
  const [owned, gain] = [new Float64Array(count + 1), new Float64Array(count + 1)];
  const often = new Uint32Array(count);
  for (let place = 0; place < count; place++) {
    const frame = frames.get(first + place);
    const own = frame === undefined ? 0 : ownOf(first + place);
    const all = Math.max((frame !== undefined && mapped?.get(frame)) || 0, own + 1);
    if (own > 0) often[place] = all;
    owned[place + 1] = owned[place]! + (own > 0 ? 1 : 0);
    gain[place + 1] = gain[place]! + (1 / (all - own) - 1 / all);
  }
  return {first: count === 0 ? 0 : first, owned, gain, all: often};
}

/** The lines of a listing that have one of these texts in them, in their order. */
function linesWith(listing: Buffer, keys: readonly Buffer[]): Buffer[] {
  const found: Array<readonly [from: number, to: number]> = [];
  for (const key of keys) {
    for (let at = listing.indexOf(key); at >= 0;) {
      const newline = listing.indexOf(0x0a, at);
      const to = newline < 0 ? listing.length : newline + 1;
      found.push([listing.lastIndexOf(0x0a, at) + 1, to]);
      at = listing.indexOf(key, to);
    }
  }
  return found.sort(([a], [b]) => a - b).map(([from, to]) => listing.subarray(from, to));
}
