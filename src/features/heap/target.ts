import {sizeOf, type Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {processOf} from '../../input/open.ts';
import {isKnownVersion, readBooks} from '../../parse/malloc/books.ts';
import {captureFrom, folderOf} from '../../procfs/capture.ts';
import {isSame, ProcessHandle} from '../../procfs/handle.ts';
import {regionsNow} from '../../procfs/regions.ts';
import {pageSizeHere} from '../../procfs/pages/pagemap.ts';
import {readLibc, type LibcFile} from '../../procfs/libc.ts';
import {ProcessMemory} from '../../procfs/memory.ts';
import {type AllocatorName, otherAllocator} from '../../classify/runtimes/allocators.ts';
import {dataOf, glibcIn, unnamed} from './allocators.ts';
import {Heap, type Unnamed} from './heap.ts';
import {MappedSpace} from './space.ts';

/** Bytes of memory a second that are read at most, where nobody says otherwise. */
export const USUAL_RATE = 500_000_000;

interface HeapOptions {
  readonly root: string;
  /** Bytes of memory a second that are read at most. */
  readonly maxRate: number;
}

/** malloc's books of a live process. @throws Trouble */
export function lookAtHeap(target: string, {root, maxRate}: HeapOptions): Heap {
  const handle = new ProcessHandle(processOf(target, root, refusal(target)), root);
  try {
    return heapIn(handle, {maxRate});
  } finally {
    handle.close();
  }
}

/** What is said of a file: a listing has no contents */
const refusal = (text: string) => ({
  what: `"${text}" has no heap to look at.`,
  why: "a saved listing has regions; malloc's books lie in their contents, which only a live process has.",
  next: `Give the PID of a process, or see the regions: memmap show ${text}`,
});

/**
 * The same of a process that is held already.
 *
 * @param options.probe an address of which the chunk is wanted
 */
export function heapIn(
  handle: ProcessHandle,
  {maxRate: rate, probe}: {readonly maxRate: number; readonly probe?: number | undefined},
): Heap {
  const begin = performance.now();
  const stat = handle.stat();
  const pageSize = pageSizeHere(handle.root);
  // First of all: it needs more rights than the rest.
  const memory = new ProcessMemory(handle, {pageSize, rate, folder: folderOf(handle, stat)});
  try {
    const snapshot = captureFrom(handle, {usage: false});
    const glibc = glibcIn(snapshot.regions, snapshot.process.exe);
    const file = readLibc(handle, glibc);
    const other = otherAllocator(snapshot.regions);
    const books = other === 'musl' ? undefined : booksOf(handle, memory, snapshot, glibc, file, pageSize, probe);
    const isGone = !isStill(handle, stat);
    return new Heap({
      snapshot,
      allocator: other ?? (books || file?.version !== undefined ? 'glibc' : 'unknown'),
      version: file?.version,
      books,
      unnamed: other && unnamedIn(memory, snapshot.regions),
      notes: notesOf(file, other, books !== undefined, isGone),
      isGone,
      cost: {bytesRead: memory.bytesRead, ms: performance.now() - begin},
    });
  } finally {
    memory.close();
  }
}

/** Larger regions are reserved, and not counted page by page. */
const LARGEST = 64 * 2 ** 30;

function unnamedIn(memory: ProcessMemory, all: readonly Region[]): Unnamed {
  const regions = unnamed(all).filter((region) => sizeOf(region) <= LARGEST);
  const sum = (of: (region: Region) => number): number => regions.reduce((bytes, region) => bytes + of(region), 0);
  return {
    regions: regions.length,
    size: sum(sizeOf),
    resident: sum(({start, end}) => memory.residentIn(start, end)),
  };
}

/** Is it the same program, and alive? */
function isStill(handle: ProcessHandle, stat: ReturnType<ProcessHandle['stat']>): boolean {
  try {
    return isSame(stat, handle.stat());
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'gone') return false;
    throw error;
  }
}

function booksOf(
  handle: ProcessHandle,
  memory: ProcessMemory,
  {regions}: Snapshot,
  glibc: readonly Region[],
  file: LibcFile | undefined,
  pageSize: number,
  probe: number | undefined,
): ReturnType<typeof readBooks> {
  const last = regions.at(-1)?.end ?? 0;
  return readBooks({
    memory,
    pageSize,
    probe,
    space: new MappedSpace(regions, () => {
      memory.refresh();
      return regionsNow(handle);
    }),
    data: dataOf(glibc, regions),
    minor: file?.version?.startsWith('2.') ? Number(file.version.slice(2)) : undefined,
    word: file?.word ?? (last <= 2 ** 32 ? 4 : 8),
  });
}

function notesOf(
  file: LibcFile | undefined,
  other: AllocatorName | undefined,
  hasBooks: boolean,
  isGone: boolean,
): string[] {
  const notes: string[] = [];
  const minor = Number(file?.version?.slice(2));
  if (other !== undefined && hasBooks)
    notes.push(`The arenas are those of glibc's malloc, which is there too; the program's is that of ${other}.`);
  if (file?.version !== undefined && !isKnownVersion(minor))
    notes.push(
      hasBooks
        ? `glibc ${file.version} is not known: each arena was checked, and what threads keep (tcache) is not told.`
        : `glibc ${file.version} is not known: its malloc is laid out in another way.`,
    );
  if (hasBooks && file?.version === undefined)
    notes.push('The version of glibc could not be found out: each arena was checked by what it holds.');
  if (isGone) notes.push('The process ended or began another program while it was read.');
  return notes;
}
