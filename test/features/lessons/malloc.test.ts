/* The lesson on malloc: beside a program that a compiler linked, and on machines without a glibc. */
import {execFileSync} from 'node:child_process';
import {existsSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {missingLibrary} from '../../../src/features/lessons/helper.ts';
import {copyPackage, memmap, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {missing, testIf, unless, X64} from '../../helpers/tools.ts';

interface Document {
  readonly ok: boolean;
  readonly pid: number | null;
  readonly unsupported?: string;
  readonly steps: ReadonlyArray<{
    readonly ok: boolean;
    readonly books?: {readonly observed: {readonly free: number; readonly trimmable: number}};
    readonly changes: ReadonlyArray<{
      readonly before: ReadonlyArray<{readonly name: string}>;
      readonly after: ReadonlyArray<{readonly name: string}>;
      readonly delta: {readonly size: number; readonly rss: number};
    }>;
  }>;
}

/** The sizes of [heap] after each step, from the changes: [size, resident]. */
function heapOf({steps}: Document): Array<[number, number]> {
  let [size, rss] = [0, 0];
  return steps.map(({changes}) => {
    for (const {before, after, delta} of changes)
      if ((after[0] ?? before[0])?.name === '[heap]') [size, rss] = [size + delta.size, rss + delta.rss];
    return [size, rss];
  });
}

const HERE = missingLibrary(process.arch);
const GLIBC = unless(HERE === undefined, HERE ?? '');

testIf(
  'gcc',
  GLIBC,
  X64,
)('What it says is what the kernel and mallinfo(3) say of a C program that does the same', async (t) => {
  const program = join(folder(t), 'malloc');
  execFileSync('gcc', ['-O1', '-w', '-o', program, 'test/features/lessons/malloc.c']);
  const theirs = execFileSync(program, {encoding: 'latin1', env: {}})
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  const {stdout, code} = await memmap(['demo', 'malloc', '--json']);
  t.is(code, 0, stdout);
  const document = JSON.parse(stdout) as Document;
  t.deepEqual(
    heapOf(document),
    theirs.map(([size, rss]) => [size, rss]),
  );
  document.steps.forEach(({books}, index) => {
    if (books) t.is(books.observed.free, theirs[index]![2]!, `step ${index + 1}`);
  });
  // What the books foretell is what malloc_trim gives back.
  t.is(document.steps[3]!.books!.observed.trimmable, 0);
  t.is(document.steps[2]!.books!.observed.trimmable, theirs[2]![1]! - theirs[3]![1]!);
});

testIf(GLIBC)("The environment of who asks does not change what the helper's malloc does", async (t) => {
  const env = {MALLOC_TOP_PAD_: '16777216', MALLOC_MMAP_THRESHOLD_: '4096', GLIBC_TUNABLES: 'glibc.malloc.perturb=1'};
  const {stdout, code} = await memmap(['demo', 'malloc'], {env});
  t.is(code, 0, stdout);
  t.regex(stdout, /The kernel agreed with all 5 predictions\./);
  t.regex(stdout, /^malloc's books: [\d.]+ KiB of 1 MiB is free and kept by malloc: not a leak in itself;/m);
});

for (const [machine, architecture, place] of [
  ['aarch64', 'arm64', '/usr/aarch64-linux-gnu'],
  ['riscv64', 'riscv64', '/usr/riscv64-linux-gnu'],
] as const) {
  const library = existsSync(`${place}/lib/libc.so.6`)
    ? undefined
    : missing(`${place}/lib/libc.so.6`, `libc6-dev-${architecture}-cross`);
  testIf(`qemu-${machine}-static`, library)(
    `The helper for ${architecture} does its steps with the C library for it, under qemu`,
    async (t) => {
      const file = join(folder(t), 'malloc');
      t.is((await memmap(['demo', 'malloc', '--emit', file, '--arch', architecture])).code, 0);
      const tool = `qemu-${machine}-static`;
      const {stdout, stderr, code} = await run(tool, ['-L', place, file], {input: '\n'.repeat(6)});
      t.is(stderr, '');
      const form = /^pid: \d+\nfirst: 0x([\da-f]+)\nfill: 0x([\da-f]+)\nhalf: 0x0\ntrim: 0x1\nrest: 0x0\n$/;
      t.regex(stdout, form);
      const [, first, last] = form.exec(stdout)!.map((number) => Number(`0x${number}`));
      // Nineteen blocks of 51,200 bytes lie between the two, each with the 16 bytes of its header, and the first chunk of 32.
      t.is(last! - first!, 32 + 19 * 51_216);
      t.is(code, 0);
    },
  );
}

test('Where the loader of glibc is missing, that is the reason', (t) => {
  const missingOnes = ['x64', 'arm64', 'riscv64'].filter((each) => missingLibrary(each) !== undefined);
  t.true(missingOnes.length > 0, 'no machine has all three');
  for (const each of missingOnes)
    t.regex(
      missingLibrary(each)!,
      /^the lesson calls glibc's malloc, and this machine has no glibc: \/lib\S+ is missing$/,
    );
});

/** The built package in a folder of its own, whose helper for the lesson is another program. */
function packageWith(t: ExecutionContext, helper: string): string {
  const place = folder(t);
  copyPackage(place);
  symlinkSync(`${process.cwd()}/node_modules`, join(place, 'node_modules'));
  const file = join(place, 'dist/helpers', `malloc.${process.arch}`);
  rmSync(file);
  writeFileSync(file, helper, {mode: 0o755});
  return join(place, 'bin/run.js');
}

testIf(GLIBC)(
  'A helper that its loader refuses is told as what the machine lacks, with the exit code of a lesson',
  async (t) => {
    // What musl's loader does behind glibc's name: it says what is missing on standard error, and ends with 127.
    const bin = packageWith(t, '#!/bin/sh\necho "malloc_trim: symbol not found" >&2\nexit 127\n');
    const text = await run(process.execPath, [bin, 'demo', 'malloc']);
    t.is(text.code, 1);
    t.regex(
      text.stdout,
      /^Not supported here: the C library of this machine is not a glibc with malloc_trim: .* \(exit code 127\)\.$/m,
    );
    const json = await run(process.execPath, [bin, 'demo', 'malloc', '--json']);
    t.is(json.code, 1);
    const document = JSON.parse(json.stdout) as Document;
    conforms(t, 'lesson', document);
    t.deepEqual([document.ok, document.pid, document.steps.length], [false, null, 0]);
    t.regex(document.unsupported!, /^the C library of this machine/);
    const all = await run(process.execPath, [bin, 'demo', '--all']);
    t.is(all.code, 0, all.stdout);
    t.regex(all.stdout, /^malloc +Ask for one byte +not supported/m);
  },
);
