import {pageSizeOf} from '../../model/clues/clues.ts';
import {bitsOf, countCopies, countPages, type CowCopies, type CowCounts, noCounts} from '../../model/cow/pages.ts';
import {PAGE} from '../../model/pages/pages.ts';
import {isPrivate, type Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {type FrameReader, pageFrame, pageKeys, pageState, HIGH, LOW} from '../../parse/proc/pagemap.ts';
import {captureFrom, folderOf} from '../capture.ts';
import {isSame} from '../handle.ts';
import {FrameFlags} from '../pages/kpageflags.ts';
import {PageMap} from '../pages/pagemap.ts';
import {whyNotRead} from '../pages/pages.ts';
import type {Lineage, Worker} from './lineage.ts';
import {type Span, spansOf} from './spans.ts';

/** A region, of the parent where it has one there, and what became of its pages. */
export interface CowRow {
  readonly region: Region;
  readonly counts: CowCounts;
}

/** Pages that several had at one look. */
interface Remembered {
  readonly row: CowRow;
  readonly start: number;
  readonly who: readonly number[];
  readonly main: Float64Array;
  /** For each of `who`, a bit for each page. */
  readonly had: readonly Uint32Array[];
}

/** The family at one moment, as far as its pages are read at one: a piece of memory is read of all of them at once. */
export interface CowLook {
  /** performance.now() */
  readonly t: number;
  readonly pageSize: number;
  readonly parent: Snapshot;
  readonly rows: readonly CowRow[];
  /** By number: has it ended, or begun another program, before all was read? */
  readonly isCut: readonly boolean[];
  /** Page frames were seen. Else it is known how often a page is mapped, and not by whom. */
  readonly isExact: boolean;
  /** Swapped pages of which nothing is known. */
  readonly swapped: number;
  readonly remembered: readonly Remembered[];
}

interface CowOptions {
  /** ms that reading smaps of the parent may hold it up. The page maps are read in small pieces. */
  readonly maxStall: number;
  /** Keep what copiesSince() needs. */
  readonly remember: boolean;
  /** Goes along a list, and may report progress. */
  readonly along: <Item>(items: readonly Item[]) => Iterable<Item>;
}

/** Reads the pages of a family and counts them. @throws Trouble `gone`, `denied`: the parent */
export function lookAtCow({parent, members}: Lineage, options: CowOptions): CowLook {
  const all = [parent, ...members];
  const first = captureFrom(parent.handle, {maxStall: options.maxStall});
  const pageSize = pageSizeOf(first);
  const snapshots = all.map((worker) => (worker === parent ? first : snapshotOf(worker, first)));
  const reader = new FamilyPages(all, pageSize);
  try {
    const isExact = reader.showFrames(first.regions);
    const rows = new Map<Region, CowRow>();
    const remembered: Remembered[] = [];
    const regions = snapshots.map((snapshot) => (snapshot?.regions ?? []).filter(mayHavePages));
    const spans = [
      ...spansOf(regions.map((own, number) => (all[number]!.isForked ? own : []))),
      // Who began with execve(2) has nothing at the addresses of the parent but by chance.
      ...all.flatMap(({isForked}, number) =>
        isForked ? [] : spansOf(regions.map((own, other) => (other === number ? own : []))),
      ),
    ];
    for (const span of options.along(spans)) {
      const row = rows.get(span.region) ?? {region: span.region, counts: noCounts(all.length)};
      rows.set(span.region, row);
      for (const piece of piecesOf(span, pageSize, reader.mostPages))
        countPiece(reader, row, piece, options.remember ? remembered : undefined);
    }
    return {
      t: performance.now(),
      pageSize,
      parent: first,
      rows: [...rows.values()],
      isCut: all.map((worker, index) => snapshots[index] === undefined || !isStill(worker)),
      isExact,
      swapped: reader.unknown,
      remembered,
    };
  } finally {
    reader.close();
  }
}

/**
 * What was copied of the pages that were shared at an earlier look. A process that has ended meanwhile is left out.
 *
 * @returns by row of that look
 */
export function copiesSince(look: CowLook, {parent, members}: Lineage): ReadonlyMap<CowRow, CowCopies> {
  const all = [parent, ...members];
  const reader = new FamilyPages(all, look.pageSize);
  try {
    if (look.isExact) reader.showFrames(look.parent.regions);
    const found = new Map<CowRow, CowCopies>();
    for (const {row, start, who, main, had} of look.remembered) {
      const copies = found.get(row) ?? {by: all.map(() => 0), unknown: 0};
      found.set(row, copies);
      countCopies({who, keys: reader.read(start, main.length, who), count: main.length}, main, had, copies);
    }
    return found;
  } finally {
    reader.close();
  }
}

/** Memory that can hold pages of its own: a write to a shared mapping makes no copy. */
const mayHavePages = (region: Region): boolean =>
  isPrivate(region) && whyNotRead(region, region.start, region.end) === undefined;

/** Its regions, without counters. @param parent whose clues hold for what it forked @returns undefined if it ended */
export function snapshotOf({handle, isForked}: Worker, parent?: Snapshot): Snapshot | undefined {
  try {
    return captureFrom(handle, {usage: false, ...(parent && isForked && {known: parent.clues})});
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'gone') return undefined;
    throw error;
  }
}

/** Does it live, and run the program that it did? */
export function isStill({handle, stat}: Worker): boolean {
  try {
    const now = handle.stat();
    return isSame(stat, now) && (now.state !== 'Z' || now.threads > 1);
  } catch {
    return false;
  }
}

interface Piece {
  readonly start: number;
  readonly pages: number;
  readonly who: readonly number[];
}

function* piecesOf({start, end, who}: Span, pageSize: number, most: number): Generator<Piece> {
  for (let at = start; at < end; at += most * pageSize)
    yield {start: at, pages: Math.min(most, (end - at) / pageSize), who};
}

function countPiece(
  reader: FamilyPages,
  row: CowRow,
  {start, pages, who}: Piece,
  remembered: Remembered[] | undefined,
): void {
  const stretch = {who, keys: reader.read(start, pages, who), count: pages};
  const main = remembered && new Float64Array(pages);
  countPages(stretch, row.counts, main);
  if (!main || !main.some((key) => key !== 0)) return;
  const had = stretch.keys.map((own) => bitsOf(pages, (page) => main[page] !== 0 && own[page] === main[page]));
  remembered.push({row, start, who, main, had});
}

/** The page maps of all processes of a family. */
class FamilyPages {
  /** Swapped pages of which nothing is known. */
  unknown = 0;
  readonly mostPages: number;
  readonly #maps: ReadonlyArray<PageMap | undefined>;
  readonly #keys: readonly Float64Array[];
  readonly #pageSize: number;
  readonly #flags: FrameFlags | undefined;
  #frames: FrameReader | undefined;

  constructor(all: readonly Worker[], pageSize: number) {
    this.#pageSize = pageSize;
    this.#flags = FrameFlags.open(all[0]!.handle.root);
    this.#maps = all.map((worker) => (isStill(worker) ? mapOf(worker, pageSize) : undefined));
    this.mostPages = this.#maps.find(Boolean)?.mostPages ?? 1;
    this.#keys = all.map(() => new Float64Array(this.mostPages));
  }

  /** Compares page frames, if the kernel shows them. @param regions of the parent @returns whether it does */
  showFrames(regions: readonly Region[]): boolean {
    const flags = this.#flags;
    if (flags && regions.some((region) => mayHavePages(region) && this.#hasFrame(region)))
      this.#frames = (frame) => flags.read(frame);
    return this.#frames !== undefined;
  }

  #hasFrame({start, end}: Region): boolean {
    const words = this.#maps[0]?.read(start, Math.min(this.mostPages, (end - start) / this.#pageSize)) ?? [];
    for (let at = 0; at < words.length; at += 2)
      if (pageState(words[at + HIGH]!) & PAGE.present) return pageFrame(words[at + LOW]!, words[at + HIGH]!) !== 0;
    return false;
  }

  /** @returns for each of `who` the keys of its pages, valid until the next call; 0 where it has ended */
  read(start: number, pages: number, who: readonly number[]): Float64Array[] {
    return who.map((number) => {
      const words = this.#maps[number]?.read(start, pages) ?? new Uint32Array(0);
      const keys = this.#keys[number]!;
      this.unknown += pageKeys(words, this.#frames, number, keys);
      return keys.fill(0, words.length / 2, pages).subarray(0, pages);
    });
  }

  close(): void {
    for (const map of this.#maps) map?.close();
    this.#flags?.close();
  }
}

/** @returns undefined for a process that has ended */
export function mapOf({handle, stat}: Worker, pageSize: number): PageMap | undefined {
  try {
    return new PageMap(handle, pageSize, folderOf(handle, stat));
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'gone') return undefined;
    throw error;
  }
}
