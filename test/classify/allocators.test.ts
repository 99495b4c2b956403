import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {isAllocators} from '../../src/classify/runtimes/allocators.ts';
import {arenaSize, isKnownPython, PYTHONS, pythonIn} from '../../src/classify/runtimes/python.ts';
import {ownerIn} from '../../src/model/heap/owner.ts';
import {sizeOf, type Region} from '../../src/model/region.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {totalsByLabel} from '../../src/model/totals.ts';
import {parse} from '../../src/parse/parse.ts';
import {capture} from '../../src/procfs/capture.ts';
import {asleep, Child} from '../helpers/child.ts';
import {memmap} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';
import {testIf} from '../helpers/tools.ts';
import {whileSteady} from '../helpers/wait.ts';
import {at} from './real.ts';

const MIB = 1024 * 1024;

const resident = (regions: readonly Region[]): number => regions.reduce((sum, {usage}) => sum + (usage?.rss ?? 0), 0);

/** What al.c printed: where it mapped memory itself, and a block that malloc gave it. */
const CAPTURES = [
  {file: 'jemalloc-5.3.0', label: "jemalloc's memory", own: 0x7fc0bbd00000, big: 0x7fc0b8bf1740},
  {file: 'mimalloc-2.0.9', label: "mimalloc's memory", own: 0x7fca4912e000, big: 0x4d66cb30000},
  {file: 'tcmalloc-2.10', label: "tcmalloc's memory", own: 0x7f3402700000, big: 0x56033899c000},
  // The kernel merged what the program mapped with what malloc has.
  {file: 'musl-1.2.3', label: "musl's malloc", own: undefined, big: 0x7f78e8e71c90},
] as const;

for (const {file, label, own, big} of CAPTURES)
  test(`${file}: what malloc gave is named, what the program mapped is not`, (t) => {
    const snapshot = parse(readFileSync(`test/fixtures/allocators/${file}.smaps`));
    const block = at(snapshot, big)!;
    t.is(block.label, label);
    t.is(block.confidence, 'guess');
    if (own !== undefined) t.not(at(snapshot, own)!.label, label);
    const named = snapshot.regions.filter((region) => isAllocators(region.label));
    t.true(resident(named) > 50 * MIB, `${resident(named)}`);
    // Without its library nothing says whose it is.
    const without = parse(
      readFileSync(`test/fixtures/allocators/${file}.smaps`, 'latin1').replaceAll(
        /lib(jemalloc|mimalloc|tcmalloc\w*)\.so|x86_64-linux-musl\/libc/g,
        'lib/other',
      ),
    );
    t.deepEqual(
      without.regions.filter((region) => isAllocators(region.label)),
      [],
    );
  });

testIf('gcc', 'strip')(
  'an allocator that a program contains is told by its symbols, and not if there are none',
  async (t) => {
    const place = folder(t);
    writeFileSync(
      `${place}/a.c`,
      `#include <stdio.h>
#include <sys/mman.h>
__attribute__((used)) static void _rjem_je_arena_boot(void) {}
int main(void) {
  char *p = mmap(0, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  *p = 1;
  printf("%p\\n", p);
  fflush(stdout);
  getchar();
}`,
    );
    execFileSync('gcc', ['-O1', '-o', `${place}/a`, `${place}/a.c`]);
    execFileSync('strip', ['-o', `${place}/bare`, `${place}/a`]);
    const look = async (program: string): Promise<{snapshot: Snapshot; region: Region}> => {
      const child = new Child(t, program, []);
      const address = Number(await child.line());
      const snapshot = capture(child.pid, {usage: true});
      return {snapshot, region: at(snapshot, address)!};
    };
    const {snapshot, region} = await look(`${place}/a`);
    t.is(region.label, "jemalloc's memory");
    t.is(snapshot.clues.files![`${place}/a`]!.allocator, 'jemalloc');
    conforms(t, 'snapshot', JSON.parse(JSON.stringify(snapshot)));
    const saved = parse(JSON.stringify(snapshot));
    t.deepEqual(saved.clues, snapshot.clues);
    t.deepEqual(saved.regions, snapshot.regions);
    const bare = await look(`${place}/bare`);
    t.is(bare.region.kind, 'anon');
    t.is(bare.snapshot.clues.files![`${place}/bare`]!.allocator, undefined);
  },
);

test('Python is told by its program or its library, and its arenas have the size of its version', (t) => {
  for (const [name, minor] of [
    ['/usr/bin/python3.11', 11],
    ['/opt/lib/libpython3.9.so.1.0', 9],
    ['/opt/lib/libpython3.13t.so.1.0 (deleted)', 13],
  ] as const)
    t.is(pythonIn([name])?.minor, minor, name);
  for (const name of ['/usr/lib/python3/dist-packages/a.so', '/usr/bin/bpython3.9', '/usr/bin/python3', '[heap]'])
    t.is(pythonIn([name]), undefined, name);
  t.deepEqual(pythonIn(['/usr/bin/python3.13t']), {major: 3, minor: 13, isFreeThreaded: true});
  t.deepEqual(pythonIn(['/usr/lib/libpython3.13.so.1.0']), {major: 3, minor: 13, isFreeThreaded: false});
  t.false(
    isKnownPython({major: 3, minor: 5}) || isKnownPython({major: 2, minor: 7}) || isKnownPython({major: 3, minor: 14}),
  );
  t.true(isKnownPython({major: 3, minor: 6}) && isKnownPython({major: 3, minor: 13}));
  t.is(arenaSize({major: 3, minor: 10}), MIB);
  t.is(arenaSize({major: 3, minor: 9}), MIB / 4);
  t.is(arenaSize({major: 2, minor: 7}), MIB / 4);
});

testIf('python3')("Python's arenas are named, about as many as it says it has", async (t) => {
  const child = new Child(t, 'bash', [
    '-c',
    `exec python3 -c "
import sys
a = [str(i) for i in range(400000)]
sys._debugmallocstats()
print('.', flush=True)
sys.stdin.readline()" 2>&1`,
  ]);
  let arenas = 0;
  for (let line = await child.line(); line !== '.'; line = await child.line())
    arenas = Number(/^# arenas allocated current\s+=\s+([\d,]+)/.exec(line)?.[1]?.replaceAll(',', '') ?? arenas);
  await asleep(child.pid);
  const snapshot = capture(child.pid, {usage: true});
  const version = pythonIn(snapshot.regions.map(({name}) => name))!;
  const named = snapshot.regions.filter(({label}) => label === PYTHONS);
  const has = arenas * arenaSize(version);
  const size = named.reduce((sum, region) => sum + sizeOf(region), 0);
  t.true(size <= has && size > has * 0.6, `${size} beside ${has}`);
  t.true(named.every(({kind, confidence}) => kind === 'arena' && confidence === 'guess'));

  const ran = await memmap(['show', String(child.pid), '--by', 'label', '--summary']);
  t.regex(ran.stdout, /^label .*\n(?:.*\n)*?Python's objects \(obmalloc\)  /m);
  const objects = (): number => totalsByLabel(capture(child.pid).table).get(PYTHONS)!['rss']!;
  const [json, rss] = await whileSteady(objects, () => memmap(['show', String(child.pid), '--by', 'label', '--json']));
  const document = JSON.parse(json.stdout) as {labels: Record<string, {rss: number}>; totals: {rss: number}};
  conforms(t, 'snapshot', document);
  t.is(
    Object.values(document.labels).reduce((sum, {rss}) => sum + rss, 0),
    document.totals.rss,
  );
  t.is(document.labels[PYTHONS]!.rss, rss);
});

test('what belongs to one thing has one owner', (t) => {
  const owners: ReadonlyArray<readonly [label: string | undefined, owner: string | undefined]> = [
    ['the Java heap', 'the Java heap'],
    ['unused part of the Java heap', 'the Java heap'],
    ["free chunk of V8's heap", "V8's heap"],
    ["heap 3 of malloc's arenas", "malloc's arenas"],
    ["unused part of heap 12 of malloc's arenas", "malloc's arenas"],
    ["heaps 1 to 4 of malloc's arenas", "malloc's arenas"],
    ['malloc arena 3 of 4, block 2 of 2', 'malloc arena 3 of 4'],
    ['stack of thread 42 (worker)', 'stacks of threads'],
    ['guard of the stack of thread 42 (worker)', 'stacks of threads'],
    ['stack of some thread', 'stacks of threads'],
    ['between a and b', undefined],
    ['bss of libc.so.6', undefined],
    [undefined, undefined],
  ];
  for (const [label, owner] of owners) t.is(ownerIn(label), owner, label);
});
