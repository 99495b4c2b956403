import type {CoreInput} from '../../input/core.ts';
import {pageSizeOf} from '../../model/clues/clues.ts';
import {isWritable, type Region, sizeOf} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {otherAllocator} from '../../classify/runtimes/allocators.ts';
import {pythonIn, PYTHONS} from '../../classify/runtimes/python.ts';
import {isCore, CORE_HEAD} from '../../parse/core/head.ts';
import type {CoreMemory} from '../../parse/core/memory.ts';
import {snapshotOfCore} from '../../parse/core/snapshot.ts';
import {buildIdOf} from '../../parse/elf/build-id.ts';
import {countersIn} from '../../parse/hsperf.ts';
import {type ArenaPlace, readArenas, readBooks} from '../../parse/malloc/books.ts';
import {readLibcOfBuild, type LibcFile} from '../../procfs/image/libc.ts';
import {copiesOf, glibcIn} from './allocators.ts';
import {type Anonymous, searchAnonymous, whyNoPools} from './anonymous.ts';
import {Heap} from './heap.ts';
import {notesOf, unnamedIn, wantedOf, whose} from './parts.ts';
import {runtimeOf} from './runtime/runtime.ts';
import {MappedSpace} from './space.ts';

interface CoreHeapOptions {
  /** An address of which the chunk is wanted. */
  readonly probe?: number;
  /** Say of all its memory what it is for, and what Python's pools say of theirs. */
  readonly runtime?: boolean;
}

/**
 * malloc's books in a core file: its walk needs no more than what was dumped.
 *
 * @param name of the file
 * @throws Trouble `input` for a minidump
 */
export function heapOfCore(file: CoreInput, name: string, {probe, runtime = false}: CoreHeapOptions): Heap {
  const begin = performance.now();
  if (!isCore(file.read(0, CORE_HEAD))) throw minidump(name);
  const {snapshot: bare, memory, core} = snapshotOfCore(file.read, file.size);
  const snapshot = bare.withSource({...bare.source, name});
  const regions = named(snapshot.regions);
  const glibc = glibcIn(regions, snapshot.process.exe);
  const libc = libcOf(glibc, memory);
  const other = otherAllocator(regions, snapshot.clues.files);
  const {isLittle, is64} = core.shape;
  const word: 4 | 8 = is64 ? 8 : 4;
  const pageSize = pageSizeOf(snapshot);
  const space = new MappedSpace(regions, () => regions);
  const wanted = {memory, space, pageSize, copies: copiesOf(glibc, regions), ...wantedOf(libc, word)};
  const books = other === 'musl' || !isLittle ? undefined : readBooks({...wanted, probe});
  const python = runtime && isLittle ? pythonIn(regions.map((region) => region.name)) : undefined;
  const why = python && whyNoPools(python, word);
  const search = {memory, regions, pageSize, word, pieces: books?.pieces ?? [], chunks: books?.mmapped.count ?? 0};
  const found = runtime ? searchCore({...search, python: why === undefined ? python : undefined}) : undefined;
  return new Heap({
    snapshot,
    ...whose(other, books, libc),
    version: libc?.version,
    books,
    unnamed: other && unnamedIn(memory, regions),
    python: found?.python,
    runtime:
      found &&
      runtimeOf({
        snapshot: books ? withBlocks(snapshot, readArenas(wanted) ?? []) : snapshot,
        books,
        other,
        found,
        counters: countersIn(regions, memory.read),
      }),
    notes: [
      ...notesOf(libc, books !== undefined),
      ...(isLittle ? [] : ['The books of big-endian machines are not read.']),
      ...(why === undefined ? [] : [why]),
      PAGES,
      ...(core.missing > 0 ? ['The core is cut off: what it does not have is neither in use nor free here.'] : []),
    ],
    isGone: core.missing > 0,
    cost: {bytesRead: memory.bytesRead, ms: performance.now() - begin},
  });
}

const PAGES =
  'A core does not say which pages were resident: pages full of zeros count as not resident, though they may have ' +
  'been; others as resident.';

/** What a core has of its regions: of one that it has in part, the beginning. */
const dumpedIn = (regions: readonly Region[]): Region[] =>
  regions.flatMap((region) => {
    const dumped = dumpedOf(region);
    return dumped === 0 ? [] : [dumped < sizeOf(region) ? {...region, end: region.start + dumped} : region];
  });

const dumpedOf = ({usage}: Region): number => usage?.['dumped'] ?? 0;

/** Where no pool was found, but a core left out what may be arenas, its pools say nothing. */
function searchCore(wanted: Parameters<typeof searchAnonymous>[0]): Anonymous {
  const found = searchAnonymous({...wanted, regions: dumpedIn(wanted.regions)});
  const isLeftOut = wanted.regions.some((region) => region.label === PYTHONS && dumpedOf(region) === 0);
  return found.python?.count === 0 && isLeftOut ? {...found, python: undefined} : found;
}

/**
 * Blocks of arenas are recognised by the memory without access behind what is used of them, which gdb doesn't tell from
 * other memory: the arenas themselves say where they are.
 */
function withBlocks(snapshot: Snapshot, arenas: readonly ArenaPlace[]): Snapshot {
  const blocks = arenas.flatMap((arena) => arena.blocks);
  const isIn = ({start, end}: Region): boolean => blocks.some((block) => block.start <= start && block.end >= end);
  const told = snapshot.regions.map((region): Region =>
    region.kind === 'anon' && isWritable(region) && isIn(region)
      ? {...region, kind: 'arena', label: "malloc's arenas", confidence: undefined}
      : region,
  );
  return snapshot.withRegions(told, 'What malloc has was told by its arenas.');
}

/** Code is not dumped, and the version is in it: the file of today is asked, if it is of the same build. */
function libcOf(glibc: readonly Region[], memory: CoreMemory): LibcFile | undefined {
  const first = glibc.find(({offset}) => offset === 0);
  if (!first) return undefined;
  return readLibcOfBuild(
    first.name,
    buildIdOf((offset, length) => memory.read(first.start + offset, length)),
  );
}

/** The brk area has no name in a core, and was recognised by its place. */
const named = (regions: readonly Region[]): readonly Region[] =>
  regions.map((region) => (region.kind === 'heap' && region.name === '' ? {...region, name: '[heap]'} : region));

const minidump = (name: string): Trouble =>
  new Trouble({
    kind: 'input',
    what: `Cannot read a heap in ${name}.`,
    why: 'it is a minidump, which has stacks and little else of the memory.',
    next: `See its regions: memmap show ${name}`,
  });
