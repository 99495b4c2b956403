import type {Region} from '../model/region.ts';
import {type RegionPages, totalsOfRuns, unreadPages} from '../model/pages.ts';
import {RunReader, type FrameReader} from '../parse/proc/pagemap.ts';
import type {PageMap} from './pagemap.ts';
import {whyNotRead} from './unread.ts';

/** The pages to look at: a region, or a part of one. */
export interface Choice {
  readonly region: Region;
  readonly start: number;
  readonly end: number;
}

export interface Walk {
  readonly regions: RegionPages[];
  /** Did a present page show its frame number? */
  readonly sawFrame: boolean;
  /** The page map ended early: exec, or the end of the process. */
  readonly isCut: boolean;
}

/** Gaps between regions that are read along, in pages: a call costs more than that. */
const SMALL_GAP = 256;

/** Reads the pages of regions, in ascending order. */
export function walkPages(map: PageMap, choices: readonly Choice[], pageSize: number, frames?: FrameReader): Walk {
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
  readonly #choices: readonly Choice[];
  readonly #pageSize: number;
  #words: Uint32Array = new Uint32Array(0);
  #start = 0;
  #count = 0;

  constructor(map: PageMap, choices: readonly Choice[], pageSize: number) {
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
