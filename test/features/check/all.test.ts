import {copyFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {HostChecker} from '../../../src/features/check/tracks.ts';
import {parseRule} from '../../../src/features/check/read-rules.ts';
import type {ProcessRow} from '../../../src/model/host/processes.ts';
import {type Child, python} from '../../helpers/child.ts';
import {memmap, run, withoutRights} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';

const MIB = 2 ** 20;

interface Document {
  readonly ok: boolean;
  readonly results: ReadonlyArray<{
    readonly rule: string;
    readonly verdict: string;
    readonly measured?: number;
    readonly exact: boolean;
    readonly process?: {readonly pid: number; readonly name: string};
    readonly unmeasured?: ReadonlyArray<{readonly pid: number; readonly why: string}>;
  }>;
  readonly host: {readonly processes: number; readonly stallMs: number};
}

async function checked(
  t: ExecutionContext,
  ...words: string[]
): Promise<Document & {readonly code: number | null; readonly broken: (rule: string) => number[]}> {
  const {code, stdout, stderr} = await memmap(['check', '--all', ...words, '--json']);
  t.not(stdout, '', stderr);
  const document = JSON.parse(stdout) as Document;
  conforms(t, 'check', document);
  const broken = (rule: string): number[] =>
    document.results.flatMap((each) =>
      each.rule === rule && each.verdict === 'broken' && each.process ? [each.process.pid] : [],
    );
  return {...document, code, broken};
}

/** A directory like /proc, in which these processes are as the kernel has them. */
function rootOf(t: ExecutionContext, children: readonly Child[]): string {
  const root = folder(t);
  for (const {pid} of children) {
    mkdirSync(join(root, String(pid)));
    for (const name of ['status', 'stat', 'maps', 'smaps', 'smaps_rollup', 'cgroup', 'cmdline'])
      writeFileSync(join(root, String(pid), name), readFileSync(`/proc/${pid}/${name}`));
  }
  mkdirSync(join(root, 'sys/vm'), {recursive: true});
  copyFileSync('/proc/sys/vm/max_map_count', join(root, 'sys/vm/max_map_count'));
  mkdirSync(join(root, 'sys/kernel'));
  writeFileSync(join(root, 'sys/kernel/osrelease'), '6.18.0\n');
  return root;
}

testIf('python3')('of all processes of the machine, those that break a rule are named', async (t) => {
  const [bad, good] = await Promise.all([python(t), python(t)]);
  await bad.ask('m = mmap.mmap(-1, 4096, prot=7)');
  await bad.ask(`k = mmap.mmap(-1, ${77 * MIB}); k.write(b"x" * ${77 * MIB})`);
  const most = Number(readFileSync('/proc/sys/vm/max_map_count', 'utf8'));
  const percent = (100 * 500) / most;
  await bad.ask('n = [mmap.mmap(-1, 8192, prot=1 + i % 2 * 2) for i in range(1000)]');
  const {broken, code, host} = await checked(
    t,
    '--no',
    'rwx',
    '--max',
    'pss=70M',
    '--max',
    'anon.rss=1T',
    '--max-regions',
    `${percent}%`,
  );
  t.is(code, 1);
  for (const rule of ['no rwx', 'max pss=70M', `max regions=${Math.floor((percent / 100) * most)}`]) {
    t.true(broken(rule).includes(bad.pid), rule);
    t.false(broken(rule).includes(good.pid), rule);
  }
  t.true(host.processes >= 2);
  t.true(host.stallMs < 1500, String(host.stallMs));
});

testIf('python3')('a rule that several processes break is named once below the table', async (t) => {
  const children = await Promise.all([python(t), python(t)]);
  const root = rootOf(t, children);
  const {stdout} = await memmap(['check', '--all', '--max', 'rss=1M', '--proc-root', root]);
  t.regex(stdout, /2 processes break/);
  t.is(stdout.match(/"max rss=1M"/g)?.length, 1, stdout);
});

testIf('python3')('what was not read is told and ends with 5, unless it cannot break the rule', async (t) => {
  const children = await Promise.all([python(t), python(t)]);
  await children[0].ask(`k = mmap.mmap(-1, ${99 * MIB}); k.write(b"x" * ${99 * MIB})`);
  const root = rootOf(t, children);
  const all = ['--proc-root', root, '--max-stall', '1ms'];
  const unread = await checked(t, '--max', 'pss=90M', ...all);
  t.is(unread.code, 5);
  t.false(unread.ok);
  const [result] = unread.results;
  t.is(result!.verdict, 'not measured');
  t.deepEqual(result!.unmeasured, [
    {pid: children[0].pid, name: 'python3', why: 'one reading would hold it up for longer than --max-stall'},
  ] as never);
  t.is((await checked(t, '--max', 'pss=200M', ...all)).code, 0, 'PSS is not more than what is resident');
  const bounded = await memmap(['check', '--all', '--max', 'pss=200M', ...all]);
  t.regex(bounded.stdout, /ok, since it can't be more than resident memory, which was \d+(\.\d)? MiB at most$/m);
  const text = await memmap(['check', '--all', '--max', 'pss=90M', ...all]);
  t.regex(text.stdout, /^1 of 1 rule could not be measured of every process\.$/m);
  t.regex(text.stdout, /python3 \(pid \d+\): one reading would hold it up for longer than --max-stall/);
  const none = await checked(
    t,
    '--max',
    'pss=1K',
    '--max',
    'heap.rss=1K',
    '--no',
    'rwx',
    '--budget',
    '0.001ms',
    '--proc-root',
    root,
  );
  t.is(none.code, 5);
  t.deepEqual(
    none.results.map(({rule, verdict, unmeasured}) => [rule, verdict, unmeasured?.length]),
    [
      ['max pss=1K', 'not measured', 2],
      ['max heap.rss=1K', 'not measured', 2],
      ['no rwx', 'ok', undefined],
    ],
    'maps alone holds up nobody from Linux 6.17 on',
  );
});

testIf('python3')('the peaks of rss and size are those that the kernel kept', async (t) => {
  const child = await python(t);
  await child.ask(`k = mmap.mmap(-1, ${66 * MIB}); k.write(b"x" * ${66 * MIB}); k.close()`);
  const theirs = Number(
    await child.ask(`answer = [l.split()[1] for l in open('/proc/self/status') if l[:5] == 'VmHWM'][0]`),
  );
  const root = rootOf(t, [child]);
  const {results, code} = await checked(t, '--max', 'rss=64M', '--max', 'threads=1', '--proc-root', root);
  t.is(code, 1);
  t.like(results[0], {verdict: 'broken', measured: theirs * 1024, exact: true});
  t.like(results[1], {verdict: 'ok', measured: 1, process: {pid: child.pid, name: 'python3'}});
});

testIf(ROOT)('who may not read others is told of whom it is not known', async (t) => {
  const {code, stdout} = await withoutRights(['check', '--all', '--no', 'exec-stack', '--json']);
  const {results} = JSON.parse(stdout) as Document;
  const untold = results.flatMap(({unmeasured}) => unmeasured ?? []);
  t.is(code, results.some(({verdict}) => verdict === 'broken') ? 1 : untold.length > 0 ? 5 : 0);
  t.true(untold.every(({why}) => why !== ''));
});

/** Half a MiB each 50 ms. */
const GROWING = `
import threading, time
def grow():
    kept = []
    while True:
        kept.append(bytes(b"x") * (1 << 19))
        time.sleep(0.05)
threading.Thread(target=grow, daemon=True).start()
`;

testIf('python3')('a process that grows is found among those that do not', async (t) => {
  const [leak, calm] = await Promise.all([python(t, GROWING), python(t)]);
  const ran = await givenTime(
    6,
    (seconds) => checked(t, '--no-growth', 'rss', '--interval', '200ms', '--for', `${seconds}s`),
    ({broken}) => broken('no-growth rss').includes(leak.pid),
  );
  t.is(ran.code, 1);
  t.true(ran.broken('no-growth rss').includes(leak.pid));
  t.false(ran.broken('no-growth rss').includes(calm.pid));
});

testIf('python3')('junit and github have a case for each process that breaks a rule', async (t) => {
  const child = await python(t);
  const root = rootOf(t, [child]);
  const all = ['check', '--all', '--max', 'rss=1K', '--proc-root', root, '--format'];
  const xml = await memmap([...all, 'junit']);
  const names = await run(
    'python3',
    [
      '-c',
      'import sys, xml.etree.ElementTree as e; print([c.get("name") for c in e.parse(sys.stdin).iter("testcase")])',
    ],
    {input: xml.stdout},
  );
  t.is(names.stdout, `['max rss=1K, python3 (pid ${child.pid})']\n`);
  t.regex(
    (await memmap([...all, 'github'])).stdout,
    new RegExp(`^::error .*max rss=1K, python3 \\(pid ${child.pid}\\)`, 'm'),
  );
});

test('--all stands alone, and a kind is not followed of all', async (t) => {
  for (const words of [
    ['--all', '--no', 'rwx', '1'],
    ['--all', '--no', 'rwx', '--', 'true'],
    ['--all', '--no', 'rwx', '--children'],
    ['--all', '--no-growth', 'heap', '--for', '1s'],
    ['--all'],
    ['--no', 'rwx', '--max-regions', '80%', '1'],
  ])
    t.is((await memmap(['check', ...words])).code, 2, words.join(' '));
});

test('each process has at most one result for a rule, and the verdict is that of its highest amount', (t) => {
  const amounts = fc.array(
    fc.array(fc.option(fc.integer({min: 0, max: 100}), {nil: undefined}), {minLength: 3, maxLength: 3}),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(amounts, (samples) => {
      const checker = new HostChecker([parseRule('max swap=50')], 0);
      for (const [index, values] of samples.entries()) {
        const rows = values.map((swap, pid): ProcessRow => ({
          pid: pid + 1,
          name: 'p',
          user: 'u',
          threads: 1,
          startTime: 1,
          swap,
          unread: 'denied',
        }));
        checker.add(rows, index * 1000);
      }
      const results = checker.results();
      const highest = [0, 1, 2].map((pid) =>
        samples.map((values) => values[pid]).filter((value) => value !== undefined),
      );
      const peaks = highest.map((values) => (values.length > 0 ? Math.max(...values) : undefined));
      t.deepEqual(
        results.filter(({verdict}) => verdict === 'broken').map(({process, measured}) => [process?.pid, measured]),
        peaks
          .map((peak, pid) => [pid + 1, peak] as const)
          .filter(([, peak]) => peak !== undefined && peak > 50)
          .toSorted(([, a], [, b]) => b! - a!),
      );
      const untold = results.flatMap(({unmeasured}) => unmeasured ?? []).map(({pid}) => pid);
      t.deepEqual(
        untold,
        peaks.flatMap((peak, pid) => (peak === undefined ? [pid + 1] : [])),
      );
      t.is(
        results.filter(({verdict}) => verdict === 'ok').length,
        peaks.every((peak) => peak !== undefined && peak <= 50) ? 1 : 0,
      );
    }),
  );
});
