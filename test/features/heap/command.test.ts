import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {Child} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {files, folder, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {HeapTarget} from './target.ts';

interface Document {
  readonly allocator: string;
  readonly version: string | null;
  readonly sentence: string;
  readonly arenas: ReadonlyArray<
    Readonly<Record<'heaps' | 'system' | 'inUse' | 'free' | 'fastbins' | 'tcache' | 'top' | 'trimmable', number>> & {
      readonly main: boolean;
      readonly torn: boolean;
    }
  >;
  readonly mmapped: {readonly count: number; readonly bytes: number; readonly from: string};
  readonly runtime: {readonly parts: ReadonlyArray<{readonly name: string; readonly resident: number | null}>};
  readonly totals: Readonly<Record<'system' | 'inUse' | 'free' | 'fastbins' | 'freeResident' | 'trimmable', number>>;
  readonly freeChunks: ReadonlyArray<{readonly chunks: number; readonly bytes: number}>;
  readonly cost: {readonly bytesRead: number; readonly ms: number};
}

async function heapOf(t: ExecutionContext, pid: number, ...args: string[]): Promise<Document> {
  const ran = await memmap(['heap', String(pid), '--json', ...args]);
  t.is(ran.code, 0, ran.stderr);
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'heap', document);
  return document;
}

const within = (t: ExecutionContext, got: number, wanted: number, part: number, what: string): boolean =>
  t.true(Math.abs(got - wanted) <= wanted * part, `${what}: ${got} is not within ${part * 100} % of ${wanted}`);

/** What malloc_info and mallinfo2 of the process itself say, and what malloc_trim then does. */
async function agrees(t: ExecutionContext, target: HeapTarget): Promise<Document> {
  const [systems, info] = [await target.systems(), await target.mallinfo()];
  const heap = await heapOf(t, target.pid);
  t.like(heap, {allocator: 'glibc'});
  t.deepEqual(
    heap.arenas.map(({system}) => system),
    [...systems.arenas],
  );
  t.is(heap.totals.system, systems.all);
  t.is(heap.totals.system, info.arena);
  within(t, heap.totals.free, info.fordblks, 0.001, 'free');
  t.is(heap.totals.inUse, heap.totals.system - heap.totals.free);
  t.like(heap.mmapped, {count: info.hblks, bytes: info.hblkhd});
  within(t, await target.trim(), heap.totals.trimmable, 0.01, 'malloc_trim(0)');
  const after = await heapOf(t, target.pid);
  t.true(after.totals.trimmable <= heap.totals.trimmable * 0.01 + 8192, 'nothing is left to trim');
  return heap;
}

testIf('gcc', X64)(
  'four threads, fastbins, tcache, memalign, mapped chunks: as malloc itself says, and as malloc_trim does',
  async (t) => {
    const heap = await agrees(t, await HeapTarget.launch(t, 'threads'));
    t.is(heap.arenas.length, 5);
    t.true(heap.arenas.slice(1).every(({fastbins}) => fastbins > 0));
    t.true(heap.arenas.every(({tcache}) => tcache > 0));
    t.is(heap.mmapped.from, 'books');
    t.true(heap.totals.trimmable > 2 ** 26);
  },
);

for (const [how, what] of [
  ['brk', 'one arena with a large top'],
  ['sbrk', 'somebody else takes memory of the brk area'],
  ['mmap', 'the brk area ran into a wall, and the main arena went on elsewhere'],
  ['hole', 'somebody else takes more of the brk area than malloc has'],
] as const)
  testIf('gcc', X64)(`${what}: as malloc itself says, and as malloc_trim does`, async (t) => {
    const heap = await agrees(t, await HeapTarget.launch(t, how));
    t.is(heap.arenas.length, 1);
    t.is(heap.arenas[0]!.heaps > 1, how === 'mmap');
    t.true(heap.totals.trimmable > 2 ** 20);
  });

testIf('gcc', X64)(
  'main arena in other places, between the arenas of threads: none is taken for a part of another',
  async (t) => {
    const heap = await agrees(t, await HeapTarget.launch(t, 'both'));
    t.is(heap.arenas.length, 3);
    t.true(heap.arenas[0]!.heaps > 1);
  },
);

for (const huge of [1, 2])
  testIf('gcc', X64)(`malloc set to huge pages (glibc.malloc.hugetlb=${huge}): the same`, async (t) => {
    const tunables = {GLIBC_TUNABLES: `glibc.malloc.hugetlb=${huge}`};
    const heap = await agrees(t, await HeapTarget.launch(t, 'threads', [], tunables));
    t.is(heap.arenas.length, 5);
  });

testIf('gcc', X64)(
  'a static program that had the brk area before malloc, and another M_MMAP_MAX: the same',
  async (t) => {
    const heap = await agrees(t, await HeapTarget.launch(t, 'mmap', ['-static']));
    t.true(heap.arenas[0]!.heaps > 1);
    const tunables = {GLIBC_TUNABLES: 'glibc.malloc.hugetlb=2:glibc.malloc.mmap_max=100'};
    t.is((await agrees(t, await HeapTarget.launch(t, 'threads', [], tunables))).mmapped.from, 'books');
  },
);

testIf('gcc', X64)('what is locked is not given back by malloc_trim, and that is known', async (t) => {
  const target = await HeapTarget.launch(t, 'lock');
  const heap = await heapOf(t, target.pid);
  const [free, trimmable] = [heap.totals.freeResident, heap.totals.trimmable];
  t.true(free > 2 ** 22 && trimmable < free * 0.6, `${trimmable} of ${free}`);
  within(t, await target.trim(), trimmable, 0.01, 'malloc_trim(0)');
});

testIf('gcc', X64)('a second copy of the C library (dlmopen) has a malloc of its own: both are read', async (t) => {
  const target = await HeapTarget.launch(t, 'copies', ['-DCOPIES', '-ldl']);
  const [heap, info] = [await heapOf(t, target.pid), await target.mallinfo()];
  t.is(heap.arenas.filter(({main}) => main).length, 2);
  t.true(heap.arenas.some(({system, free}) => system === info.arena && free === info.fordblks));
  t.true(heap.arenas.some(({system, free}) => system > 2 ** 22 && system !== info.arena && free > 2 ** 22));
  t.regex(heap.sentence, /; malloc_trim\(0\) in each of 2 copies of the C library would give back /);
  const row = heap.runtime.parts.find(({name}) => name === "malloc's arenas")!;
  t.true(row.resident! >= heap.totals.inUse + heap.totals.freeResident - 65_536, 'the memory of both is in the table');
  t.true((await target.trim()) < heap.totals.trimmable);
});

testIf('gcc', X64)('the top of an arena of threads is kept by malloc_trim, and that is known', async (t) => {
  const target = await HeapTarget.launch(t, 'top');
  const [systems, heap] = [await target.systems(), await heapOf(t, target.pid)];
  t.is(heap.totals.system, systems.all);
  t.true(heap.arenas[1]!.top > 2 ** 24);
  t.is(heap.arenas[1]!.trimmable, 0);
  t.true((await target.trim()) <= 2 ** 17);
});

testIf('gcc', X64)('a static program has its books in its own data', async (t) => {
  const heap = await agrees(t, await HeapTarget.launch(t, 'brk', ['-static']));
  t.is(heap.version, null);
});

testIf('gcc', X64)('busy threads: what is read is between what malloc says before and after, or torn', async (t) => {
  const target = await HeapTarget.launch(t, 'churn');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const systems = [(await target.systems()).all];
  const ran = await memmap(['heap', String(target.pid), '--json']);
  systems.push((await target.systems()).all);
  const heap = JSON.parse(ran.stdout) as Document;
  conforms(t, 'heap', heap);
  const torn = heap.arenas.filter((arena) => arena.torn);
  t.is(ran.code, torn.length > 0 ? 5 : 0, ran.stderr);
  if (torn.length > 0) t.regex(heap.sentence, /Not certain/);
  else t.true(heap.totals.system >= Math.min(...systems) * 0.99 && heap.totals.system <= Math.max(...systems) * 1.01);
});

testIf('gcc', X64)(
  'people read a sentence first, then arenas, free chunks and the largest runs; and what it cost',
  async (t) => {
    const target = await HeapTarget.launch(t, 'threads');
    const {stdout, code, stderr} = await memmap(['heap', String(target.pid)]);
    t.is(code, 0, stderr);
    t.regex(
      stdout,
      /^[\d.]+ of [\d.]+ MiB is free and kept by malloc: not a leak in itself; malloc_trim\(0\) would give back [\d.]+ MiB; besides, [\d.]+ MiB is in use in \d+ chunks mapped separately\.\n/,
    );
    t.regex(stdout, /malloc of glibc 2\.\d+, 5 arenas$/m);
    t.regex(stdout, /^arena +heaps +system +in use +free +fastbins +tcache +top +trim$/m);
    t.regex(stdout, /^main +1 /m);
    t.is(stdout.match(/^0x7[0-9a-f]+ +\d/gm)?.length, 4);
    t.regex(stdout, /^ *free chunks of +chunks +size$/m);
    t.regex(stdout, /^largest free runs$/m);
    t.regex(stdout, /MiB of its memory was read in [\d.]+ s, headers only; it was not stopped\.$/m);
  },
);

testIf('gcc', X64)('a lower rate takes longer', async (t) => {
  const target = await HeapTarget.launch(t, 'brk');
  const {cost} = await heapOf(t, target.pid, '--max-rate', '1M');
  // What a tenth of a second allows is read at once.
  t.true(cost.ms >= (cost.bytesRead / 2 ** 20) * 1000 - 150, `${cost.bytesRead} bytes in ${cost.ms} ms`);
});

test('a listing has no heap, a kernel thread and a process that is not there have none', async (t) => {
  const [listing] = files(t, TUTORIAL[0]) as [string];
  const ran = await memmap(['heap', listing]);
  t.is(ran.code, 2);
  t.regex(ran.stderr, /has no heap to look at/);
  t.is((await memmap(['heap', '999999999'])).code, 3);
  const kernel = await memmap(['heap', '2']);
  t.is(kernel.code, 3);
  t.regex(kernel.stderr, /kernel thread/);
});

testIf('setpriv', ROOT)('a process of somebody else is refused with 4, and it is said why', (t) => {
  const stranger = ['--reuid', '65534', '--regid', '65534', '--clear-groups', process.execPath, 'bin/run.js'];
  const asStranger = (): unknown =>
    execFileSync('setpriv', [...stranger, 'heap', String(process.pid)], {stdio: 'pipe'});
  const error = t.throws<Error & {readonly status: number; readonly stderr: Buffer}>(asStranger);
  t.is(error.status, 4);
  t.regex(error.stderr.toString(), /^memmap: .+\n {2}why: {2}permission denied.+\n {2}next: .+\n$/);
});

testIf('gcc', X64)('a program without malloc of glibc: nothing can be said, and that is incomplete', async (t) => {
  const place = folder(t);
  const source = 'void _start(void) { for (;;) __asm__ volatile("syscall" : : "a"(34) : "rcx", "r11", "memory"); }';
  writeFileSync(`${place}/bare.c`, source);
  execFileSync('gcc', ['-nostdlib', '-static', '-o', `${place}/bare`, `${place}/bare.c`]);
  const bare = new Child(t, `${place}/bare`, []);
  const ran = await memmap(['heap', String(bare.pid), '--json']);
  t.is(ran.code, 5, ran.stderr);
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'heap', document);
  t.like(document, {allocator: 'unknown', arenas: [], sentence: /nothing can be said/.exec(document.sentence)?.input});
});

testIf('gcc', X64)(
  'explain --heap says which chunk an address lies in, and needs an address of a live process',
  async (t) => {
    const target = await HeapTarget.launch(t, 'brk');
    const states: string[] = [];
    for (const address of await target.addresses()) {
      const ran = await memmap(['explain', String(target.pid), address, '--heap', '--json']);
      t.is(ran.code, 0, ran.stderr);
      const document = JSON.parse(ran.stdout) as {chunk: {state: string; start: string; size: number; main: boolean}};
      conforms(t, 'explain', document);
      const {state, start, size, main} = document.chunk;
      states.push(state);
      t.true(main && Number(start) <= Number(address) && Number(address) < Number(start) + size);
      const text = await memmap(['explain', String(target.pid), address, '--heap']);
      t.regex(
        text.stdout,
        new RegExp(`^chunk +${size} bytes from ${start} on, [^]+?;\\s+of\\s+the\\s+main\\s+arena$`, 'm'),
      );
    }
    t.deepEqual(states, ['in use', 'tcache', 'fastbin', 'free', 'top']);
    const outside = await memmap(['explain', String(target.pid), '[stack]', '--heap']);
    t.is(outside.code, 2);
    t.is((await memmap(['explain', String(target.pid), '--heap'])).code, 2);
  },
);

testIf('gcc', X64)('a corrupted heap is told, with the address of the chunk', async (t) => {
  const target = await HeapTarget.launch(t, 'brk');
  const chunk = await target.corrupt();
  const ran = await memmap(['heap', String(target.pid), '--json']);
  t.is(ran.code, 5);
  t.regex(ran.stderr, new RegExp(`is torn: the chunk at ${chunk} has the size 0\\. It was read again`));
  const document = JSON.parse(ran.stdout) as Document;
  conforms(t, 'heap', document);
  t.true(document.arenas[0]!.torn);
  t.regex(
    document.sentence,
    /^Not certain, since 1 of 1 arena could not be read to the end: of 38\.2 MiB, .+ is not known/,
  );
});

/** Forks once, and calls malloc in neither; both end with standard input. */
const BOOKLESS = `#include <unistd.h>
int main(void) { char end; fork(); write(1, "ready\\n", 6); read(0, &end, 1); }`;

testIf('gcc', X64)('what processes without books have together is not known, and is not zero', async (t) => {
  const program = `${folder(t)}/bookless`;
  execFileSync('gcc', ['-w', '-o', program, '-x', 'c', '-'], {input: BOOKLESS});
  const child = new Child(t, program, []);
  await child.line();
  await child.line();
  const {code, stdout} = await memmap(['heap', String(child.pid), '--children']);
  t.is(code, 5);
  t.regex(stdout, /^The books of no process were found: nothing can be said\.$/m);
  t.regex(stdout, /^ *all( +\?)+$/m);
});

interface FamilyDocument {
  readonly sentence: string;
  readonly members: ReadonlyArray<Document & {readonly process: {readonly pid: number}}>;
  readonly missing: readonly unknown[];
  readonly totals: Document['totals'];
}

testIf('gcc', X64)(
  'a family has the books of each process, and their sum; a name that several have, too',
  async (t) => {
    const place = folder(t);
    // A name of its own, so that no other process has it.
    const program = `${place}/kin${process.pid % 10_000}`;
    execFileSync('gcc', ['-O1', '-pthread', '-o', program, 'test/features/heap/target.c']);
    const shell = new Child(t, 'sh', ['-c', `exec 3<&0; ${program} brk <&3 & ${program} sbrk <&3 & wait`]);
    await shell.line();
    await shell.line();
    const ran = await memmap(['heap', String(shell.pid), '--children', '--json']);
    t.is(ran.code, 0, ran.stderr);
    const family = JSON.parse(ran.stdout) as FamilyDocument;
    conforms(t, 'heap-family', family);
    t.deepEqual(family.missing, []);
    t.is(family.members.length, 3);
    let free = 0;
    for (const {process, totals} of family.members) {
      const {totals: own} = await heapOf(t, process.pid);
      t.deepEqual(totals, own);
      free += own.free;
    }
    t.is(family.totals.free, free);
    t.regex(family.sentence, /^3 processes together: [\d.]+ of [\d.]+ MiB is free and kept by malloc/);
    const named = await memmap(['heap', program.split('/').at(-1)!]);
    t.is(named.code, 0, named.stderr);
    t.regex(named.stdout, /^2 processes together: /);
    t.regex(named.stdout, / brk$/m);
    t.regex(named.stdout, / sbrk$/m);
  },
);
