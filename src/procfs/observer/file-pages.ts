import {PAGE} from '../../model/pages/pages.ts';
import {isFileBacked, type Region} from '../../model/region.ts';
import {HIGH, pageState} from '../../parse/proc/pagemap.ts';
import type {PageMap} from '../pages/pagemap.ts';

/** One file has one key, in whichever process: the kernel prints the same device and inode for it. */
export const fileOf = (region: Region): string | undefined =>
  isFileBacked(region) && region.offset !== undefined && region.inode !== ''
    ? `${region.dev} ${region.inode}`
    : undefined;

/** How often the pages of one file are mapped. */
interface Counts {
  /** Number of the first page in the file. */
  readonly first: number;
  readonly counts: Uint8Array;
}

/** A file of which more is mapped is left out: 64 GiB of it. */
const MOST_PAGES = 2 ** 24;

const OF_FILE = PAGE.present | PAGE.file;

/** How often a process, or several, map each page of their files: the file's own pages, not copies made on write. */
export class FilePages {
  readonly #files = new Map<string, Counts>();
  readonly #pageSize: number;

  /** @param pageSize bytes */
  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Counts one region's pages. @param words of its page map, two halves a page */
  add(region: Region, words: Uint32Array): void {
    const file = this.#room(region);
    if (!file) return;
    const at = this.pageOf(region) - file.first;
    for (let page = 0; page < words.length / 2; page++) {
      const isThere = (pageState(words[page * 2 + HIGH]!) & OF_FILE) === OF_FILE;
      if (isThere && file.counts[at + page]! < 255) file.counts[at + page]!++;
    }
  }

  /** Number in its file of a region's first page. */
  pageOf(region: Region): number {
    return region.offset! / this.#pageSize;
  }

  has(file: string | undefined): boolean {
    return file !== undefined && this.#files.has(file);
  }

  /** @param page its number in the file */
  count(file: string, page: number): number {
    const pages = this.#files.get(file);
    return pages?.counts[page - pages.first] ?? 0;
  }

  /** Are the same pages mapped as often? */
  equals(other: FilePages): boolean {
    return (
      this.#files.size === other.#files.size &&
      [...this.#files].every(([file, {first, counts}]) => {
        const theirs = other.#files.get(file);
        return theirs?.first === first && Buffer.compare(counts, theirs.counts) === 0;
      })
    );
  }

  /** A place for the pages of a region, beside those of its file that were counted before. */
  #room(region: Region): Counts | undefined {
    const file = fileOf(region);
    if (file === undefined) return undefined;
    const known = this.#files.get(file);
    const from = this.pageOf(region);
    const to = from + (region.end - region.start) / this.#pageSize;
    const first = Math.min(known?.first ?? from, from);
    const end = Math.max(known ? known.first + known.counts.length : to, to);
    if (end - first > MOST_PAGES) return undefined;
    if (known && known.first === first && known.counts.length === end - first) return known;
    const counts = new Uint8Array(end - first);
    if (known) counts.set(known.counts, known.first - first);
    this.#files.set(file, {first, counts});
    return {first, counts};
  }
}

/**
 * The words of a region's page map, two halves a page; fewer where the kernel has no more.
 *
 * @param pageSize bytes
 */
export function wordsOf(map: PageMap, region: Region, pageSize: number): Uint32Array {
  const pages = (region.end - region.start) / pageSize;
  const words = new Uint32Array(pages * 2);
  let from = 0;
  while (from < pages) {
    const some = map.read(region.start + from * pageSize, pages - from);
    if (some.length === 0) break;
    words.set(some, from * 2);
    from += some.length / 2;
  }
  return words.subarray(0, from * 2);
}

/** All pages of these regions of one process. @throws Trouble */
export function filePagesOf(map: PageMap, regions: readonly Region[], pageSize: number): FilePages {
  const pages = new FilePages(pageSize);
  for (const region of regions) pages.add(region, wordsOf(map, region, pageSize));
  return pages;
}
