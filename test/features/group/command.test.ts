import {appendFileSync, readFileSync, renameSync, rmdirSync, writeFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {checkGroup} from '../../../src/features/check/group.ts';
import {codeOfCheck} from '../../../src/features/check/formats.ts';
import {parseGroupRule} from '../../../src/features/check/read-rules.ts';
import {charged, FILES, MEMORY, OLD, SERVICE, unified} from '../../helpers/cgroups.ts';
import {Child, python} from '../../helpers/child.ts';
import {memmap, MEMMAP, withoutRights} from '../../helpers/cli.ts';
import {growthCode} from '../../helpers/growth.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

const MIB = 2 ** 20;
const NODE = process.execPath;

interface Sample {
  readonly event: string;
  readonly amounts: Readonly<Record<string, number>>;
  readonly came: ReadonlyArray<{readonly pid: number}>;
  readonly went: ReadonlyArray<{readonly pid: number}>;
  readonly reason?: string;
}

/** `memmap watch --json` of a group, line by line. */
class Watching {
  readonly #child: Child;
  readonly #t: ExecutionContext;

  constructor(t: ExecutionContext, target: string, ...more: string[]) {
    this.#t = t;
    this.#child = new Child(t, NODE, [MEMMAP, 'watch', target, '--json', '--interval', '50ms', ...more]);
  }

  /** The next line for which something is so. */
  async next(isMeant: (sample: Sample) => boolean): Promise<Sample> {
    for (;;) {
      const sample = JSON.parse(await this.#child.line()) as Sample;
      conforms(this.#t, 'group-watch', sample);
      if (isMeant(sample)) return sample;
    }
  }

  ended(): Promise<number | null> {
    return new Promise((resolve) => this.#child.process.once('close', resolve));
  }
}

testIf('python3', OLD)('watch: usage that grows, processes that come and go, and the end of a group', async (t) => {
  const {place, child} = await charged(t, 'watched');
  const watching = new Watching(t, `cgroup:${place.slice(MEMORY.length)}`);
  const start = await watching.next(({event}) => event === 'start');
  t.is(start.amounts['processes'], 1);
  t.true(start.amounts['pss']! > 0);
  // A MiB more than is waited for: the kernel adds up some pages of each processor later.
  await child.ask('held = bytearray(b"x" * (33 << 20))');
  const grown = await watching.next(({amounts}) => amounts['anon']! - start.amounts['anon']! >= 32 * MIB);
  t.true(grown.amounts['usage']! >= grown.amounts['anon']!);
  const other = await python(t);
  writeFileSync(`${place}/cgroup.procs`, String(other.pid));
  t.like((await watching.next(({came}) => came.length > 0)).came, [{pid: other.pid}]);
  other.process.kill('SIGKILL');
  t.like((await watching.next(({went}) => went.length > 0)).went, [{pid: other.pid}]);
  const ended = watching.ended();
  child.process.kill('SIGKILL');
  await until(() => readFileSync(`${place}/cgroup.procs`, 'utf8') === '', 'the end of the target');
  rmdirSync(place);
  t.is((await watching.next(({event}) => event === 'end')).reason, 'gone');
  t.is(await ended, 5);
});

testIf('python3', OLD)('check: amounts of a real group against limits', async (t) => {
  const {place, child} = await charged(t, 'checked');
  const group = `cgroup:${place.slice(MEMORY.length)}`;
  await child.ask('held = bytearray(b"x" * (48 << 20))');
  const broken = await memmap([
    'check',
    '--max',
    'anonymous=40M',
    '--max',
    'usage=1G',
    '--max',
    'pss=1G',
    group,
    '--json',
  ]);
  t.is(broken.code, 1, broken.stderr);
  const document = JSON.parse(broken.stdout) as {results: ReadonlyArray<{measured: number; verdict: string}>};
  conforms(t, 'check', document);
  t.deepEqual(
    document.results.map(({verdict}) => verdict),
    ['broken', 'ok', 'ok'],
  );
  t.true(document.results[0]!.measured >= 48 * MIB && document.results[0]!.measured < 64 * MIB);
  t.true(document.results[2]!.measured >= 48 * MIB);
  t.is((await memmap(['check', '--max', 'processes=1', '--max', 'rss=1G', group])).code, 0);
  t.is((await memmap(['check', '--max', 'processes=0', group])).code, 1);
});

testIf(
  'python3',
  'setpriv',
  OLD,
)('check: what may not be read of a member is not measured, and that is 5', async (t) => {
  const {place} = await charged(t, 'denied');
  const group = `cgroup:${place.slice(MEMORY.length)}`;
  const {code, stdout} = await withoutRights(['check', '--max', 'pss=1G', group]);
  t.is(code, 5);
  t.regex(stdout.replaceAll(/\s+/g, ' '), /max pss=1G: not measured, since it was not read of each of its processes/);
  t.is((await withoutRights(['check', '--max', 'usage=1G', '--max', 'rss=1G', group])).code, 0);
});

/** As the kernel does: nobody sees a file of a cgroup half written. */
function replace(path: string, content: string): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

testIf('python3')('version 2: events at the limit are told, and the condition ends it', async (t) => {
  const child = await python(t);
  const root = unified(t, child, SERVICE, FILES);
  const place = `${root}/cgroup${SERVICE}`;
  const watching = new Child(t, NODE, [
    MEMMAP,
    'watch',
    'unit:app',
    '--proc-root',
    root,
    '--interval',
    '50ms',
    '--until',
    'usage>350M',
  ]);
  t.regex(
    await watching.line(),
    /^Watching unit app, cgroup \/system\.slice\/app\.service \(version 2\): 1 process, usage 324\.2 MiB, /,
  );
  const ended = new Promise((resolve) => watching.process.once('close', resolve));
  replace(`${place}/memory.events`, 'low 0\nhigh 7\nmax 5\noom 1\noom_kill 3\noom_group_kill 0\n');
  t.regex(await watching.line(), /! limit {8}it was at its limit 2 times\.$/);
  t.regex(await watching.line(), /! limit {8}the kernel killed 1 process for it \(OOM\)\.$/);
  replace(`${place}/memory.current`, String(400 * MIB));
  t.regex(await watching.line(), /= usage {8}400 MiB \(\+75\.8 MiB\)\.$/);
  t.is(await ended, 0);
});

testIf('python3')('a group that is removed: what was seen is said, then 5; before a first sample 3', async (t) => {
  const child = await python(t);
  const root = unified(t, child, SERVICE, FILES);
  const file = `${folder(t)}/group.jsonl`;
  const recording = new Child(t, NODE, [
    MEMMAP,
    'record',
    'unit:app',
    '--proc-root',
    root,
    '-o',
    file,
    '--interval',
    '50ms',
  ]);
  const ended = new Promise((resolve) => recording.process.once('close', resolve));
  await until(() => readFileSync(file, 'latin1').split('\n').length > 15, 'twelve samples');
  const rules = [parseGroupRule('max usage=1G')];
  const options = {root, maxStall: 50, maxDuty: 0.02, interval: 50, duration: 3_600_000};
  const growing = await memmap(['growth', file]);
  t.is(growing.code, growthCode(growing.stdout), 'it is still being recorded');
  // The first sample is taken before this returns.
  const checking = checkGroup({kind: 'unit', id: 'app'}, 'unit:app', rules, 0, options);
  // At once, as rmdir(2) of a cgroup.
  renameSync(`${root}/cgroup${SERVICE}`, `${root}/removed`);
  t.is(await ended, 5);
  const {report, isWhole} = await checking;
  t.is(codeOfCheck(report, 0, isWhole), 5);
  t.like(report.results, [{verdict: 'ok', measured: 340_000_000}]);
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) conforms(t, 'group-recording', JSON.parse(line));
  const grown = await memmap(['growth', file, '--json']);
  t.is(grown.code, growthCode(grown.stdout), grown.stderr);
  const document = JSON.parse(grown.stdout) as {total: {verdict: string}; notes: string[]};
  conforms(t, 'group-growth', document);
  t.true(['flat', 'not enough data'].includes(document.total.verdict));
  t.regex(document.notes.join(' '), /ends where the group was removed/);
  t.is((await memmap(['watch', 'unit:app', '--proc-root', root])).code, 3);
});

testIf('python3')(
  'a recording of a group is for growth and check, and a damaged one is used as far as it goes',
  async (t) => {
    const child = await python(t);
    const root = unified(t, child, SERVICE, FILES);
    const place = folder(t);
    for (const file of [`${place}/group.jsonl`, `${place}/group.jsonl.gz`]) {
      const args = ['record', 'unit:app', '--proc-root', root, '-o', file, '--interval', '20ms', '--count', '20'];
      const recorded = await memmap([...args, '--json']);
      t.is(recorded.code, 0, recorded.stderr);
      conforms(t, 'recorded-group', JSON.parse(recorded.stdout));
      t.is((await memmap(args)).code, 7, 'it is there already');
      const text = await memmap(['growth', file]);
      t.is(text.code, growthCode(text.stdout));
      t.regex(text.stdout, /^20 samples in .*^usage +324\.2 MiB +324\.2 MiB +0 /ms);
      t.is((await memmap(['check', '--max', 'usage=300M', file])).code, 1);
      t.is((await memmap(['check', '--max', 'usage=400M', file])).code, 0);
      const shown = await memmap(['show', file]);
      t.is(shown.code, 6);
      t.regex(shown.stderr, /recording of a group, which has no regions/);
    }
    const file = `${place}/group.jsonl`;
    const lines = readFileSync(file, 'utf8').split('\n');
    writeFileSync(file, `${lines.slice(0, 15).join('\n')}\n${lines[15]!.slice(0, 40)}`);
    const cut = await memmap(['growth', file]);
    t.is(cut.code, 5);
    t.regex(cut.stderr, /line 16 was not used \(it is cut off\)/);
    t.regex(cut.stdout, /^14 samples/m);
    writeFileSync(file, [...lines.slice(0, 5), ...lines.slice(6)].join('\n'));
    t.regex(
      (await memmap(['growth', file])).stderr,
      /line 6 was not used \(it is damaged, or a line before it is missing\)/,
    );
    writeFileSync(file, `${lines[0]}\n`);
    t.is((await memmap(['growth', file])).code, 6);
    appendFileSync(file, 'nonsense\n');
    t.is((await memmap(['growth', file])).code, 6);
  },
);

test('what says nothing of a group is refused, and the others say who takes one', async (t) => {
  const cases: ReadonlyArray<readonly [args: readonly string[], code: number, message: RegExp]> = [
    [['watch', 'cgroup:/no/such', '--for', '1s'], 3, /no cgroup of this path/],
    [['record', 'unit:no-such-unit'], 3, /no unit of this name/],
    [['growth', 'container:beef'], 3, /no container with this ID/],
    [['check', '--max', 'usage=1G', 'cgroup:x'], 2, /it begins with \//],
    [['check', '--no', 'rwx', 'cgroup:self'], 2, /a rule about a group begins with max, no-growth/],
    [['check', '--max', 'heap=1M', 'cgroup:self'], 2, /"heap" is not a measure of a group: usage, /],
    [['check', '--max', 'usag=1M', 'cgroup:self'], 2, /Did you mean: usage/],
    [['check', '--max', 'usage', 'cgroup:self'], 2, /a name, = and a number/],
    [['check', '--max', 'processes=1M', 'cgroup:self'], 2, /not a number of things/],
    [['check', '--children', '--max', 'usage=1G', 'cgroup:self'], 2, /--children does not apply to a group/],
    [['watch', 'cgroup:self', '--kind', 'heap'], 2, /--kind does not apply to a group/],
    [['watch', 'cgroup:self', '--until', 'heap>1M'], 2, /not a condition on a group/],
    [['record', 'cgroup:self', '--append'], 2, /--append does not apply to a group/],
    [['record', 'cgroup:self', '--mark', 'x'], 2, /--mark does not apply to a group/],
    [['growth', 'cgroup:self', '--measure', 'heap'], 2, /not a measure of a group/],
    [['growth', String(process.pid), '--measure', 'usage'], 2, /"usage" is not a measure\./],
    [['heap', 'cgroup:/'], 2, /show, ps, top, watch, record, growth and check take groups/],
    [['cow', 'unit:x'], 2, /show, ps, top, watch, record, growth and check take groups/],
  ];
  for (const [args, code, message] of cases) {
    const ran = await memmap(args);
    t.is(ran.code, code, args.join(' '));
    t.regex(ran.stderr, message, args.join(' '));
    t.regex(ran.stderr, /^memmap: .+\n {2}why: .+\n[^]*^ {2}next: .+/m);
    t.is(ran.stdout, '');
  }
});

testIf('python3')('why says of a recording what was charged, not what is', async (t) => {
  const service = SERVICE.slice(1);
  const small = {[`${service}/memory.current`]: '155648\n', [`${service}/memory.stat`]: 'anon 4096\nfile 0\n'};
  const root = unified(t, await python(t), SERVICE, {...FILES, ...small});
  const file = `${folder(t)}/group.jsonl`;
  t.is((await memmap(['record', 'unit:app', '--proc-root', root, '-o', file, '--count', '2'])).code, 0);
  const {code, stdout} = await memmap(['why', file, '--json']);
  t.is(code, 0);
  const document = JSON.parse(stdout) as {sentence: string};
  conforms(t, 'why', document);
  t.regex(document.sentence, /^Nothing wrong was found: 152 KiB was charged in the last sample/);
});
