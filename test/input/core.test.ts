import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {readFileSync, statSync, truncateSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import zlib from 'node:zlib';
import test, {type ExecutionContext} from 'ava';
import {rangeText, type Region} from '../../src/model/region.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {parse} from '../../src/parse/parse.ts';
import {memmap} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {CRASHED, MACHINES, makeCore} from '../parse/core/made.ts';
import {conforms} from '../helpers/schema.ts';
import {testIf} from '../helpers/tools.ts';
import {abortWhileIdle, crash, gcore, idle, WRITES_CORES, type Crashed} from './cores.ts';

async function shown(t: ExecutionContext, core: string, code = 0): Promise<Snapshot> {
  const ran = await memmap(['show', core, '--json']);
  t.is(ran.code, code, ran.stderr);
  conforms(t, 'snapshot', JSON.parse(ran.stdout));
  return parse(ran.stdout);
}

/** What both a core and maps say of a region. The core doesn't say whether a file is mapped to be shared. */
const inBoth = ({start, end, perms, offset, name}: Region): unknown => ({
  range: rangeText({start, end}),
  access: perms.slice(0, 3),
  offset,
  file: name.startsWith('/') ? name : '',
});

/** Names that the kernel gives memory without a file. */
const isNamed = ({name}: Region): boolean => /^\[(vdso|stack)\]$/.test(name);

function sameAsMaps(t: ExecutionContext, regions: readonly Region[], maps: string): void {
  const before = parse(maps).regions;
  t.deepEqual(regions.map(inBoth), before.map(inBoth));
  t.deepEqual(
    regions.filter(isNamed).map(({name}) => name),
    before.filter(isNamed).map(({name}) => name),
  );
  for (const [index, {perms}] of regions.entries())
    t.true(perms[3] === '-' || perms[3] === before[index]!.perms[3], `${perms} ${before[index]!.perms}`);
}

testIf(
  'gcc',
  'bash',
  WRITES_CORES,
)('a core that the kernel wrote has the regions of maps just before, to the byte', async (t) => {
  const {core, maps} = crash(t, 'abort');
  const {regions, notes, process, clues} = await shown(t, core);
  sameAsMaps(t, regions, maps);
  t.is(regions.find(({usage, perms}) => perms === 'rw-p' && usage?.['dumped'] === 0)?.usage?.['dumped'], 0);
  t.regex(notes[0]!, /^It was ended by SIGABRT in thread \d+, which it raised itself/);
  t.like(process, {comm: 'crash', threads: 3});
  t.is(clues.threads!.filter(({stackPointer}) => stackPointer !== undefined).length, 3);
});

testIf(
  'gcc',
  'bash',
  WRITES_CORES,
)('what its regions are for is what the living process says', async (t) => {
  const {core, maps} = crash(t, 'abort');
  const {regions} = await shown(t, core);
  const before = parse(maps).regions;
  const wrong = regions.filter(
    ({kind, confidence}, index) =>
      confidence === undefined && kind !== before[index]!.kind && !before[index]!.confidence,
  );
  // The core has program headers and stack pointers, which a listing has not.
  t.deepEqual(
    wrong.filter(({kind}) => !/^(bss|relro|rodata|data|thread-stack|guard)$/.test(kind)),
    [],
  );
  t.is(regions.filter(({kind}) => kind === 'thread-stack').length, 2);
  t.deepEqual(
    regions.filter(({kind}) => kind === 'heap').map(({start}) => start),
    before.filter(({name}) => name === '[heap]').map(({start}) => start),
  );
});

testIf(
  'gcc',
  'bash',
  WRITES_CORES,
)('a stack that overflowed is told by its guard, and a null pointer by its place', async (t) => {
  const {core} = crash(t, 'overflow');
  const {notes, clues} = await shown(t, core);
  const tid = clues.signal!.tid;
  t.regex(
    notes[0]!,
    new RegExp(
      `SIGSEGV in thread ${tid} at 0x[0-9a-f]+: [\\d,]+ bytes? below the stack of thread ${tid}, in its guard`,
    ),
  );
  const story = await memmap(['explain', core]);
  t.is(story.code, 0);
  t.regex(story.stdout.replaceAll(/\s+/g, ' '), /Unusual - It was ended by SIGSEGV .* in its guard: it overflowed/);
  const other = crash(t, 'null');
  t.regex(
    (await shown(t, other.core)).notes[0]!,
    /SIGSEGV in thread \d+ at 0x8: nothing is mapped this low: a null pointer/,
  );
});

testIf(
  'gcc',
  'bash',
  WRITES_CORES,
)('a core is a side of diff, and can be saved as a snapshot', async (t) => {
  const {core, maps} = crash(t, 'abort');
  const place = folder(t);
  const [before, saved] = [join(place, 'maps.txt'), join(place, 'core.json')];
  writeFileSync(before, maps);
  t.like(await memmap(['diff', before, core]), {code: 0});
  t.like(await memmap(['snapshot', core, '-o', saved]), {code: 0});
  const again = await memmap(['diff', core, saved]);
  t.is(again.code, 0, again.stdout);
  const {clues} = parse(readFileSync(saved));
  t.is(clues.signal!.number, 6);
  // One region less before: what had happened since.
  const lines = maps.split('\n');
  const gone = lines.findIndex((line) => / rw-p 00000000 00:00 0 *$/.test(line));
  writeFileSync(before, lines.filter((_, index) => index !== gone).join('\n'));
  const ran = await memmap(['diff', before, core, '--json']);
  t.is(ran.code, 1);
  const {changes} = JSON.parse(ran.stdout) as {changes: Array<{range: {start: string}}>};
  t.is(changes.length, 1);
  t.is(changes[0]!.range.start, `0x${lines[gone]!.split('-')[0]}`);
});

testIf('gcc', 'gdb')('a core that gdb wrote has the regions of maps, but for those that gdb leaves out', async (t) => {
  const {core, maps} = await gcore(t);
  const {regions, notes} = await shown(t, core);
  const before = new Map(parse(maps).regions.map((region) => [region.start, region]));
  for (const region of regions) {
    const then = before.get(region.start)!;
    t.truthy(then, rangeText(region));
    const known = region.perms === '????' ? {...then, perms: '????'} : then;
    if (then.name !== '[vsyscall]') t.deepEqual(inBoth(region), inBoth(known));
    before.delete(then.start);
  }
  // Guards, the kernel's pages, and what the process asked not to be dumped.
  for (const {perms, name, start} of before.values())
    t.true(
      perms.startsWith('---') || name.startsWith('[vv') || isKeptOut(maps, start),
      `${start.toString(16)} ${perms} ${name}`,
    );
  t.true(notes.some((note) => note.startsWith('gdb wrote this core')));
  t.true(notes.some((note) => note.startsWith('It was stopped by SIG')));
});

/** MADV_DONTDUMP: crash.c's region of 36 KiB. */
const isKeptOut = (maps: string, start: number): boolean =>
  parse(maps).regions.some((region) => region.start === start && region.end - start === 0x9000);

testIf(
  'gcc',
  'bash',
  'gzip',
  WRITES_CORES,
)('a packed core is unpacked; what Node can not unpack is named, with what can', async (t) => {
  const {core, maps} = crash(t, 'abort');
  execFileSync('gzip', ['-k', core]);
  sameAsMaps(t, (await shown(t, `${core}.gz`)).regions, maps);
});

/** Each by its own program; a hole behind it makes it as large as cores are. */
for (const packer of ['zstd', 'lz4', 'xz', 'bzip2'] as const) {
  testIf(packer)(`${packer}: unpacked, or refused at once with the command that unpacks it`, async (t) => {
    const place = folder(t);
    const [core, packed] = [join(place, 'core'), join(place, 'packed')];
    writeFileSync(core, makeCore(MACHINES[0]!, CRASHED));
    writeFileSync(packed, execFileSync(packer, ['-c', core], {stdio: ['ignore', 'pipe', 'ignore']}));
    if (packer === 'zstd' && 'createZstdDecompress' in zlib) {
      t.deepEqual((await shown(t, packed)).regions, (await shown(t, core)).regions);
      return;
    }
    truncateSync(packed, 2 ** 31);
    for (const args of [
      ['show', packed],
      ['heap', packed],
      ['diff', packed, core],
      ['explain', packed],
    ]) {
      const ran = await memmap(args);
      t.is(ran.code, 6, args[0]);
      t.regex(ran.stderr, new RegExp(`it is compressed with ${packer}[^]*next: Unpack it: `), args[0]);
    }
    // What it says works.
    const command = /Unpack it: (.*?);/.exec((await memmap(['show', packed])).stderr)![1]!;
    truncateSync(packed, 0);
    writeFileSync(packed, execFileSync(packer, ['-c', core], {stdio: ['ignore', 'pipe', 'ignore']}));
    execFileSync('sh', ['-c', command.replace('FILE', packed).replace(/\bcore$/, join(place, 'again'))], {
      stdio: 'ignore',
    });
    t.deepEqual((await shown(t, join(place, 'again'))).regions, (await shown(t, core)).regions);
  });
}

testIf(
  'gcc',
  'bash',
  WRITES_CORES,
)('a core that ulimit -c cut off has all regions, and is incomplete', async (t) => {
  const {core, maps} = crash(t, 'abort');
  truncateSync(core, statSync(core).size - 100_000);
  const {regions, notes} = await shown(t, core, 5);
  sameAsMaps(t, regions, maps);
  t.true(notes.some((note) => note.startsWith('The core is cut off')));
  truncateSync(core, 100);
  t.like(await memmap(['show', core]), {code: 6});
});

testIf(
  'gcc',
  'bash',
  WRITES_CORES,
)('a core of 10 GiB is read by ranges', async (t) => {
  const {core, maps} = crash(t, 'abort');
  // Holes take no room; what lies beyond the last segment is none of it.
  truncateSync(core, 10 * 2 ** 30);
  const ran = spawnSync(
    '/usr/bin/env',
    [process.execPath, '--max-old-space-size=128', 'bin/run.js', 'show', core, '--json'],
    {
      encoding: 'utf8',
    },
  );
  t.is(ran.status, 0, ran.stderr);
  t.is(parse(ran.stdout).regions.length, parse(maps).regions.length);
});

async function livesOn(t: ExecutionContext, {core, maps}: Crashed, comm: string): Promise<void> {
  const {regions, process} = await shown(t, core);
  sameAsMaps(t, regions, maps);
  t.is(process.comm, comm);
}

testIf(
  'bash',
  'python3',
  WRITES_CORES,
)('a core of Python has the regions of its maps', async (t) => {
  const program =
    'import threading, time\nfor _ in range(3): threading.Thread(target=time.sleep, ' +
    'args=(600,)).start()\ntime.sleep(600)';
  const executable = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {encoding: 'utf8'}).trim();
  await livesOn(t, await abortWhileIdle(t, executable, ['-c', program], idle(4)), 'python3');
});

testIf('bash', WRITES_CORES)('a core of Node has the regions of its maps', async (t) => {
  await livesOn(t, await abortWhileIdle(t, process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], idle(5)), 'node');
});

testIf(
  'bash',
  'java',
  WRITES_CORES,
)('a core of Java has the regions of its maps', async (t) => {
  const place = folder(t);
  const source = join(place, 'Sleeper.java');
  writeFileSync(
    source,
    'public class Sleeper { public static void main(String[] a) throws Exception { Thread.sleep(600000); } }',
  );
  const args = ['-Xmx64m', '-Xint', source];
  await livesOn(t, await abortWhileIdle(t, 'java', args, idle(10)), 'java');
});

test('a pipe with a name is opened once', async (t) => {
  const pipe = join(folder(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const maps = '00400000-00401000 r--p 00000000 fd:00 950935 /target/bin\n';
  const writer = spawn('sh', ['-c', `printf '%s' "$1" > "$2"`, 'sh', maps, pipe]);
  const ended = new Promise((resolve) => writer.once('close', resolve));
  const ran = await memmap(['show', pipe, '--json']);
  t.is(ran.code, 0, ran.stderr);
  t.is(parse(ran.stdout).regions.length, 1);
  t.is(await ended, 0);
});

test('an ELF file that is no core is refused as before', async (t) => {
  const ran = await memmap(['show', process.execPath]);
  t.is(ran.code, 6);
});
