import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import type {ExecutionContext} from 'ava';
import {Child, inState} from '../../helpers/child.ts';
import {memmap} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf, unless} from '../../helpers/tools.ts';
import {until, whileSteady} from '../../helpers/wait.ts';

interface Document {
  readonly regions: ReadonlyArray<{
    start: string;
    kind: string;
    usage: Record<string, number>;
    attributes?: Record<string, string>;
  }>;
  readonly totals: Record<string, number>;
  readonly notes?: readonly string[];
  readonly pages: {
    readonly huge: {readonly anonymous?: number};
    readonly eligible?: {readonly regions: number; readonly size: number};
    readonly lazyFree?: number;
    readonly ksm?: {readonly merged: number; readonly profit?: number};
    readonly locked?: {readonly used: number; readonly limit?: number | null; readonly left?: number | null};
    readonly nodes?: Readonly<Record<string, number>>;
  };
}

const MIB = 2 ** 20;

/** pages.c, which does to its memory what it is asked to. */
class Target extends Child {
  static async launch(t: ExecutionContext, ...wrap: string[]): Promise<Target> {
    const program = `${folder(t)}/pages`;
    execFileSync('gcc', ['-O1', '-o', program, 'test/features/show/pages.c']);
    const target = new Target(t, 'env', [...wrap, program]);
    await target.line();
    return target;
  }

  /** @returns the address of the memory, as JSON has it */
  async act(t: ExecutionContext, act: string): Promise<string> {
    const [done, address] = (await this.ask(act)).split(' ');
    t.is(done, 'done', act);
    return `0x${address}`;
  }
}

async function show(t: ExecutionContext, ...args: string[]): Promise<Document> {
  const {stdout, stderr, code} = await memmap(['show', '--json', ...args]);
  t.is(code, 0, stderr);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'snapshot', document);
  return document;
}

const text = async (...args: string[]): Promise<string> =>
  (await memmap(['show', ...args])).stdout.replaceAll(/\s+/g, ' ');

/** A line of smaps_rollup, read without memmap: bytes. */
const kernel = (pid: number, field: string): number =>
  1024 *
  Number(new RegExp(`^${field}: +(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))![1]);

testIf('gcc')('memory given back with MADV_FREE is told from 1 % of what is resident on', async (t) => {
  let [pid, before, said, after] = ['', 0, 0, 0];
  // The kernel may take the pages back at any moment: then it is tried with another program.
  for (let tries = 0; tries < 5 && (before < 50 * MIB || after < before); tries++) {
    const target = await Target.launch(t);
    pid = String(target.pid);
    await target.act(t, 'free 60');
    // It marks pages in batches, one a processor (mm/swap.c, lru_lazyfree): the last ones follow some time later.
    before = kernel(target.pid, 'LazyFree');
    said = (await show(t, pid)).pages.lazyFree!;
    after = kernel(target.pid, 'LazyFree');
  }
  t.true(before <= said && said <= after, `${before}, ${said}, ${after}`);
  t.true(before > 50 * MIB && after <= 60 * MIB);
  for (const args of [[pid], [pid, '--summary']]) {
    const said = await text(...args);
    t.regex(said, /[56]\d(\.\d)? MiB of what is resident can be taken back at any moment: .* madvise\(MADV_FREE\)/);
  }
  const none = await Target.launch(t);
  t.false((await text(String(none.pid), '--summary')).includes('taken back'));
});

const THP = '/sys/kernel/mm/transparent_hugepage/enabled';
const HUGE = unless(
  existsSync(THP) && !readFileSync(THP, 'latin1').includes('[never]'),
  'transparent huge pages are off, or not in this kernel',
);

testIf('gcc', HUGE)('huge pages: what is mapped whole, and what may become so', async (t) => {
  const target = await Target.launch(t);
  await target.act(t, 'huge 8');
  // khugepaged may put more together at any time.
  const [{pages}, huge] = await whileSteady(
    () => kernel(target.pid, 'AnonHugePages'),
    () => show(t, String(target.pid)),
  );
  t.is(pages.huge.anonymous, huge);
  const smaps = readFileSync(`/proc/${target.pid}/smaps`, 'latin1');
  t.is(pages.eligible!.regions, [...smaps.matchAll(/^THPeligible: +1$/gm)].length);
  t.true(pages.eligible!.size >= 8 * MIB);
  const said = await text(String(target.pid), '--summary');
  // A machine whose memory is in pieces may have had none to give.
  if (pages.huge.anonymous! > 0) {
    t.regex(said, /In transparent huge pages, mapped whole: \d+ MiB of anonymous memory\. How much of a huge page/);
    t.regex(said, /\d+ regions? of \S+ MiB may have them \(THPeligible\)/);
  }
});

testIf(
  'gcc',
  'prlimit',
  'setpriv',
)('locked memory beside its limit, which a capability lifts', async (t) => {
  const target = await Target.launch(t, 'prlimit', '--memlock=1048576', 'setpriv', '--bounding-set=-ipc_lock');
  await target.act(t, 'lock 64');
  const {pages} = await show(t, String(target.pid));
  t.deepEqual(pages.locked, {used: 65536, limit: MIB, left: MIB - 65536});
  t.true(
    (await text(String(target.pid), '--summary')).includes(
      'Locked into RAM: 64 KiB (VmLck) of 1 MiB that it may lock (RLIMIT_MEMLOCK).',
    ),
  );
});

testIf(
  'gcc',
  'prlimit',
  ROOT,
)('nothing bounds what a process with CAP_IPC_LOCK locks', async (t) => {
  const target = await Target.launch(t, 'prlimit', '--memlock=65536');
  await target.act(t, 'lock 128');
  const {pages} = await show(t, String(target.pid));
  t.deepEqual(pages.locked, {used: 131072, limit: 65536, left: null});
  t.true((await text(String(target.pid), '--summary')).includes('CAP_IPC_LOCK lifts RLIMIT_MEMLOCK (64 KiB).'));
});

const KSM = '/sys/kernel/mm/ksm/run';
const HAS_KSM = unless(
  existsSync(KSM) &&
    existsSync('/proc/self/ksm_stat') &&
    readFileSync('/proc/self/ksm_stat', 'latin1').includes('merging'),
  'this kernel has no KSM, or no ksm_stat that counts merged pages',
);

testIf('gcc', ROOT, HAS_KSM).serial('pages that KSM merged', async (t) => {
  const was = readFileSync(KSM, 'latin1').trim();
  // Pages of processes that asked for it are merged; afterwards all are taken apart.
  t.teardown(() => {
    if (was === '0') writeFileSync(KSM, '2');
    writeFileSync(KSM, was);
  });
  const target = await Target.launch(t);
  await target.act(t, 'merge 500');
  writeFileSync(KSM, '1');
  const merging = (): number =>
    Number(/^ksm_merging_pages (\d+)$/m.exec(readFileSync(`/proc/${target.pid}/ksm_stat`, 'latin1'))![1]);
  await until(() => merging() >= 500, 'KSM');
  const [{pages, totals}, merged] = await whileSteady(merging, () => show(t, String(target.pid)));
  t.is(pages.ksm!.merged, merged * 4096);
  t.is(totals['ksm'] ?? pages.ksm!.merged, pages.ksm!.merged, 'smaps counts the same');
  const said = await text(String(target.pid), '--summary');
  t.regex(said, /KSM: 2 MiB is merged with pages of the same content\. By the kernel's reckoning that saves 1\.9 MiB/);
});

const NUMA = unless(existsSync('/proc/self/numa_maps'), 'the kernel was built without CONFIG_NUMA');

testIf('gcc', NUMA)('the nodes of a stopped process have what is resident, region by region', async (t) => {
  const target = await Target.launch(t);
  const start = await target.act(t, 'huge 4');
  target.process.kill('SIGSTOP');
  await inState(target.pid, 'T');
  const [{regions, totals, pages, notes}, rss] = await whileSteady(
    () => kernel(target.pid, 'Rss'),
    () => show(t, String(target.pid), '--columns', 'start,numa'),
  );
  const nodes = (usage: Record<string, number>): number =>
    Object.entries(usage).reduce((sum, [key, bytes]) => sum + (/^node\d+$/.test(key) ? bytes : 0), 0);
  // The vdso is of the kernel itself: its pages are reserved, and not counted (can_gather_numa_stats()).
  const resident = ({kind, usage}: Document['regions'][number]): number => (kind === 'vdso' ? 0 : usage['rss']!);
  for (const region of regions) t.is(nodes(region.usage), resident(region), region.start);
  const vdso = regions.find(({kind}) => kind === 'vdso')?.usage['rss'] ?? 0;
  t.is(nodes(totals), rss - vdso);
  t.is(
    Object.values(pages.nodes!).reduce((sum, bytes) => sum + bytes, 0),
    totals['rss']! - vdso,
  );
  t.true(regions.some((region) => region.start === start && nodes(region.usage) >= 4 * MIB));
  t.true(notes!.some((note) => note.startsWith('NUMA nodes are from numa_maps')));
  const {stdout} = await memmap(['show', String(target.pid), '--columns', 'start,numa']);
  t.regex(stdout, /^start +NUMA$/m);
  t.regex(stdout, new RegExp(`^${start.slice(2)} +N0 \\d`, 'm'));
  const without = await show(t, String(target.pid));
  t.deepEqual([without.pages.nodes, without.notes], [undefined, undefined], 'it is read only if it is asked for');
});

testIf('gcc', NUMA)('two nodes, and a policy: numa(7)', async (t) => {
  const target = await Target.launch(t);
  const start = await target.act(t, 'huge 4');
  const root = folder(t);
  mkdirSync(`${root}/${target.pid}`);
  for (const name of ['maps', 'smaps', 'status', 'stat', 'limits', 'auxv', 'cgroup'])
    writeFileSync(`${root}/${target.pid}/${name}`, readFileSync(`/proc/${target.pid}/${name}`));
  const address = start.slice(2);
  writeFileSync(
    `${root}/${target.pid}/numa_maps`,
    `${address} interleave:0-1 anon=1024 dirty=1024 active=0 N0=512 N1=512 kernelpagesize_kB=4\n`,
  );
  const {regions, pages} = await show(t, '--proc-root', root, String(target.pid), '--columns', 'numa');
  const region = regions.find((each) => each.start === start);
  t.like(region, {usage: {node0: 2 * MIB, node1: 2 * MIB}, attributes: {numaPolicy: 'interleave:0-1'}});
  t.deepEqual(pages.nodes, {0: 2 * MIB, 1: 2 * MIB});
  const args = ['--proc-root', root, String(target.pid)];
  const {stdout} = await memmap(['show', ...args, '--columns', 'start,numa']);
  t.regex(stdout, new RegExp(`^${address} +N0 2 MiB, N1 2 MiB; interleave:0-1$`, 'm'));
  t.true(
    (await text(...args, '--summary', '--columns', 'numa')).includes('NUMA nodes: 2 MiB on node 0, 2 MiB on node 1.'),
  );
});

testIf('gcc', NUMA)(
  'nodes are not read where that would hold up the process for too long, nor where there are none',
  async (t) => {
    const target = await Target.launch(t);
    const pid = String(target.pid);
    const {notes, pages} = await show(t, pid, '--columns', 'numa', '--max-stall', '0.01ms');
    t.is(pages.nodes, undefined);
    t.true(
      notes!.some((note) => note.startsWith('NUMA nodes were not read: reading them would stall')),
      String(notes),
    );
    const root = folder(t);
    mkdirSync(`${root}/${pid}`);
    for (const name of ['maps', 'smaps', 'status', 'stat', 'auxv'])
      writeFileSync(`${root}/${pid}/${name}`, readFileSync(`/proc/${pid}/${name}`));
    const bare = await show(t, '--proc-root', root, pid, '--columns', 'numa');
    t.deepEqual(bare.notes, [
      'NUMA nodes were not read: there is no numa_maps: the kernel was built without CONFIG_NUMA.',
    ]);
  },
);
