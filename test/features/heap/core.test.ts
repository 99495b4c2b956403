import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, truncateSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {asleep, Child} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {files, folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';
import {makeMinidump} from '../../parse/core/minidumps.ts';
import {WRITES_CORES} from '../../input/cores.ts';

type Figures = Readonly<Record<string, number | boolean | string | null>>;

interface Document {
  readonly allocator: string;
  readonly version: string | null;
  readonly sentence: string;
  readonly arenas: readonly Figures[];
  readonly mmapped: Figures;
  readonly totals: Readonly<Record<string, number>>;
  readonly freeRuns: ReadonlyArray<{readonly start: string; readonly size: number}>;
  readonly freeChunks: readonly unknown[];
}

async function heapOf(t: ExecutionContext, target: string, code = 0): Promise<Document> {
  const ran = await memmap(['heap', target, '--json']);
  t.is(ran.code, code, ran.stderr);
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'heap', document);
  return document;
}

/** What malloc counts; which pages of it are resident a core doesn't say. */
const withoutPages = (figures: Figures): Figures => ({...figures, freeResident: 0, trimmable: 0});

interface Both {
  readonly live: Document;
  readonly dead: Document;
  readonly core: string;
}

/** The books of a program that stands still, and those in the core that the kernel then writes. */
async function beforeAndAfter(t: ExecutionContext, place: string, command: string): Promise<Both> {
  const child = new Child(t, 'bash', ['-c', `cd "${place}" && ulimit -c unlimited && exec ${command}`]);
  await child.line();
  await asleep(child.pid);
  const live = await heapOf(t, String(child.pid));
  const ended = once(child.process, 'close');
  child.process.kill('SIGABRT');
  await ended;
  const core = join(
    place,
    readdirSync(place).find((name) => name.startsWith('core'))!,
  );
  return {live, dead: await heapOf(t, core), core};
}

function sameBooks(t: ExecutionContext, {live, dead}: Both): void {
  t.is(dead.allocator, 'glibc');
  t.is(dead.version, live.version);
  t.deepEqual(dead.arenas.map(withoutPages), live.arenas.map(withoutPages));
  t.deepEqual(dead.mmapped, live.mmapped);
  t.deepEqual(dead.freeChunks, live.freeChunks);
  t.deepEqual(dead.freeRuns, live.freeRuns);
  for (const key of ['freeResident', 'trimmable']) {
    const [a, b] = [dead.totals[key]!, live.totals[key]!];
    t.true(Math.abs(a - b) <= Math.max(b * 0.01, 16_384), `${key}: ${a} in the core, ${b} before`);
  }
}

function target(place: string, how: string, ...flags: readonly string[]): string {
  execFileSync('gcc', ['-O1', '-pthread', ...flags, '-o', join(place, 'target'), 'test/features/heap/target.c']);
  return `./target ${how}`;
}

for (const how of ['threads', 'brk', 'mmap'])
  testIf(
    'gcc',
    'bash',
    X64,
    WRITES_CORES,
  )(`a core of a C program (${how}) has the books that it had just before`, async (t) => {
    const place = folder(t);
    sameBooks(t, await beforeAndAfter(t, place, target(place, how)));
  });

testIf(
  'gcc',
  'bash',
  X64,
  WRITES_CORES,
)('a static program, whose C library has no file', async (t) => {
  const place = folder(t);
  sameBooks(t, await beforeAndAfter(t, place, target(place, 'brk', '-static')));
});

testIf(
  'python3',
  'bash',
  X64,
  WRITES_CORES,
)('a core of Python has the books that it had just before', async (t) => {
  const place = folder(t);
  const executable = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {encoding: 'utf8'}).trim();
  const program =
    'import time; x = [bytes([7]) * (1000 + i % 5000) for i in range(20000)]; del x[::2]; print(1, flush=True); ' +
    'time.sleep(600)';
  const both = await beforeAndAfter(t, place, `${executable} -S -E -c "${program}"`);
  sameBooks(t, both);
  t.true(both.live.totals['free']! > 10 * 2 ** 20);
});

testIf(
  'gcc',
  'bash',
  X64,
  WRITES_CORES,
)('the chunk of an address, in a core', async (t) => {
  const place = folder(t);
  const {core, dead} = await beforeAndAfter(t, place, target(place, 'threads'));
  const [run] = dead.freeRuns;
  const ran = await memmap(['explain', core, `0x${(Number(run!.start) + 64).toString(16)}`, '--heap', '--json']);
  t.is(ran.code, 0, ran.stderr);
  const {chunk} = JSON.parse(ran.stdout) as {chunk: {state: string}};
  t.regex(chunk.state, /^(free|top)$/);
});

testIf(
  'gcc',
  'bash',
  X64,
  WRITES_CORES,
)('a core that is cut off has torn arenas, and ends with 5', async (t) => {
  const place = folder(t);
  const {core} = await beforeAndAfter(t, place, target(place, 'threads'));
  truncateSync(core, 2 ** 25);
  await heapOf(t, core, 5);
  const {stdout} = await memmap(['heap', core]);
  t.regex(stdout, /^what it is .* in the core +left out\b/m);
});

test('a minidump has no heap', async (t) => {
  const [dump] = files(t, makeMinidump());
  const ran = await memmap(['heap', dump!]);
  t.is(ran.code, 6);
  t.regex(ran.stderr, /minidump/);
});
