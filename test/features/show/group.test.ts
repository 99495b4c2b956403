import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import {dirname} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {charged, FILES, MEMORY, OLD, SERVICE, unified} from '../../helpers/cgroups.ts';
import {python} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

const MIB = 2 ** 20;

interface Document {
  readonly group: {readonly kind: string; readonly id: string; readonly path: string; readonly version: number};
  readonly usage: number;
  readonly limit: number | null;
  readonly headroom: {readonly left: number; readonly path: string} | null;
  readonly parts: Readonly<Record<string, number | null>>;
  readonly residue: number;
  readonly doubt: number;
  readonly members: ReadonlyArray<{readonly pid: number; readonly pss: number}>;
  readonly events: Readonly<Record<string, number | null>>;
  readonly pressure: object | null;
}

async function billOf(t: ExecutionContext, ...args: string[]): Promise<Document> {
  const {stdout, stderr, code} = await memmap(['show', ...args, '--json']);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'group', document);
  const parts = Object.values(document.parts).reduce<number>((sum, part) => sum + (part ?? 0), 0);
  t.is(parts + document.residue, document.usage);
  return document;
}

testIf('python3', OLD)('a group of version 1: what is done in it is on its bill, and it adds up', async (t) => {
  const {place, child} = await charged(t, 'bill');
  const path = place.slice(MEMORY.length);
  const before = await billOf(t, `cgroup:${path}`);
  const told = (key: string): number => {
    const stat = readFileSync(`${place}/memory.stat`, 'latin1');
    return Number(new RegExp(`^total_${key} (\\d+)$`, 'm').exec(stat)![1]) / MIB;
  };
  const counted = (): number[] => ['rss', 'shmem', 'mapped_file'].map(told);
  const had = counted();
  const disk = folder(t);
  await child.ask('held = bytearray(b"x" * (48 << 20))');
  await child.ask(`f = open("${disk}/cache", "wb"); f.write(b"y" * (40 << 20)); f.flush(); os.fsync(f.fileno())`);
  await child.ask('s = mmap.mmap(-1, 24 << 20); s.write(b"z" * (24 << 20))');
  await child.ask(
    `g = open("${disk}/cache", "r+b"); m = mmap.mmap(g.fileno(), 16 << 20); n = sum(m[i] for i in range(0, 16 << ` +
      '20, 4096))',
  );
  // The kernel adds up what each processor has counted, at most two seconds later (mm/memcontrol.c, FLUSH_TIME).
  await until(
    () =>
      counted().every((now, index) => Math.abs(now - had[index]! - [48, 24, 16 + 24][index]!) < [1, 1, 1.5][index]!),
    "the kernel's own count",
  );
  const after = await billOf(t, `cgroup:${path}`);
  t.like(after.group, {kind: 'cgroup', path, version: 1});
  t.deepEqual(
    after.members.map(({pid}) => pid),
    [child.pid],
  );
  const grown = (part: string): number => (after.parts[part]! - before.parts[part]!) / MIB;
  t.true(Math.abs(grown('anon') - 48) < 1, `anonymous ${grown('anon')}`);
  t.true(Math.abs(grown('shmem') - 24) < 1, `shared ${grown('shmem')}`);
  t.true(Math.abs(grown('mappedFile') - 16) < 1.5, `mapped ${grown('mappedFile')}`);
  // The kernel may have dropped some of it meanwhile: it says itself how much is left.
  const left = told('cache') - told('shmem') - (told('mapped_file') - 24);
  t.true(Math.abs(after.parts['unmappedCache']! / MIB - left) < 1, `unmapped ${left}`);
  t.true(Math.abs(grown('unmappedCache') - 24) < 8, `unmapped ${grown('unmappedCache')}`);
  t.true(Math.abs(after.residue) < 0.02 * after.usage + MIB, `residue ${after.residue} of ${after.usage}`);
  t.is(after.limit, null);
  t.true(after.usage - Number(readFileSync(`${place}/memory.usage_in_bytes`, 'latin1')) < MIB);
});

testIf('python3', OLD)('a limit of an ancestor binds, and how often it was hit is said', async (t) => {
  const {place, child} = await charged(t, 'limit/inner');
  const outer = dirname(place);
  writeFileSync(`${outer}/memory.limit_in_bytes`, String(32 * MIB));
  const path = place.slice(MEMORY.length);
  t.like((await billOf(t, `cgroup:${path}`)).headroom, {path: dirname(path)});
  // The page cache must give way at the limit.
  const disk = folder(t);
  await child.ask(
    `f = open("${disk}/big", "wb"); [f.write(b"y" * (1 << 20)) for i in range(64)]; f.flush(); os.fsync(f.fileno())`,
  );
  const {events, limit} = await billOf(t, `cgroup:${dirname(path)}`);
  t.is(limit, 32 * MIB);
  t.true(events['max']! > 0);
  const {stdout} = await memmap(['show', `cgroup:${path}`]);
  t.regex(stdout.replaceAll(/\s+/g, ' '), /left: memory\.limit_in_bytes of \/memmap-test-\S+ = 32 MiB\./);
});

testIf('python3', OLD)('units and containers are found by their directories', async (t) => {
  const id = process.pid.toString(16).padStart(8, 'a').padEnd(64, '7');
  const {child} = await charged(t, `units/docker-${id}.scope`);
  t.like((await billOf(t, `container:${id.slice(0, 12)}`)).group, {kind: 'container', id});
  const bill = await billOf(t, `unit:docker-${id}.scope`);
  t.is(bill.members[0]?.pid, child.pid);
  const {stdout} = await memmap(['ps', `container:${id.slice(0, 12)}`, '--json']);
  t.like((JSON.parse(stdout) as {rows: object[]}).rows, [{pid: child.pid, container: id}]);
});

testIf('python3')('version 2: every part is told, and what the files say is there', async (t) => {
  const child = await python(t);
  const root = unified(t, child, SERVICE, FILES);
  const bill = await billOf(t, 'unit:app', '--proc-root', root);
  t.deepEqual(bill.parts, {
    anon: 100 * MIB,
    mappedFile: 30 * MIB,
    unmappedCache: 170 * MIB,
    shmem: 0,
    slab: 12 * MIB,
    kernelStack: MIB,
    pageTables: 2 * MIB,
    sock: 4 * MIB,
    other: 5 * MIB,
  });
  t.is(bill.residue, 340_000_000 - 324 * MIB);
  t.like(bill, {limit: null, high: 400 * MIB, swap: 8192, swapLimit: MIB, doubt: 0});
  t.like(bill.headroom, {left: 512 * MIB - 524_288_000, path: '/system.slice'});
  t.deepEqual(bill.events, {low: 0, high: 7, max: 3, oom: 1, oomKill: 2});
  t.like(bill.pressure, {some: {avg60: 1.25, total: 7213}, full: {avg60: 0.5}});
  const {stdout} = await memmap(['show', 'cgroup:self', '--proc-root', root]);
  const text = stdout.replaceAll(/\s+/g, ' ');
  t.regex(text, /^cgroup \/system\.slice\/app\.service \(version 2\): 1 process /);
  t.regex(text, /page cache that no process maps 170 MiB 52 % /);
  t.regex(text, /It was at its limit 3 times\. It was above memory\.high 7 times\. .* The kernel killed 2 processes/);
  t.regex(text, /some task waited for memory 1\.25 % of the time, all of it waited 0\.5 %\./);
});

testIf('python3')('what is not told is null: an older kernel, without pressure and events', async (t) => {
  const child = await python(t);
  const root = unified(t, child, SERVICE, {
    'system.slice/app.service/memory.current': '340000000\n',
    'system.slice/app.service/memory.stat': 'anon 104857600\nfile 209715200\nkernel_stack 1048576\n',
  });
  const bill = await billOf(t, `cgroup:${SERVICE}/`, '--proc-root', root);
  t.like(bill.parts, {slab: null, pageTables: null, sock: null, other: null, kernelStack: MIB, mappedFile: null});
  t.like(bill, {pressure: null, headroom: null, limit: null});
  t.is(bill.events['oomKill'], null);
});

testIf('python3')('bad input is answered in three parts, with its code', async (t) => {
  const child = await python(t);
  const [one, two] = ['4f5e0', '4f5e1'].map((id) => id.padEnd(64, '0'));
  const root = unified(t, child, SERVICE, {
    ...FILES,
    'cgroup.procs': '',
    [`system.slice/docker-${one}.scope/memory.current`]: '1\n',
    [`system.slice/docker-${two}.scope/memory.current`]: '1\n',
    'user.slice/app.service/cgroup.procs': '',
    'user.slice/other.service/cgroup.procs': '',
  });
  const cases: ReadonlyArray<readonly [target: string, code: number, message: RegExp]> = [
    ['container:4f5e', 2, new RegExp(`begin like this:\\n.*container:${one}\\n.*container:${two}\\n.*next: `)],
    ['container:beef', 3, /no container with this ID/],
    ['cgroup:/no/such', 3, /no cgroup of this path/],
    ['cgroup:/../etc', 3, /no cgroup of this path/],
    ['cgroup:system.slice', 2, /it begins with \//],
    ['unit:app.service', 2, /2 cgroups are this unit:\n.*cgroup:\/\S+\n.*cgroup:/],
    ['unit:other', 6, /the memory controller is not enabled for \/user\.slice\/other\.service/],
    ['unit:nothing', 3, /no unit of this name/],
    ['cgroup:/', 6, /the root of version 2 is not counted/],
    ['cgroup:', 2, /nothing follows the colon/],
  ];
  for (const [target, code, message] of cases) {
    const ran = await memmap(['show', target, '--proc-root', root]);
    t.is(ran.code, code, target);
    t.regex(ran.stderr, message);
    t.regex(ran.stderr, /^memmap: .+\n {2}why: .+\n[^]*^ {2}next: .+/m, target);
    t.is(ran.stdout, '');
  }
  rmSync(`${root}/self/mountinfo`);
  const none = await memmap(['show', 'unit:app', '--proc-root', root]);
  t.is(none.code, 6);
  t.regex(none.stderr, /no cgroup file system that counts memory/);
});

test('a group has no regions: flags about them, and commands about one process, refuse it', async (t) => {
  for (const args of [
    ['show', 'cgroup:/', '--map'],
    ['show', 'cgroup:/', '--kind', 'heap'],
    ['show', 'cgroup:/', '--children'],
    ['heap', 'cgroup:/'],
    ['snapshot', 'unit:x'],
    ['diff', 'unit:x', 'unit:y'],
  ]) {
    const {code, stderr} = await memmap(args);
    t.is(code, 2, args.join(' '));
    t.regex(stderr, /group/);
  }
});
