import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import test from 'ava';
import type {OtherAllocator} from '../../../src/model/allocator.ts';
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

testIf('gcc', X64)(
  'where another allocator is used, it is named, its memory is added up, and nothing more is said',
  async (t) => {
    const place = folder(t);
    const library = `${place}/libjemalloc.so.2`;
    writeFileSync(`${place}/empty.c`, 'int of_no_use;');
    execFileSync('gcc', ['-shared', '-o', library, `${place}/empty.c`]);
    execFileSync('gcc', ['-O1', '-pthread', '-o', `${place}/target`, 'test/features/heap/target.c']);
    const child = new Child(t, 'env', [`LD_PRELOAD=${library}`, `${place}/target`, 'brk']);
    const pid = /\d+/.exec(await child.line())![0];
    const ran = await memmap(['heap', pid, '--json']);
    t.is(ran.code, 5, ran.stderr);
    const document = JSON.parse(ran.stdout) as {
      readonly allocator: string;
      readonly sentence: string;
      readonly unnamed: {readonly resident: number; readonly size: number};
    };
    conforms(t, 'heap', document);
    t.is(document.allocator, 'jemalloc');
    t.regex(document.sentence, /^The program's malloc is that of jemalloc, whose books memmap does not read: /);
    t.true(document.unnamed.resident > 2 ** 25 && document.unnamed.resident <= document.unnamed.size);
  },
);
