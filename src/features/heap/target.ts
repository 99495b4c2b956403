import {MEASURES} from '../../model/measures.ts';
import type {Region} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {openIfCore} from '../../input/core.ts';
import {processOf} from '../../input/open.ts';
import {type ArenaPlace, readArenas, readBooks} from '../../parse/malloc/books.ts';
import {captureFrom, folderOf} from '../../procfs/capture.ts';
import {findByName} from '../../procfs/find.ts';
import {readHsperf} from '../../procfs/image/hsperf.ts';
import {titleIn} from '../../procfs/title.ts';
import {withProgress} from '../../shell/output.ts';
import {isSame, ProcessHandle} from '../../procfs/handle.ts';
import {regionsNow} from '../../procfs/regions.ts';
import {pageSizeHere} from '../../procfs/pages/pagemap.ts';
import {readLibc, type LibcFile} from '../../procfs/image/libc.ts';
import {ProcessMemory} from '../../procfs/memory/memory.ts';
import {otherAllocator} from '../../classify/runtimes/allocators.ts';
import {pythonIn} from '../../classify/runtimes/python.ts';
import {copiesOf, glibcIn} from './allocators.ts';
import {searchAnonymous, whyNoPools} from './anonymous.ts';
import {heapOfCore} from './core.ts';
import {withDescendants} from './family/descendants.ts';
import {HeapFamily, type HeapMember, type MissingMember} from './family/family.ts';
import {Heap} from './heap.ts';
import {notesOf, unnamedIn, wantedOf, whose} from './parts.ts';
import {residentByPages} from './resident.ts';
import {runtimeOf} from './runtime/runtime.ts';
import {MappedSpace} from './space.ts';

/** Bytes of memory a second that are read at most, where nobody says otherwise. */
export const USUAL_RATE = 500_000_000;

/** ms of rests after which a process that wants its lock all the time is read faster (procfs/memory/pace.ts). */
export const PATIENCE = 5000;

/** Shorter rests are not worth a word: ms. */
const NOTED = 1000;

interface ReadOptions {
  /** Bytes of memory a second that are read at most. */
  readonly maxRate: number;
  /** ms, as PATIENCE. */
  readonly patience?: number | undefined;
  /** An address of which the chunk is wanted. */
  readonly probe?: number | undefined;
}

interface HeapOptions {
  readonly root: string;
  /** Bytes of memory a second that are read at most. */
  readonly maxRate: number;
  /** The descendants of the process too. */
  readonly children: boolean;
}

/**
 * malloc's books of a live process, of a core file, or of several processes: those that have the name, or a process and
 * its descendants.
 *
 * @throws Trouble
 */
export async function lookAtHeap(target: string, {root, maxRate, children}: HeapOptions): Promise<Heap | HeapFamily> {
  const core = await openIfCore(target);
  if (core) {
    try {
      if (children) throw onlyOne(target);
      return heapOfCore(core, target, {runtime: true});
    } finally {
      core.close();
    }
  }
  const pids = pidsOf(target, root);
  if (children || pids.length > 1) return familyOf(children ? withDescendants(pids, root) : pids, {root, maxRate});
  const handle = new ProcessHandle(pids[0]!, root);
  try {
    return heapIn(handle, {maxRate, patience: PATIENCE, runtime: true});
  } finally {
    handle.close();
  }
}

/** The process that is meant; all that have the name, where it is one. */
function pidsOf(target: string, root: string): readonly number[] {
  const isName = !/^[\d-]|[/:]/.test(target);
  const named = isName ? findByName(target, root) : [];
  return named.length > 1 ? named.map(({pid}) => pid) : [processOf(target, root, refusal(target))];
}

/**
 * The books of several processes, one after the other. Who ends meanwhile, or has no memory of its own, is counted.
 *
 * @throws Trouble `denied`, `gone`: where none could be read
 */
function familyOf(pids: readonly number[], {root, maxRate}: Pick<HeapOptions, 'root' | 'maxRate'>): HeapFamily {
  const begin = performance.now();
  const members: HeapMember[] = [];
  const missing: MissingMember[] = [];
  let ended = 0;
  let first: Trouble | undefined;
  for (const pid of withProgress('Reading', pids, pids.length)) {
    let handle: ProcessHandle | undefined;
    try {
      handle = new ProcessHandle(pid, root);
      const {comm, state} = handle.stat();
      const title = titleIn(`${root}/${pid}`, state) ?? comm;
      members.push({heap: heapIn(handle, {maxRate, patience: PATIENCE, managed: true}), title});
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      first ??= error;
      if (error.kind === 'gone') ended++;
      else missing.push({pid, why: `${error.why} ${error.next}`});
    } finally {
      handle?.close();
    }
  }
  if (members.length === 0 && first) throw first;
  return new HeapFamily({members, missing, ended, ms: performance.now() - begin});
}

const onlyOne = (text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `Cannot read the family of ${text}.`,
    why: 'a core file is of one process.',
    next: `Leave --children out: memmap heap ${text}`,
  });

/** What is said of a file: a listing has no contents */
const refusal = (text: string) => ({
  what: `"${text}" has no heap to look at.`,
  why:
    "a saved listing has regions; malloc's books lie in their contents, which only a live process and a core file " +
    'have.',
  next: `Give the PID of a process, or see the regions: memmap show ${text}`,
});

/**
 * The same of a process that is held already.
 *
 * @param options.probe an address of which the chunk is wanted
 * @param options.runtime say of all its memory what it is for, too: reads smaps, unless that holds it up for too long
 * @param options.managed the same, where it has a language runtime: smaps of others is not read
 * @param options.search find Python's arenas and malloc's large chunks in memory without a name, as `runtime` does too
 */
export function heapIn(handle: ProcessHandle, options: HeapInOptions): Heap {
  const {maxRate: rate, patience, probe} = options;
  const begin = performance.now();
  const stat = handle.stat();
  const pageSize = pageSizeHere(handle.root);
  // First of all: it needs more rights than the rest.
  const memory = new ProcessMemory(handle, {pageSize, rate, patience, folder: folderOf(handle, stat)});
  try {
    const plain = options.runtime ? undefined : captureFrom(handle, {usage: false});
    const runtime = plain === undefined || (options.managed === true && hasRuntime(plain));
    const isPlain = plain !== undefined && !runtime && (options.isWatched === true || !hasLocked(plain));
    const snapshot = isPlain ? plain : withResident(handle, captureFrom(handle));
    const search = options.search ?? runtime;
    const named = snapshot.table.namedOnes();
    const glibc = glibcIn(named, snapshot.process.exe);
    const file = readLibc(handle, glibc);
    const other = otherAllocator(named, snapshot.clues.files);
    const books = other === 'musl' ? undefined : booksOf(handle, memory, snapshot, glibc, file, pageSize, probe);
    const regions = search ? [...snapshot.table] : [];
    const python = search ? pythonIn(named.map(({name}) => name)) : undefined;
    const {word} = wantedOf(file, wordIn(regions));
    const why = python && whyNoPools(python, word);
    const found =
      search &&
      searchAnonymous({
        memory,
        regions,
        pageSize,
        word,
        python: why === undefined ? python : undefined,
        pieces: books?.pieces ?? [],
        chunks: books?.mmapped.count ?? 0,
      });
    const isGone = !isStill(handle, stat);
    return new Heap({
      snapshot,
      ...whose(other, books, file),
      version: file?.version,
      books,
      unnamed: other && unnamedIn(memory, [...snapshot.table]),
      python: found ? found.python : undefined,
      runtime:
        runtime && found ? runtimeOf({snapshot, books, other, found, counters: readHsperf(handle, named)}) : undefined,
      notes: [
        ...notesOf(file, books !== undefined),
        ...(memory.rested >= NOTED ? [restsNote(memory.rested)] : []),
        ...(why === undefined ? [] : [why]),
        ...(books && hasLocked(snapshot) && !hasFlags(snapshot) ? [LOCKED] : []),
        ...(isGone ? ['The process ended or began another program while it was read.'] : []),
      ],
      isGone,
      cost: {bytesRead: memory.bytesRead, ms: performance.now() - begin},
    });
  } finally {
    memory.close();
  }
}

interface HeapInOptions extends ReadOptions {
  readonly runtime?: boolean;
  readonly managed?: boolean;
  readonly search?: boolean;
  /** It is read again and again: smaps is not read, though it alone says what is locked. */
  readonly isWatched?: boolean;
}

/** Has it a heap of its own beside malloc's? */
const hasRuntime = ({table}: Snapshot): boolean =>
  pythonIn(table.namedOnes().map(({name}) => name)) !== undefined ||
  table.alike.firsts.some((row) => table.kindAt(row) === 'managed');

/** malloc_trim gives back nothing of memory that is locked, and only smaps says which that is. */
const hasLocked = ({status}: Snapshot): boolean => Number(status['vmLck'] ?? 0) > 0;
const hasFlags = ({regions}: Snapshot): boolean => regions.some(({flags}) => flags !== undefined);
const LOCKED =
  'Some of its memory is locked (mlock(2)), and which could not be read: malloc_trim(0) gives back nothing of that, ' +
  'so that it may be less than said here.';

/** Where smaps would hold it up for too long, the page map tells what is resident. */
const withResident = (handle: ProcessHandle, snapshot: Snapshot): Snapshot =>
  MEASURES.rss.ofTotals(snapshot.totals) === undefined
    ? (residentByPages(handle.pid, handle.root, snapshot) ?? snapshot)
    : snapshot;

const restsNote = (ms: number): string =>
  `Reading rested for ${(ms / 1000).toFixed(1)} s in all: the process maps and unmaps memory all the time, and ` +
  'needs the same lock.';

/** Is it the same program, and alive? */
function isStill(handle: ProcessHandle, stat: ReturnType<ProcessHandle['stat']>): boolean {
  try {
    return isSame(stat, handle.stat());
  } catch (error) {
    if (error instanceof Trouble && error.kind === 'gone') return false;
    throw error;
  }
}

/**
 * The arenas of a process that is held already, without a walk.
 *
 * @returns undefined where they aren't known: another malloc, an unknown version whose arenas don't pass the checks
 * @throws Trouble `denied`
 */
export function arenasIn(handle: ProcessHandle, snapshot: Snapshot): readonly ArenaPlace[] | undefined {
  const pageSize = pageSizeHere(handle.root);
  const memory = new ProcessMemory(handle, {pageSize, rate: USUAL_RATE, folder: folderOf(handle, handle.stat())});
  try {
    const glibc = glibcIn(snapshot.table.namedOnes(), snapshot.process.exe);
    return readArenas(wantedIn(handle, memory, snapshot, glibc, readLibc(handle, glibc), pageSize));
  } finally {
    memory.close();
  }
}

function booksOf(
  handle: ProcessHandle,
  memory: ProcessMemory,
  snapshot: Snapshot,
  glibc: readonly Region[],
  file: LibcFile | undefined,
  pageSize: number,
  probe: number | undefined,
): ReturnType<typeof readBooks> {
  return readBooks({...wantedIn(handle, memory, snapshot, glibc, file, pageSize), probe});
}

/** Bytes of a pointer, where no file tells. */
const wordIn = (regions: readonly Region[]): 4 | 8 => ((regions.at(-1)?.end ?? 0) <= 2 ** 32 ? 4 : 8);

function wantedIn(
  handle: ProcessHandle,
  memory: ProcessMemory,
  {table}: Snapshot,
  glibc: readonly Region[],
  file: LibcFile | undefined,
  pageSize: number,
): Parameters<typeof readArenas>[0] {
  const regions = [...table];
  return {
    memory,
    pageSize,
    space: new MappedSpace(regions, () => {
      memory.refresh();
      return [...regionsNow(handle)];
    }),
    copies: copiesOf(glibc, regions),
    ...wantedOf(file, wordIn(regions)),
  };
}
