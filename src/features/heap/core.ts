import type {CoreInput} from '../../input/core.ts';
import {pageSizeOf} from '../../model/clues/clues.ts';
import type {Region} from '../../model/region.ts';
import {Trouble} from '../../model/trouble.ts';
import {otherAllocator} from '../../classify/runtimes/allocators.ts';
import {isCore, CORE_HEAD} from '../../parse/core/head.ts';
import type {CoreMemory} from '../../parse/core/memory.ts';
import {snapshotOfCore} from '../../parse/core/snapshot.ts';
import {buildIdOf} from '../../parse/elf/build-id.ts';
import {readBooks} from '../../parse/malloc/books.ts';
import {readLibcOfBuild, type LibcFile} from '../../procfs/image/libc.ts';
import {dataOf, glibcIn} from './allocators.ts';
import {Heap} from './heap.ts';
import {notesOf, unnamedIn, wantedOf, whose} from './parts.ts';
import {MappedSpace} from './space.ts';

/**
 * malloc's books in a core file: its walk needs no more than what was dumped.
 *
 * @param name of the file
 * @param probe an address of which the chunk is wanted
 * @throws Trouble `input` for a minidump
 */
export function heapOfCore(file: CoreInput, name: string, probe?: number): Heap {
  const begin = performance.now();
  if (!isCore(file.read(0, CORE_HEAD))) throw minidump(name);
  const {snapshot: bare, memory, core} = snapshotOfCore(file.read, file.size);
  const snapshot = bare.withSource({...bare.source, name});
  const {regions} = snapshot;
  const glibc = glibcIn(regions, snapshot.process.exe);
  const libc = libcOf(glibc, memory);
  const other = otherAllocator(regions, snapshot.clues.files);
  const {isLittle, is64} = core.shape;
  const space = new MappedSpace(named(regions), () => named(regions));
  const books =
    other === 'musl' || !isLittle
      ? undefined
      : readBooks({
          memory,
          space,
          probe,
          pageSize: pageSizeOf(snapshot),
          data: dataOf(glibc, regions),
          ...wantedOf(libc, is64 ? 8 : 4),
        });
  return new Heap({
    snapshot,
    ...whose(other, books, libc),
    version: libc?.version,
    books,
    unnamed: other && unnamedIn(memory, regions),
    notes: [
      ...notesOf(libc, books !== undefined),
      ...(isLittle ? [] : ['The books of big-endian machines are not read.']),
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
