import {type PageCount, type TakenOut, withoutObserver} from '../../model/host/observer.ts';
import {hasNoAccess, type Region, sizeOf, type Usage} from '../../model/region.ts';
import {parseListing} from '../../parse/reader.ts';
import {readIfThere} from '../open.ts';
import {PageMap, pageSizeHere} from '../pages/pagemap.ts';
import {fileOf} from './file-pages.ts';
import {ownRegions, ownRoot} from './observer.ts';
import {OwnFile, residentPages} from './own-file.ts';

/** Pages. With less than 1 KiB for all of a file, memmap makes no difference: the kernel rounds to that. */
const LEAST_GAIN = 0.25;

/** A difference of less than this part of a PSS is left. */
const CLOSE = 0.001;

/** Where the difference is less than this part of a PSS, half of it is added: that is 0.25 % off at most. */
const FAIRLY_CLOSE = 0.005;

/**
 * memmap's own pages are looked at again when it has this many more, of which 16 come at once (fault_around_bytes), and
 * only for a process that shares much with it: of 8,000 pages 64 are less than 0.5 % of PSS.
 */
const MORE_PAGES = 64;
const MUCH = 8 * 2 ** 20;

/** A file of which more is mapped is left out: 4 GiB of it. */
const MOST_PAGES = 2 ** 20;

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
      if (!known || resident - known.resident >= MORE_PAGES) this.#look(file, known);
    }
    return common.filter((region) => this.#own.has(fileOf(region)!));
  }

  #look(file: string, known: OwnFile | undefined): void {
    const regions = this.#regions.get(file)!;
    const isHuge = regions.some((region) => (region.offset! + sizeOf(region)) / this.#pageSize > MOST_PAGES);
    const own = known ?? (isHuge ? undefined : new OwnFile(this.#ours!, this.#root, this.#pageSize, regions));
    if (own && isRead(own) && own.gain >= LEAST_GAIN) this.#own.set(file, own);
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
    const gain = Math.min(most.gain, sharedPages(sum, this.#pageSize)) * this.#pageSize;
    if (gain < CLOSE * (sum.pss ?? 0)) return undefined;
    if (gain < FAIRLY_CLOSE * (sum.pss ?? 0)) return halfOf(sum, gain);
    const known = this.#counts(process, sum, regions, held);
    // What both can have in common, each page mapped by nobody else.
    const pages = Math.min(most.owned, sharedPages(sum, this.#pageSize));
    const out = known
      ? withoutObserver(sum, known, this.#pageSize, 'exactly')
      : withoutObserver(sum, [{pages, mapped: 2, own: 1}], this.#pageSize, 'at most');
    return out.shared > 0 ? out : undefined;
  }

  /** What a process with these regions can have in common with memmap at most: pages, and pages of PSS. */
  #most(regions: readonly Region[]): ReturnType<OwnFile['most']> {
    let [owned, gain] = [0, 0];
    for (const region of regions) {
      const most = this.#own.get(fileOf(region)!)!.most(region);
      owned += most.owned;
      gain += most.gain;
    }
    return {owned, gain};
  }

  /** undefined where not all is known: how often a page is mapped, or which pages the process has. */
  #counts(process: Holder, sum: Usage, regions: readonly Region[], held: Held): readonly PageCount[] | undefined {
    const files = regions.map((region) => this.#own.get(fileOf(region)!)!);
    if (files.some(({isCounted}) => !isCounted)) return undefined;
    const map = openMap(process, this.#pageSize);
    if (!map) return undefined;
    try {
      return regions.flatMap((region, place) => files[place]!.counts(map, region, !!sum.sharedDirty, held));
    } finally {
      map.close();
    }
  }
}

const sharedPages = ({sharedClean = 0, sharedDirty = 0}: Usage, pageSize: number): number =>
  (sharedClean + sharedDirty) / pageSize;

/** PSS is in the middle of what it can be. So little can't be worth a page map. @param gain bytes, at most */
function halfOf({pss = 0}: Usage, gain: number): TakenOut {
  const low = pss + Math.round(gain / 2);
  return {
    shared: 0,
    pss: {low, high: pss + Math.round(gain)},
    private: {low: 0, high: 0},
    isSplitKnown: true,
    usage: {pss: low},
  };
}

function isRead(own: OwnFile): boolean {
  try {
    own.look();
    return true;
  } catch {
    return false;
  }
}

function openMap(process: Holder, pageSize: number): PageMap | undefined {
  try {
    return new PageMap(process, pageSize);
  } catch {
    return undefined;
  }
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
