import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {asleep, Child} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {jcmd} from '../../helpers/jcmd.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';
import {WRITES_CORES} from '../../input/cores.ts';
import {type Document, heapOf, type Part} from './document.ts';

const MIB = 1024 * 1024;
const PYTHONS = "Python's objects (obmalloc)";

/** The same of a core: its rows must add up to what `show` says that it has, of memory that may be accessed. */
async function heapOfCore(t: ExecutionContext, core: string, code = 0): Promise<Document> {
  const heap = await heapOf(t, core, code);
  const {stdout} = await memmap(['show', core, '--json']);
  const {regions} = JSON.parse(stdout) as {
    regions: ReadonlyArray<{perms: string; kind: string; size: number; usage?: {dumped?: number}}>;
  };
  const dumpedOf = (region: (typeof regions)[number]): number => region.usage?.dumped ?? 0;
  const dumped = regions.reduce((sum, region) => sum + dumpedOf(region), 0);
  const isUsed = ({perms, kind}: (typeof regions)[number]): boolean =>
    !perms.startsWith('---') && !['reserved', 'guard'].includes(kind);
  const left = regions
    .filter((region) => isUsed(region) || dumpedOf(region) > 0)
    .reduce((sum, region) => sum + region.size - dumpedOf(region), 0);
  const {parts} = heap.runtime;
  t.is(
    parts.reduce((sum, part) => sum + (part.dumped ?? 0), 0),
    dumped,
  );
  t.is(heap.runtime.dumped, dumped);
  t.is(heap.runtime.leftOut, left);
  for (const part of parts) t.is(part.resident, null, part.name);
  t.false(parts.some(({name}) => name === 'page tables'));
  return heap;
}

/** Starts a program where the kernel may write its core. @param filter of what: core(5), coredump_filter */
function start(t: ExecutionContext, place: string, words: readonly string[], filter = '0x33'): Child {
  return new Child(t, 'bash', [
    '-c',
    `cd "$0" && ulimit -c unlimited && echo ${filter} > /proc/self/coredump_filter && exec "$@"`,
    place,
    ...words,
  ]);
}

async function abort({process: child}: Child, place: string): Promise<string> {
  const ended = once(child, 'close');
  child.kill('SIGABRT');
  await ended;
  return join(
    place,
    readdirSync(place).find((name) => name.startsWith('core'))!,
  );
}

/** A core that gdb writes; the process goes on. */
function gcore({pid}: Child, place: string): string {
  const core = join(place, 'gcore');
  execFileSync('gdb', ['-nx', '-batch', '-p', String(pid), '-ex', `gcore ${core}`], {stdio: 'ignore'});
  return core;
}

/** Without huge pages (PR_SET_THP_DISABLE): a resident page of zeros looks like one that was never touched. */
const PYTHON = `
import ctypes, os, sys
if len(sys.argv) == 1:
    ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)
    os.execv(sys.executable, [sys.executable, __file__, 'again'])
a = [str(i) * 8 for i in range(700000)]
b = a[::500]
del a
print('ready', flush=True)
sys.stdin.readline()
`;

function pythonIn(t: ExecutionContext, place: string, filter?: string): Child {
  const script = join(place, 'kept.py');
  writeFileSync(script, PYTHON);
  return start(t, place, ['python3', script], filter);
}

function samePools(t: ExecutionContext, dead: Document, live: Document): void {
  const [now, before] = [dead.part(PYTHONS), live.part(PYTHONS)];
  t.is(dead.runtime.name, 'Python');
  t.like(now, {used: before.used, kept: before.kept, committed: before.committed, how: 'read', from: 'pool headers'});
  t.true(now.kept! > 40 * MIB && now.kept! > 5 * now.used!);
  t.true(now.used! + now.kept! <= now.dumped!);
  const [, figures] = /^([\d.]+ of [\d.]+ MiB) in Python's arenas is free and kept by Python/.exec(live.sentence)!;
  t.true(
    dead.sentence.startsWith(`${figures} in Python's arenas was free and kept by Python: not a leak in itself; `),
    dead.sentence,
  );
}

testIf(
  'python3',
  'gdb',
  'bash',
  X64,
)('a core that gdb writes of a Python: its pools are as they were, and are after that', async (t) => {
  const place = folder(t);
  const child = pythonIn(t, place);
  await child.line();
  await asleep(child.pid);
  const live = await heapOf(t, String(child.pid));
  samePools(t, await heapOfCore(t, gcore(child, place)), live);
  // gdb has read all of it: the page map shows zero pages where there were none, and the kernel does not count them.
  const [before, after] = [live, await heapOf(t, String(child.pid))].map((heap) => heap.part(PYTHONS));
  t.is(after!.used, before!.used);
  // Of what the kernel joined with an arena it is not known which pages are zero pages.
  t.true(Math.abs(after!.kept! - before!.kept!) < MIB / 2, `${after!.kept} and ${before!.kept}`);
  t.true(after!.used! + after!.kept! <= after!.resident!);
});

testIf(
  'python3',
  'bash',
  X64,
  WRITES_CORES,
)("the kernel's core of a Python: its pools are as they were, and why says the same", async (t) => {
  const place = folder(t);
  const child = pythonIn(t, place);
  await child.line();
  await asleep(child.pid);
  const live = await heapOf(t, String(child.pid));
  const core = await abort(child, place);
  const dead = await heapOfCore(t, core);
  samePools(t, dead, live);
  t.true(dead.runtime.leftOut! > 0, 'code of files is not dumped');
  const text = await memmap(['heap', core]);
  t.regex(text.stdout, /^Python's objects .* MiB +0 /m);
  t.regex(text.stdout, /^all of it .* MiB .* MiB/m);
  const {stdout} = await memmap(['why', core, '--json']);
  const why = JSON.parse(stdout) as {finding: {name: string}; sentence: string};
  conforms(t, 'why', why);
  t.is(why.finding.name, 'kept-by-python');
  t.regex(why.sentence, /^[\d.]+ of [\d.]+ MiB in Python's arenas was free and kept by Python, .*: not a leak\./);
});

testIf(
  'python3',
  'bash',
  X64,
  WRITES_CORES,
)('a core without private memory of a Python: nothing is said of its pools', async (t) => {
  const place = folder(t);
  const child = pythonIn(t, place, '0x10');
  await child.line();
  await asleep(child.pid);
  const dead = await heapOfCore(t, await abort(child, place), 5);
  t.like(dead.part(PYTHONS), {used: null, kept: null, dumped: 0, how: 'inferred'});
  t.true(dead.part(PYTHONS).leftOut! > 40 * MIB);
  t.regex(
    dead.sentence,
    /The core does not have what looks like arenas of Python, [\d.]+ MiB of addresses: what of it/,
  );
});

const JAVA = `class Kept {
  static byte[][] keep = new byte[40][];
  public static void main(String[] words) throws Exception {
    for (int i = 0; i < keep.length; i++) keep[i] = new byte[1 << 20];
    System.gc();
    System.out.println("ready");
    System.in.read();
  }
}`;

for (const hasCounters of [true, false])
  testIf(
    'java',
    'jcmd',
    'bash',
    X64,
    WRITES_CORES,
  )(`a core of a JVM ${hasCounters ? 'with' : 'without'} the file of its counters`, async (t) => {
    const place = folder(t);
    const source = join(place, 'Kept.java');
    writeFileSync(source, JAVA);
    // Bit 3 of the filter, shared mappings of files: a JVM sets it itself, unless it is told not to.
    const off = ['IgnoreUnrecognizedVMOptions', 'UnlockDiagnosticVMOptions'].map((flag) => `-XX:+${flag}`);
    const flags = hasCounters ? [] : [...off, '-XX:-DumpSharedMappingsInCore'];
    const words = ['java', '-Xmx256m', '-XX:+UseSerialGC', ...flags, source];
    const child = start(t, place, words, hasCounters ? '0x3f' : '0x33');
    await child.line();
    const told = jcmd(child.pid, 'PerfCounter.print');
    const used = Number(/^sun\.gc\.generation\.1\.space\.0\.used=(\d+)$/m.exec(told)![1]);
    const dead = await heapOfCore(t, await abort(child, place));
    t.is(dead.runtime.name, 'the JVM');
    const heap = dead.part('the Java heap');
    t.is(heap.kept, null);
    t.true(heap.dumped! > 40 * MIB);
    if (hasCounters) {
      t.like(heap, {how: 'read', from: 'hsperfdata'});
      t.is(dead.part('old generation').used, used);
      t.true(heap.used! >= used && heap.used! <= heap.committed!);
      t.regex(dead.sentence, /The Java heap had [\d.]+ MiB in use, live or garbage, when it was last counted, of /);
    } else {
      t.like(heap, {used: null, from: 'core'});
      t.regex(dead.sentence, /The core has [\d.]+ MiB of the Java heap: what of it was live, .* \(jhsdb jmap/);
    }
  });

testIf(
  X64,
  'bash',
  WRITES_CORES,
)("a core of Node: V8's heap is as large as it was", async (t) => {
  const place = folder(t);
  const child = start(t, place, [
    process.execPath,
    '-e',
    `const keep = []; for (let i = 0; i < 3e5; i++) keep.push({i});
const buffer = Buffer.alloc(48 << 20, 1);
console.log('ready');
require('fs').readSync(0, Buffer.alloc(1)); keep.length + buffer.length`,
  ]);
  await child.line();
  await asleep(child.pid);
  const live = await heapOf(t, String(child.pid));
  const dead = await heapOfCore(t, await abort(child, place));
  t.is(dead.runtime.name, 'V8');
  const ownOf = ({runtime}: Document): Part[] => runtime.parts.filter(({name}) => name.includes('V8'));
  const sum = (parts: readonly Part[], of: (part: Part) => number): number =>
    parts.reduce((bytes, part) => bytes + of(part), 0);
  const own = ownOf(dead);
  const [dumped, mapped] = [sum(own, (part) => part.dumped!), sum(ownOf(live), (part) => part.committed!)];
  // V8 gives pages back when it is idle.
  t.true(Math.abs(dumped - mapped) < 2 * MIB, `${dumped} in the core, ${mapped} before`);
  t.true(own.every(({used, kept}) => used === null && kept === null));
  t.true(dead.part("malloc's large blocks").dumped! > 47 * MIB);
  t.regex(
    dead.sentence,
    /The core has [\d.]+ MiB of V8's heap: what of it was live, and what was garbage or free, only /,
  );
});
