import {execFileSync} from 'node:child_process';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {OtherAllocator} from '../../../src/model/heap/allocator.ts';
import {otherAllocator} from '../../../src/classify/runtimes/allocators.ts';
import {glibcIn} from '../../../src/features/heap/allocators.ts';
import type {Region} from '../../../src/model/region.ts';
import {parse} from '../../../src/parse/parse.ts';
import {Child} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';

const regionsOf = (...names: readonly string[]): readonly Region[] =>
  parse(
    names
      .map((name, index) => `7f00000${index}0000-7f00000${index}1000 rw-p 00000000 08:01 ${index + 7}    ${name}\n`)
      .join(''),
  ).regions;

/** As Debian, Alpine, Red Hat and builds from source name them. */
const NAMED: ReadonlyArray<readonly [name: string, allocator: OtherAllocator | undefined]> = [
  ['/usr/lib/x86_64-linux-gnu/libjemalloc.so.2', 'jemalloc'],
  ['/usr/lib64/libjemalloc.so.2 (deleted)', 'jemalloc'],
  ['/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4.5.10', 'tcmalloc'],
  ['/usr/lib/x86_64-linux-gnu/libtcmalloc.so.4.5.10', 'tcmalloc'],
  ['/usr/lib/x86_64-linux-gnu/libmimalloc.so.2.0', 'mimalloc'],
  ['/opt/libmimalloc-secure.so.2.1', 'mimalloc'],
  ['/lib/ld-musl-x86_64.so.1', 'musl'],
  ['/usr/lib/x86_64-linux-musl/libc.so', 'musl'],
  ['/usr/lib/x86_64-linux-gnu/libc.so.6', undefined],
  ['/opt/libjemallocator-tests', undefined],
];

test('an allocator is named by its library', (t) => {
  for (const [name, allocator] of NAMED) t.is(otherAllocator(regionsOf('/usr/bin/a', name)), allocator, name);
});

test('the C library is found by its name, an upgraded one too; else the program may contain it', (t) => {
  for (const name of ['/lib/libc.so.6', '/lib/libc-2.31.so', '/usr/lib/libc.so.6 (deleted)'])
    t.is(glibcIn(regionsOf('/usr/bin/a', name), '/usr/bin/a')[0]!.name, name);
  t.is(glibcIn(regionsOf('/usr/bin/a', '/usr/lib/x86_64-linux-musl/libc.so'), '/usr/bin/a')[0]!.name, '/usr/bin/a');
});

/** The program of bump.c, with a library of this name and content before the C library; and what heap says of it. */
async function readWith(t: ExecutionContext, library: string, how: readonly string[]) {
  const place = folder(t);
  const source = 'test/features/heap/bump.c';
  execFileSync('gcc', ['-O1', '-fno-builtin', '-shared', '-fPIC', '-o', join(place, library), ...how]);
  execFileSync('gcc', ['-O1', '-fno-builtin', '-o', join(place, 'program'), source]);
  const child = new Child(t, 'env', [`LD_PRELOAD=${join(place, library)}`, join(place, 'program')]);
  const pid = await child.line();
  const ran = await memmap(['heap', pid, '--json']);
  t.is(ran.code, 5, ran.stderr);
  const document = JSON.parse(ran.stdout) as {
    readonly allocator: string;
    readonly beside?: string;
    readonly sentence: string;
    readonly totals: {readonly system: number};
    readonly unnamed: {readonly resident: number; readonly size: number};
  };
  conforms(t, 'heap', document);
  t.true(document.unnamed.resident > 2 ** 26 && document.unnamed.resident <= document.unnamed.size);
  return {document, text: (await memmap(['heap', pid])).stdout};
}

testIf('gcc', X64)(
  'where only another allocator has memory, it is named, its memory is added up, and nothing more is said',
  async (t) => {
    const {document} = await readWith(t, 'libjemalloc.so.2', ['-DLIBRARY', 'test/features/heap/bump.c']);
    t.deepEqual([document.allocator, document.beside, document.totals.system], ['jemalloc', undefined, 0]);
    t.regex(document.sentence, /^The program's malloc is that of jemalloc, whose books memmap does not read: /);
  },
);

testIf('gcc', X64)("where another allocator is there and glibc's arenas have memory, both are named", async (t) => {
  // A library that defines nothing is called for nothing: the loader takes malloc from the C library.
  const {document, text} = await readWith(t, 'libjemalloc.so.2', ['-x', 'c', '/dev/null']);
  t.deepEqual([document.allocator, document.beside], ['glibc', 'jemalloc']);
  t.true(document.totals.system > 2 ** 26);
  t.regex(document.sentence, /^Of glibc's malloc: 64(\.\d)? of 64(\.\d)? MiB is in use by the program, /);
  t.regex(document.sentence, / jemalloc is there too, and which of the two the program calls is not known: /);
  t.regex(text.replaceAll(/\s+/g, ' '), / malloc of glibc [\d.]+, 1 arena, and jemalloc /);
});
