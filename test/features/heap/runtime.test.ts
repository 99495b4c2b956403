import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {asleep, Child, python} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {jcmd} from '../../helpers/jcmd.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf, X64} from '../../helpers/tools.ts';
import {PATIENCE} from '../../helpers/wait.ts';
import {type Document, heapOf} from './document.ts';

const MIB = 1024 * 1024;

/** Bytes that the kernel counts for a process, page tables among them. */
async function counted(pid: number): Promise<number> {
  const {stdout} = await memmap(['show', String(pid), '--json']);
  const {totals, status} = JSON.parse(stdout) as Readonly<Record<string, Readonly<Record<string, number>>>>;
  return totals!['rss']! + status!['vmPte']!;
}

/** What `memmap heap` says of a process at rest; its parts must add up to what the kernel counts. */
async function look(t: ExecutionContext, pid: number, code = 0): Promise<Document> {
  const before = await counted(pid);
  const heap = await heapOf(t, String(pid), code);
  const after = await counted(pid);
  const whole = heap.runtime.parts.filter(({within}) => within === undefined);
  const sum = whole.reduce((bytes, {resident}) => bytes + (resident ?? 0), 0);
  // Clean pages of files come and go, and a JVM is never quite at rest: its compiler is at work for a while.
  const [least, most] = [Math.min(before, after), Math.max(before, after)];
  const slack = Math.max(MIB, most * 0.03);
  t.true(sum > least - slack && sum < most + slack, `${sum} beside ${before} and ${after}`);
  for (const {name, kept, resident} of whole) t.true((kept ?? 0) <= resident!, name);
  return heap;
}

/**
 * What memmap says while a JVM does not collect garbage: it is looked at again until what the JVM itself says is the same
 * before and after.
 *
 * @param key of what it says, what must be the same
 */
async function between<Told>(
  ask: () => Told,
  read: () => Promise<Document>,
  key: (told: Told) => string,
): Promise<{readonly heap: Document; readonly told: Told}> {
  let before = ask();
  for (const end = Date.now() + PATIENCE; ;) {
    const heap = await read();
    const told = ask();
    if (key(told) === key(before)) return {heap, told};
    if (Date.now() > end) throw new Error('the JVM did not come to rest');
    before = told;
  }
}

testIf('python3', X64)(
  'Python that frees nearly all of its objects keeps its arenas: said first, and exact',
  async (t) => {
    const child = new Child(t, 'bash', [
      '-c',
      `exec python3 -c "
import sys
a = [str(i) * 8 for i in range(700000)]
b = a[::500]
del a
sys._debugmallocstats()
print('.', flush=True)
sys.stdin.readline()" 2>&1`,
    ]);
    const told = new Map<string, number>();
    for (let line = await child.line(); line !== '.'; line = await child.line()) {
      const [, what, bytes] = /^(.*\S)\s+=\s+([\d,]+)$/.exec(line) ?? [];
      if (what !== undefined) told.set(what, Number(bytes!.replaceAll(',', '')));
    }
    const used = told.get('# bytes in allocated blocks')!;
    const unused = [...told].find(([what]) => /unused pools/.test(what))![1];
    const kept = told.get('# bytes in available blocks')! + told.get('# bytes lost to pool headers')!;
    await asleep(child.pid);
    const heap = await look(t, child.pid);
    t.is(heap.runtime.name, 'Python');
    const part = heap.part("Python's objects (obmalloc)");
    t.like(part, {how: 'read', from: 'pool headers'});
    // What printing the statistics itself allocates.
    t.true(Math.abs(part.used! - used) < 4096, `${part.used} beside ${used}`);
    t.true(part.resident! > 40 * MIB && part.resident! > 5 * part.used!);
    // Pools that were never begun are not resident.
    t.true(part.kept! > kept - 64 * 1024 && part.kept! < kept + unused + MIB, `${part.kept} beside ${kept}, ${unused}`);
    t.true(part.used! + part.kept! <= part.resident!);
    t.regex(
      heap.sentence,
      /^[\d.]+ of [\d.]+ MiB in Python's arenas is free and kept by Python: not a leak in itself; /,
    );
    const text = await memmap(['heap', String(child.pid)]);
    t.regex(text.stdout, /^Python's objects .* an arena's last object$/m);
  },
);

testIf(
  'java',
  'jcmd',
  X64,
)('a JVM: its heap and metaspace as its counters have them, direct buffers apart', async (t) => {
  const source = `${folder(t)}/Kept.java`;
  writeFileSync(
    source,
    `import java.nio.ByteBuffer;
class Kept {
  static ByteBuffer direct = ByteBuffer.allocateDirect(32 << 20);
  static byte[][] keep = new byte[40][];
  public static void main(String[] words) throws Exception {
    for (int i = 0; i < direct.capacity(); i += 4096) direct.put(i, (byte) 1);
    for (int i = 0; i < keep.length; i++) keep[i] = new byte[1 << 20];
    System.gc();
    System.out.println("ready");
    System.in.read();
  }
}`,
  );
  const child = new Child(t, 'java', ['-Xmx256m', '-XX:+UseSerialGC', source]);
  await child.line();
  const collections = /^sun\.gc\.collector\.\d\.invocations=\d+$/gm;
  const {heap, told} = await between(
    () => jcmd(child.pid, 'PerfCounter.print'),
    () => look(t, child.pid),
    (text) => text.match(collections)!.join(),
  );
  const counter = (name: string): number =>
    Number(new RegExp(`^${name.replaceAll('.', '\\.')}=(\\d+)$`, 'm').exec(told)![1]);
  t.is(heap.runtime.name, 'the JVM');
  const old = heap.part('old generation');
  t.is(old.used, counter('sun.gc.generation.1.space.0.used'));
  t.true(old.used! > 40 * MIB);
  const java = heap.part('the Java heap');
  t.is(java.committed, counter('sun.gc.generation.0.capacity') + counter('sun.gc.generation.1.capacity'));
  t.true(java.resident! >= java.used! - MIB && java.resident! <= java.committed! + MIB, JSON.stringify(java));
  // Asking loads classes.
  const metaspace = counter('sun.gc.metaspace.used');
  const said = heap.part("Java's metaspace").used!;
  t.true(said <= metaspace && said > metaspace - 2 * MIB, `${said} beside ${metaspace}`);
  t.true(heap.part("malloc's large blocks").used! > 32 * MIB);
  t.regex(
    heap.sentence,
    /^The Java heap had [\d.]+ MiB in use, live or garbage, when it was last counted; |of the Java heap is free and kept by the JVM/,
  );
});

testIf(
  'java',
  'jcmd',
  X64,
)(
  'a JVM whose counters are not there, and one whose heap is mapped several times: what is not known is not said',
  async (t) => {
    const source = `${folder(t)}/Idle.java`;
    writeFileSync(
      source,
      `class Idle {
  static byte[][] keep = new byte[40][1 << 20];
  public static void main(String[] words) throws Exception {
    System.out.println("ready");
    System.in.read();
  }
}`,
    );
    const bare = new Child(t, 'java', ['-Xmx256m', '-XX:+UseSerialGC', '-XX:-UsePerfData', source]);
    await bare.line();
    const heap = await look(t, bare.pid);
    t.like(heap.part('the Java heap'), {used: null, kept: null, how: 'inferred', from: 'smaps'});
    t.regex(heap.sentence, /The Java heap has [\d.]+ MiB resident: what of it is live, .* only the program can say/);

    const mapped = new Child(t, 'java', ['-Xmx256m', '-XX:+UseZGC', source]);
    const answer = await mapped.line();
    if (answer !== 'ready') return t.log(`no ZGC here: ${answer}`);
    // A collector of its own is at work as the program begins.
    const {heap: read, told} = await between(
      () => jcmd(mapped.pid, 'PerfCounter.print').match(/^sun\.gc\.generation\..*\d$/gm)!,
      () => look(t, mapped.pid),
      (lines) => lines.join(),
    );
    const sum = (counter: RegExp): number =>
      told.reduce((bytes, line) => bytes + Number(counter.exec(line)?.[1] ?? 0), 0);
    t.like(read.part('the Java heap'), {
      how: 'read',
      committed: sum(/generation\.\d\.capacity=(\d+)$/),
      used: sum(/space\.\d\.used=(\d+)$/),
    });
  },
);

testIf(X64)("node: V8's heap is about what process.memoryUsage() says, and a Buffer is not in it", async (t) => {
  const child = new Child(t, process.execPath, [
    '-e',
    `const keep = []; for (let i = 0; i < 3e5; i++) keep.push({i});
const buffer = Buffer.alloc(48 << 20, 1);
console.log(JSON.stringify(process.memoryUsage()));
require('fs').readSync(0, Buffer.alloc(1)); keep.length + buffer.length`,
  ]);
  const {heapTotal} = JSON.parse(await child.line()) as {heapTotal: number};
  await asleep(child.pid);
  const heap = await look(t, child.pid);
  t.is(heap.runtime.name, 'V8');
  const own = heap.runtime.parts.filter(({name}) => name.includes('V8'));
  const resident = own.reduce((sum, part) => sum + part.resident!, 0);
  t.true(resident > heapTotal * 0.6 && resident < heapTotal * 1.2 + 4 * MIB, `${resident} beside ${heapTotal}`);
  t.true(own.every(({used, how}) => used === null && how === 'inferred'));
  t.true(heap.part("malloc's large blocks").resident! > 47 * MIB, JSON.stringify(heap.runtime.parts));
});

testIf('go', X64)('Go: its heap is what it has not given back, and nothing is said of what is live', async (t) => {
  const place = folder(t);
  writeFileSync(
    `${place}/kept.go`,
    `package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	keep := make([][]byte, 400)
	for i := range keep {
		keep[i] = make([]byte, 100<<10)
		for j := range keep[i] {
			keep[i][j] = 1
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Println(m.HeapInuse, m.HeapSys-m.HeapReleased)
	os.Stdin.Read(make([]byte, 1))
	runtime.KeepAlive(keep)
}
`,
  );
  execFileSync('go', ['build', '-o', `${place}/kept`, `${place}/kept.go`], {
    env: {...process.env, GOCACHE: `${place}/cache`, GO111MODULE: 'off'},
  });
  const child = new Child(t, `${place}/kept`, []);
  const [inUse, held] = (await child.line()).split(' ').map(Number);
  const heap = await look(t, child.pid, 5);
  t.is(heap.runtime.name, 'Go');
  const {used, resident, how} = heap.part('Go heap');
  t.is(used, null);
  t.is(how, 'inferred');
  t.true(resident! > inUse! * 0.9 && resident! < held! * 1.1 + MIB, `${resident} beside ${inUse} and ${held}`);
  t.regex(heap.sentence, /^Go's heap has [\d.]+ MiB resident: what of it is live, and what is garbage or free, only /);
});

testIf('gcc', X64)('a C program: the books cut what malloc has into in use, kept, and large blocks', async (t) => {
  const place = folder(t);
  execFileSync('gcc', ['-O1', '-pthread', '-o', `${place}/target`, 'test/features/heap/target.c']);
  const child = new Child(t, `${place}/target`, ['brk']);
  await child.line();
  const heap = await look(t, child.pid);
  t.is(heap.runtime.name, 'glibc');
  const {used, kept, resident} = heap.part("malloc's arenas");
  t.true(used! > 0 && kept! > 0 && kept! < resident!);
  t.true(heap.runtime.parts.every(({from}) => ["malloc's books", 'smaps', 'status'].includes(from)));
});

testIf('python3', X64)('60,000 regions: the page map tells what is resident, and smaps is not read', async (t) => {
  const child = await python(
    t,
    `libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
for index in range(60_000):
    at = libc.mmap(None, 4096, 3 if index % 2 else 1, 0x22, -1, 0)
    if at == 2 ** 64 - 1: break
    if index % 2: ctypes.memset(at, 1, 64)
kept = [str(index) for index in range(100_000)]`,
  );
  await asleep(child.pid);
  const {code, stdout, stderr} = await memmap(['heap', String(child.pid), '--json']);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'heap', document);
  const {parts} = document.runtime;
  t.is(parts.find(({name}) => name === 'other anonymous memory')!.from, 'pagemap');
  t.is(parts.find(({name}) => name.startsWith('Python'))!.from, 'pool headers');
  const sum = parts.reduce((bytes, {name, resident}) => bytes + (name === 'page tables' ? 0 : resident!), 0);
  // Exact, unlike that of status.
  const rss = Number(/^Rss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/smaps_rollup`, 'latin1'))![1]) * 1024;
  t.true(Math.abs(sum - rss) <= MIB, `${sum} beside ${rss}`);
  t.regex(stderr, /counted page by page \(pagemap\)/);
});

testIf('python3')('a family has no table, and says who has', async (t) => {
  const child = await python(t, "import subprocess\nother = subprocess.Popen(['cat'], stdin=subprocess.PIPE)");
  const {stdout} = await memmap(['heap', String(child.pid), '--children']);
  t.regex(stdout, /^What all the memory of one of them is for, and not only of malloc: memmap heap PID\.$/m);
  t.notRegex(stdout, /^what it is/m);
});
