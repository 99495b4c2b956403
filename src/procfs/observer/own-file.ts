import type {PageCount} from '../../model/host/observer.ts';
import {PAGE} from '../../model/pages/pages.ts';
import {type Region, sizeOf} from '../../model/region.ts';
import {HIGH, pageState} from '../../parse/proc/pagemap.ts';
import {textIfThere} from '../open.ts';
import {readFrames, readSorted} from '../pages/frames.ts';
import {PageMap} from '../pages/pagemap.ts';
import {frameAt, KPF_DIRTY} from './counts.ts';

const OF_FILE = PAGE.present | PAGE.file;

/** Pages of memmap's that lie this close together in the file are read in one go. */
const GAP = 256;

type Held = <Result>(read: () => Result) => Result;

/**
 * What memmap maps of one file, and how often each of these pages is mapped by whomever. A page is counted once, when
 * memmap is first seen to map it: asking for 8,000 takes 4 ms. Places are pages, counted from the first one in the file
 * that memmap may map.
 */
export class OwnFile {
  /** Are there counts? Only root may know them (/proc/kpagecount). */
  isCounted = false;
  /** Resident pages of all files of memmap, as statm counts them, when it looked last. */
  resident = 0;
  readonly #ours: string;
  readonly #root: string;
  readonly #pageSize: number;
  readonly #regions: readonly Region[];
  /** Number in the file of the page at place 0. */
  readonly #first: number;
  readonly #frames: Float64Array;
  /** By place: how often memmap maps it, and how often it is mapped in all, as counted; both 0: not by memmap. */
  readonly #own: Uint8Array;
  readonly #all: Uint32Array;
  /**
   * Sums of the places before one: pages that memmap and others map, and by how many pages a PSS is too low for them.
   */
  readonly #owned: Float64Array;
  readonly #gain: Float64Array;
  /** Stretches of places with such pages: where each begins, and where it ends. */
  #stretches: Array<readonly [from: number, to: number]> = [];

  /**
   * @param ours where memmap's own files are; @param root the procfs whose machine has the pages
   * @param pageSize bytes
   * @param regions memmap's, of one file
   */
  constructor(ours: string, root: string, pageSize: number, regions: readonly Region[]) {
    [this.#ours, this.#root, this.#pageSize, this.#regions] = [ours, root, pageSize, regions];
    const starts = regions.map(({offset}) => offset! / pageSize);
    const ends = regions.map((region, index) => starts[index]! + sizeOf(region) / pageSize);
    this.#first = Math.min(...starts);
    const count = Math.max(...ends) - this.#first;
    this.#frames = new Float64Array(count);
    this.#own = new Uint8Array(count);
    this.#all = new Uint32Array(count);
    this.#owned = new Float64Array(count + 1);
    this.#gain = new Float64Array(count + 1);
  }

  /** By how many pages the PSS of a process that has all of them is too low. */
  get gain(): number {
    return this.#gain.at(-1)!;
  }

  /** Looks at memmap's page map. @throws Trouble where it can't be read */
  look(): void {
    this.resident = residentPages(this.#ours);
    this.#count(this.#freshPlaces());
    this.#addUp();
  }

  /** @returns the places of pages that were not counted yet */
  #freshPlaces(): number[] {
    const {pid} = process;
    const map = new PageMap({root: this.#ours, pid, path: (file) => `${this.#ours}/self/${file}`}, this.#pageSize);
    const fresh: number[] = [];
    this.#own.fill(0);
    const take = (words: Uint32Array, from: number): void => {
      for (let page = 0; page < words.length / 2; page++) {
        if ((pageState(words[page * 2 + HIGH]!) & OF_FILE) !== OF_FILE) continue;
        const place = from + page;
        const frame = frameAt(words, page);
        if (this.#own[place] === 0 && (this.#all[place] === 0 || this.#frames[place] !== frame)) fresh.push(place);
        this.#frames[place] = frame;
        if (this.#own[place]! < 255) this.#own[place]!++;
      }
    };
    try {
      for (const region of this.#regions) {
        const from = this.#placeOf(region);
        readPages(map, region.start, sizeOf(region) / this.#pageSize, this.#pageSize, directly, (words, page) =>
          take(words, from + page),
        );
      }
    } finally {
      map.close();
    }
    return fresh;
  }

  /** Asks how often pages are mapped: in the order of their frames, which a place is put behind to be found again. */
  #count(places: readonly number[]): void {
    const factor = this.#own.length;
    const keys = Float64Array.from(places, (place) => this.#frames[place]! * factor + place).sort();
    const frames = keys.map((key) => Math.floor(key / factor));
    const counted = frames.length > 0 && frames[0] !== 0 ? readSorted(this.#root, 'kpagecount', frames) : undefined;
    if (counted) this.isCounted = true;
    for (let index = 0; index < keys.length; index++) {
      const place = keys[index]! % factor;
      const count = counted?.[index] ?? -1;
      this.#all[place] = count < 0 ? this.#own[place]! + 1 : count;
    }
  }

  #addUp(): void {
    let [owned, gain] = [0, 0];
    const stretches: Array<readonly [number, number]> = [];
    for (let place = 0; place < this.#own.length; place++) {
      const own = this.#own[place]!;
      const all = this.#all[place]!;
      if (own === 0) this.#all[place] = 0;
      // What nobody else maps is in no other process.
      else if (all > own) {
        owned++;
        gain += 1 / (all - own) - 1 / all;
        const [from, to] = stretches.at(-1) ?? [0, -Infinity];
        if (place - to <= GAP) stretches[stretches.length - 1] = [from, place + 1];
        else stretches.push([place, place + 1]);
      }
      this.#owned[place + 1] = owned;
      this.#gain[place + 1] = gain;
    }
    this.#stretches = stretches;
  }

  #placeOf(region: Region): number {
    return region.offset! / this.#pageSize - this.#first;
  }

  /** What a process with this region can have in common with memmap at most: pages, and pages of PSS. */
  most(region: Region): {readonly owned: number; readonly gain: number} {
    const within = (place: number): number => Math.max(0, Math.min(place, this.#own.length));
    const from = this.#placeOf(region);
    const [low, high] = [within(from), within(from + sizeOf(region) / this.#pageSize)];
    return {owned: this.#owned[high]! - this.#owned[low]!, gain: this.#gain[high]! - this.#gain[low]!};
  }

  /**
   * The pages of a process's region that memmap maps too: neighbours are mapped alike, and are counted together.
   *
   * @param map of the process
   * @param mayBeDirty does it matter whether they are?
   * @param held makes a reading that holds up the process
   */
  counts(map: PageMap, region: Region, mayBeDirty: boolean, held: Held): PageCount[] {
    const tally = new Map<number, number>();
    const first = this.#placeOf(region);
    const end = first + sizeOf(region) / this.#pageSize;
    for (const [from, to] of this.#stretches) {
      const [low, high] = [Math.max(from, first), Math.min(to, end)];
      if (low >= high) continue;
      const start = region.start + (low - first) * this.#pageSize;
      readPages(map, start, high - low, this.#pageSize, held, (words, page) =>
        this.#tell(words, low + page, mayBeDirty, tally),
      );
    }
    return [...tally].map(([key, pages]) => {
      const [both, dirty] = [Math.floor(key / 3), key % 3];
      return {pages, mapped: Math.floor(both / 256), own: both % 256, ...(dirty > 0 && {isDirty: dirty === 2})};
    });
  }

  /** Adds pages to those that are mapped as often, and are as clean. @param from the place of the first */
  #tell(words: Uint32Array, from: number, mayBeDirty: boolean, tally: Map<number, number>): void {
    const flags = mayBeDirty ? readFrames(this.#root, 'kpageflags', framesOf(words)) : undefined;
    let [last, run] = [-1, 0];
    const add = (): void => void (run > 0 && tally.set(last, (tally.get(last) ?? 0) + run));
    for (let page = 0; page < words.length / 2; page++) {
      const own = this.#own[from + page]!;
      if (own === 0 || (pageState(words[page * 2 + HIGH]!) & OF_FILE) !== OF_FILE) continue;
      // The process maps it, whatever was counted a moment ago.
      const mapped = Math.max(this.#all[from + page]!, own + 1);
      const dirty = flags ? 1 + Number(((flags.get(frameAt(words, page)) ?? 0) & KPF_DIRTY) !== 0) : 0;
      const key = (mapped * 256 + own) * 3 + dirty;
      if (key === last) run++;
      else {
        add();
        [last, run] = [key, 1];
      }
    }
    add();
  }
}

const directly: Held = (read) => read();

/** Reads the words of pages, and gives those of each read(2) with the number of their first page. */
function readPages(
  map: PageMap,
  start: number,
  pages: number,
  pageSize: number,
  held: Held,
  take: (words: Uint32Array, from: number) => void,
): void {
  for (let from = 0; from < pages;) {
    const words = held(() => map.read(start + from * pageSize, pages - from));
    if (words.length === 0) return;
    take(words, from);
    from += words.length / 2;
  }
}

function framesOf(words: Uint32Array): number[] {
  const frames: number[] = [];
  for (let page = 0; page < words.length / 2; page++)
    if ((pageState(words[page * 2 + HIGH]!) & OF_FILE) === OF_FILE) frames.push(frameAt(words, page));
  return frames;
}

/** The third number of /proc/PID/statm: resident pages of files. */
export const residentPages = (ours: string): number => Number(textIfThere(`${ours}/self/statm`).split(' ')[2]);
