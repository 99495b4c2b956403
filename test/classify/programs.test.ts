import {execFileSync} from 'node:child_process';
import {chownSync, closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {parse} from '../../src/parse/parse.ts';
import {capture} from '../../src/procfs/capture.ts';
import {asleep, Child} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';
import {missing, testIf, unless} from '../helpers/tools.ts';
import {until} from '../helpers/wait.ts';
import {at, capturedWhole, idsOf, kindsOf, postgresFolder, processes, start} from './real.ts';

const MIB = 1024 * 1024;

test("node: buffers beside V8's code range are none of V8's, whatever they touch", async (t) => {
  const child = new Child(t, process.execPath, [
    '-e',
    `const all = Array.from({length: 8}, () => Buffer.alloc(${32 * MIB}, 0x5a)); console.log('ready'); ` +
      'setInterval(() => all, 1e6)',
  ]);
  await child.line();
  const memory = openSync(`/proc/${child.pid}/mem`, 'r');
  t.teardown(() => closeSync(memory));
  const bytes = Buffer.alloc(16);
  const isFilled = (address: number): boolean => {
    try {
      readSync(memory, bytes, 0, bytes.length, address);
      return bytes.every((byte) => byte === 0x5a);
    } catch {
      return false; // Not mapped any more, or not readable.
    }
  };
  let [found, wrong] = [0, 0];
  for (const {start: from, end, kind, perms} of capturedWhole(t, child.pid).regions)
    if (perms.startsWith('rw'))
      for (let address = from + MIB / 2; address < end; address += MIB) {
        if (!isFilled(address)) continue;
        found++;
        if (kind === 'managed' || kind === 'jit') wrong++;
      }
  t.true(found > 240, `${found} MiB were found again`);
  t.is(wrong, 0);
});

test("node: V8's heap, its code, malloc's arenas and all threads' stacks", async (t) => {
  const child = new Child(t, process.execPath, [
    '-e',
    // It then waits in read(2), so that its collector can't give anything back meanwhile.
    'const a = []; for (let i = 0; i < 1e5; i++) a.push({i}); console.log(process.memoryUsage().heapTotal); ' +
      "require('fs').readSync(0, Buffer.alloc(1))",
  ]);
  const heapTotal = Number(await child.line());
  await asleep(child.pid);
  const snapshot = capturedWhole(t, child.pid);
  const kinds = kindsOf(snapshot);
  for (const kind of ['managed', 'jit', 'arena', 'thread-stack', 'relro', 'bss', 'reserved', 'guard'] as const)
    t.true(kinds.has(kind), kind);
  const managed = snapshot.regions
    .filter(({kind}) => kind === 'managed')
    .reduce((sum, {start: from, end}) => sum + end - from, 0);
  t.true(
    managed > heapTotal * 0.8 && managed < heapTotal * 1.6 + 4 * MIB,
    `${managed} beside V8's own figure of ${heapTotal}`,
  );
  const stacks = snapshot.regions.filter(
    ({kind, label}) => kind === 'thread-stack' && label?.startsWith('stack of thread'),
  );
  t.is(stacks.length, snapshot.clues.threads!.length - 1);
  // A saved snapshot says the same, on another machine too.
  const saved = parse(JSON.stringify(snapshot));
  t.deepEqual(saved.regions, snapshot.regions);
  t.deepEqual(saved.clues, snapshot.clues);
  conforms(t, 'snapshot', JSON.parse(JSON.stringify(snapshot)));
});

testIf('gdb')('bash and gdb: no region stays unknown', async (t) => {
  const bash = new Child(t, 'bash', ['-c', 'echo ready; read x']);
  await bash.line();
  const seconds = `100.${process.pid}`; // Of no other test.
  const gdb = start(t, 'gdb', ['-q', '-nx', '-batch', '-ex', `shell sleep ${seconds}`, '/bin/true']);
  await until(() => processes().some(({words}) => words[0] === 'sleep' && words[1] === seconds), 'gdb');
  for (const pid of [bash.pid, gdb]) {
    const snapshot = capturedWhole(t, pid);
    const anon = snapshot.regions.filter(({kind}) => kind === 'anon');
    t.true(
      anon.every(({label}) => label),
      'each has its neighbours',
    );
  }
});

testIf('java', 'jcmd')('java: the heap, the code cache and the threads are where the JVM says', async (t) => {
  const place = folder(t);
  const source = join(place, 'Sleepy.java');
  writeFileSync(
    source,
    'class Sleepy { public static void main(String[] a) throws Exception { System.out.println("ready"); ' +
      'Thread.sleep(600000); } }',
  );
  const child = new Child(t, 'java', ['-Xmx256m', '-XX:NativeMemoryTracking=detail', source]);
  await child.line();
  const told = execFileSync('jcmd', [String(child.pid), 'VM.native_memory', 'detail'], {encoding: 'utf8'});
  const snapshot = capturedWhole(t, child.pid);
  const ranges = [...told.matchAll(/^\[0x(\w+) - 0x(\w+)\] reserved (?:and committed )?\w+ for (.*?)(?: from)?$/gm)];
  t.true(ranges.length > 10);
  const allowed: Readonly<Record<string, RegExp>> = {
    'Java Heap': /^(managed|reserved|file)$/,
    'Thread Stack': /^(thread-stack|guard|stack)$/,
    Code: /^(jit|managed|reserved|anon)$/,
    Metaspace: /^(managed|reserved)$/,
    Class: /^(managed|reserved)$/,
    GC: /^(managed|reserved|anon)$/,
  };
  for (const [, from, to, what] of ranges) {
    const [begin, end] = [Number.parseInt(from!, 16), Number.parseInt(to!, 16)];
    const inside = snapshot.regions.filter((region) => region.start >= begin && region.end <= end);
    for (const region of inside)
      if (allowed[what!]) t.regex(region.kind, allowed[what!]!, `${what}: ${region.label} ${region.evidence}`);
    if (what === 'Java Heap') t.regex(at(snapshot, begin)?.label ?? '', /the Java heap$/);
  }
  t.true(kindsOf(snapshot).has('jit'));
});

testIf('java', 'jcmd')(
  "java: a direct buffer is not called metaspace, whose size the JVM's own counters tell",
  async (t) => {
    const source = join(folder(t), 'Direct.java');
    writeFileSync(
      source,
      'import java.nio.ByteBuffer; class Direct { static ByteBuffer b; public static void main(String[] a) throws ' +
        'Exception { b = ByteBuffer.allocateDirect(32 << 20); for (int i = 0; i < b.capacity(); i += 4096) b.put(i, ' +
        '(byte) 1); System.out.println("ready"); Thread.sleep(600000); } }',
    );
    const child = new Child(t, 'java', ['-Xmx64m', '-XX:NativeMemoryTracking=summary', source]);
    await child.line();
    const jcmd = (...words: string[]): string =>
      execFileSync('jcmd', [String(child.pid), ...words], {encoding: 'utf8'});
    const counters = jcmd('PerfCounter.print');
    const told = jcmd('VM.native_memory', 'summary');
    const snapshot = capturedWhole(t, child.pid);
    const {metaspace} = snapshot.clues.jvm!;
    // Asking loads classes.
    const said = Number(/^sun\.gc\.metaspace\.capacity=(\d+)$/m.exec(counters)![1]);
    t.true(metaspace >= said && metaspace < said + 4 * MIB, `${metaspace} beside ${said}`);
    const committed = ['Class', 'Metaspace'].map((part) =>
      Number(new RegExp(`- +${part} \\([^)]*committed=(\\d+)KB`).exec(told)![1]),
    );
    const resident = snapshot.regions
      .filter(({label}) => label === "Java's metaspace")
      .reduce((sum, {usage}) => sum + usage!.rss!, 0);
    t.true(
      resident <= 1024 * (committed[0]! + committed[1]!) + MIB,
      `${resident} beside ${committed.join(' and ')} KiB`,
    );
    conforms(t, 'snapshot', JSON.parse(JSON.stringify(snapshot)));
    t.deepEqual(parse(JSON.stringify(snapshot)).clues, snapshot.clues);
  },
);

const POSTGRES = postgresFolder();
const NO_POSTGRES = POSTGRES === '' ? missing('initdb', 'postgresql') : undefined;
/** PostgreSQL does not run as root. */
const SERVANT = process.getuid?.() === 0 ? (idsOf('postgres') ?? idsOf('nobody')) : undefined;
const NO_SERVANT = unless(process.getuid?.() !== 0 || SERVANT !== undefined, 'there is no user postgres or nobody');

testIf(NO_POSTGRES, NO_SERVANT)("PostgreSQL: its shared memory, and a server process's own", async (t) => {
  const [bin, ids] = [POSTGRES, SERVANT];
  const place = mkdtempSync(join(tmpdir(), 'memmap-pg-'));
  if (ids) chownSync(place, ids.uid, ids.gid);
  const data = join(place, 'data');
  execFileSync(`${bin}initdb`, ['-D', data, '-A', 'trust', '-N', '--no-instructions'], {
    ...ids,
    cwd: place,
    stdio: 'ignore',
  });
  const server = start(t, `${bin}postgres`, ['-D', data, '-k', place, '-h', ''], {...ids, cwd: place});
  t.teardown(() => rmSync(place, {recursive: true, force: true}));
  const worker = await until(
    () =>
      processes().find(
        ({words, parent}) => words[0] === 'postgres:' && words.includes('checkpointer') && parent === server,
      ),
    'a server process',
  );
  for (const pid of [server, worker.pid]) {
    await asleep(pid);
    const snapshot = capturedWhole(t, pid);
    const shared = snapshot.regions.filter(({kind}) => kind === 'shared');
    t.true(shared.some(({label}) => label?.startsWith('SysV segment, key 0x')));
    t.true(shared.some(({label}) => label?.startsWith('shared by fork')));
    t.is(kindsOf(snapshot).has('managed'), false);
  }
});

testIf('chromium')('Chromium: browser, renderer and GPU process', async (t) => {
  const place = mkdtempSync(join(tmpdir(), 'memmap-chromium-'));
  t.teardown(() => rmSync(place, {recursive: true, force: true, maxRetries: 5}));
  const browser = start(
    t,
    'chromium',
    ['--headless', '--no-sandbox', '--remote-debugging-port=0', `--user-data-dir=${place}`, 'about:blank'],
    {
      env: {...process.env, HOME: place},
    },
  );
  const ours = (type: string) =>
    processes().filter(({words}) => words.includes(`--type=${type}`) && words.some((word) => word.includes(place)));
  const gpu = await until(() => ours('gpu-process')[0], 'the GPU process');
  // One of the renderers is a spare, and hasn't begun to use V8.
  const renderer = await until(() => ours('renderer').find(({pid}) => hasSandbox(pid)), 'a renderer');
  for (const pid of [browser, renderer.pid, gpu.pid]) {
    const snapshot = capturedWhole(t, pid);
    const kinds = kindsOf(snapshot);
    for (const kind of ['text', 'relro', 'arena', 'reserved', 'thread-stack', 'guard', 'memfd'] as const)
      t.true(kinds.has(kind), kind);
    const known = snapshot.regions
      .filter(({kind}) => kind !== 'anon')
      .reduce((sum, {usage}) => sum + (usage?.rss ?? 0), 0);
    const all = snapshot.totals['rss']!;
    t.true(known / all > 0.97, `${(100 * known) / all} % of what is resident has a kind beyond anon`);
  }
});

function hasSandbox(pid: number): boolean {
  try {
    return capture(pid, {usage: false}).regions.some(({label}) => label === "V8's sandbox");
  } catch {
    return false; // It ended meanwhile.
  }
}
