import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {Child, inState, python} from '../../helpers/child.ts';
import {memmap, run, type Ran} from '../../helpers/cli.ts';
import {files, folder, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';

interface Result {
  readonly rule: string;
  readonly verdict: string;
  readonly measured?: number;
  readonly margin?: number;
  readonly exact: boolean;
  readonly detail?: string;
}

interface Document {
  readonly ok: boolean;
  readonly end?: {code?: number; signal?: string};
  readonly results: readonly Result[];
  readonly looks: number;
}

const documentOf = (t: ExecutionContext, text: string): Document => {
  const document = JSON.parse(text) as Document;
  conforms(t, 'check', document);
  return document;
};

/** The interpreter itself: `python3` may be a script that looks for it. */
const PYTHON = spawnSync('python3', ['-c', 'import sys; print(sys.executable, end="")'], {encoding: 'utf8'}).stdout;

/** 1 MiB a tenth of a second, for so many of them. */
const growing = (steps: number, end = ''): string[] => [
  PYTHON,
  '-c',
  `
import mmap, time
kept = []
for i in range(${steps}):
    m = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for at in range(0, 1 << 20, 4096): m[at] = 1
    kept.append(m)
    time.sleep(0.1)
${end}`,
];

/** A command of the shell under rules, after it has slept so long that enough was seen of it. */
const checked = (rules: readonly string[], end: string, isSeen = (ran: Ran): boolean => ran.code !== 5): Promise<Ran> =>
  givenTime(0.3, (seconds) => memmap(['check', ...rules, '--', 'sh', '-c', `sleep ${seconds}; ${end}`]), isSeen);

test('rules that hold: 0, or what the command ended with; its streams are its own', async (t) => {
  const ran = await givenTime(
    0.3,
    (seconds) => {
      const script = `read word; echo $word; echo err >&2; exec sleep ${seconds}`;
      return memmap(['check', '--max', 'rss=1G', '--no', 'rwx', '--', 'sh', '-c', script], {input: 'in\n'});
    },
    ({code}) => code !== 5,
  );
  t.is(ran.code, 0, ran.stderr);
  t.is(ran.stdout, 'in\n');
  t.regex(ran.stderr, /^err\nmemmap check: sh -c 'read word; .*; exec sleep [\d.]+'\nended with exit code 0, after /);
  t.regex(ran.stderr, /^max rss=1G +ok .* kernel$/m);
  t.regex(ran.stderr, /^Both rules hold\.$/m);
  t.is((await checked(['--max', 'rss=1G'], 'exit 3')).code, 3);
  t.is((await checked(['--max', 'rss=1G'], 'kill -TERM $$')).code, 143);
});

test('a broken rule: 1, whatever the command ended with, and both are told', async (t) => {
  const ran = await checked(['--max', 'rss=100K', '--max', 'size=1T'], 'exit 3', ({code}) => code === 1);
  t.is(ran.code, 1);
  t.regex(ran.stderr, /^ended with exit code 3, after /m);
  t.regex(ran.stderr, /^max rss=100K +BROKEN +(at least )?[\d.]+ [KM]iB +100 KiB +−/m);
  t.regex(ran.stderr, /^1 of 2 rules is broken\.$/m);
});

test('what was not measured is not ok: 5', async (t) => {
  const ran = await givenTime(
    0.2,
    (seconds) => {
      // So seldom that there are too few samples also where it has to sleep for longest.
      const rules = ['--max', 'heap=1G', '--no-growth', 'rss', '--interval', '400ms'];
      return memmap(['check', ...rules, '--', 'sleep', String(seconds)]);
    },
    ({stderr}) => !stderr.includes('it was not looked at'),
  );
  t.is(ran.code, 5, ran.stderr);
  t.regex(
    ran.stderr,
    /^no-growth rss: not measured, since (one sample does|\d+ samples do) not show what grows; at least 12 are needed$/m,
  );
  const [path] = files(t, TUTORIAL[1]);
  t.is((await memmap(['check', '--max', 'rss=1K', path!])).code, 5);
  t.is((await memmap(['check', '--max', 'heap=1M', path!])).code, 0);
  t.is((await memmap(['check', '--no', 'heap', path!])).code, 1);
  t.is((await memmap(['check', '--no', 'heap', '-'], {input: TUTORIAL[1]})).code, 1);
});

testIf('python3')('the peak of a command is what the kernel says, also between two looks', async (t) => {
  // 80 MiB for a moment; then the command says what its own peak was.
  const program = (seconds: number): string =>
    'import resource, time; x = bytearray(80 << 20); del x; ' +
    `print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); time.sleep(${seconds})`;
  const report = join(folder(t), 'report.json');
  const args = ['--max', 'rss=60M', '--format', 'json', '-o', report, '--interval', '400ms', '--', PYTHON, '-c'];
  const ran = await givenTime(
    1,
    (seconds) => memmap(['check', ...args, program(seconds)]),
    ({code}) => code !== 5,
  );
  t.is(ran.code, 1);
  const [result] = documentOf(t, readFileSync(report, 'utf8')).results;
  t.like(result, {verdict: 'broken', exact: true});
  // The kernel counts resident pages per processor, and adds them up now and then: so much may be missing.
  t.true(
    Math.abs(result!.measured! - Number(ran.stdout) * 1024) < 2 ** 20,
    `${result!.measured} and ${ran.stdout} KiB`,
  );
  t.is(result!.margin, 60 * 2 ** 20 - result!.measured!);
  t.is(statSync(report).mode & 0o777, 0o600);
});

testIf('python3')(
  'growth breaks a rule, by the whole and by kind; a command that grows once and stays does not',
  async (t) => {
    const rules = ['--no-growth', 'rss', '--no-growth', 'anon', '--no-growth', 'stack', '--no-growth', 'jit'];
    const leak = await givenTime(
      5,
      (seconds) => memmap(['check', ...rules, '--max-duty', '50', '--json', '--', ...growing(10 * seconds)]),
      (ran) =>
        documentOf(t, ran.stderr)
          .results.slice(0, 2)
          .every(({verdict}) => verdict === 'broken'),
    );
    const {results} = documentOf(t, leak.stderr);
    t.deepEqual(
      results.map(({verdict}) => verdict),
      ['broken', 'broken', 'ok', 'ok'],
      leak.stderr,
    );
    t.is(leak.code, 1);
    const args = ['check', '--no-growth', 'rss', '--', PYTHON, '-c'];
    const once = await givenTime(
      5,
      (seconds) => memmap([...args, `import time; x = bytearray(30 << 20); time.sleep(${seconds})`]),
      ({code}) => code === 0,
    );
    t.is(once.code, 0, once.stderr);
  },
);

testIf('python3')('a living process, at one look or for a time', async (t) => {
  const child = await python(t);
  await child.ask('m = mmap.mmap(-1, 1 << 20, prot=7); t = 1');
  const one = await memmap(['check', '--no', 'rwx', '--no', 'exec-stack', '--json', String(child.pid)]);
  t.is(one.code, 1);
  const [rwx, stack] = documentOf(t, one.stdout).results;
  t.like(rwx, {verdict: 'broken', measured: 1});
  t.regex(rwx!.detail!, /^[\da-f]+-[\da-f]+ rwxs \/dev\/zero \(deleted\)$/);
  t.like(stack, {verdict: 'ok', measured: 0});
  const sleeper = new Child(t, 'sleep', ['600']);
  await inState(sleeper.pid, 'S', 'sleep');
  const rules = ['--no-growth', 'rss', '--max', 'threads=1', '--interval', '50ms', String(sleeper.pid)];
  const watched = await givenTime(
    2,
    (seconds) => memmap(['check', '--for', `${seconds}s`, ...rules]),
    ({code}) => code !== 5,
  );
  t.is(watched.code, 0, watched.stdout + watched.stderr);
});

testIf('python3')('a recording is held against rules over all its time', async (t) => {
  const path = join(folder(t), 'leak.jsonl');
  const child = new Child(t, PYTHON, ['-c', `print("ready", flush=True)\n${growing(800)[2]!}`]);
  await child.line();
  const rules = ['--no-growth', 'rss', '--max', 'anon=10G', '--max', 'size=1M'];
  const ran = await givenTime(
    5,
    async (seconds) => {
      const limits = ['--for', `${seconds}s`, '--interval', '100ms'];
      await memmap(['record', String(child.pid), '-o', path, '--force', ...limits]);
      return memmap(['check', ...rules, path, '--json']);
    },
    ({stdout}) => documentOf(t, stdout).results.filter(({verdict}) => verdict === 'broken').length === 2,
  );
  t.is(ran.code, 1, ran.stderr);
  const {results, looks} = documentOf(t, ran.stdout);
  t.deepEqual(results.map(({verdict}) => verdict).toSorted(), ['broken', 'broken', 'ok']);
  t.true(looks > 12);
  t.is((await memmap(['check', '--max', 'anon=1G', `${path}#first`])).code, 0);
});

testIf('python3')(
  'junit is XML that Python reads, whatever the words are, with the counts of what is in it',
  async (t) => {
    const place = folder(t);
    const report = join(place, 'junit.xml');
    const hostile = `<&>"']]>\u0001\u001b[31m\n\u202e --`;
    const rules = ['--max', 'regions=3', '--no', 'vvar', '--max', 'pss=1K', '--no-growth', 'rss', '--max-duty', '0'];
    const format = ['--format', 'junit', '-o', report];
    const ran = await givenTime(
      0.3,
      (seconds) => memmap(['check', ...rules, ...format, '--', 'sh', '-c', `sleep ${seconds}`, hostile]),
      ({code}) => code === 1,
    );
    t.is(ran.code, 1);
    const reader = `
import sys, json, xml.etree.ElementTree as E
root = E.parse(sys.argv[1]).getroot()
suite = root.find('testsuite')
cases = suite.findall('testcase')
print(json.dumps([root.tag, {k: suite.get(k) for k in ('tests', 'failures', 'errors', 'skipped')},
  [[c.get('classname'), c.get('name'), [e.tag for e in c]] for c in cases], suite.get('name'), cases[0].find('failure').get('message')]))`;
    const {stdout, stderr} = spawnSync('python3', ['-c', reader, report], {encoding: 'utf8'});
    const [tag, counts, cases, name, message] = JSON.parse(stdout || `"${stderr}"`) as [
      string,
      object,
      Array<[string, string, string[]]>,
      string,
      string,
    ];
    t.is(tag, 'testsuites');
    t.deepEqual(counts, {tests: '4', failures: '2', errors: '2', skipped: '0'});
    t.deepEqual(
      cases.map(([, rule, inside]) => [rule, inside[0]]),
      [
        ['max regions=3', 'failure'],
        ['max pss=1K', 'error'],
        ['no vvar', 'failure'],
        ['no-growth rss', 'error'],
      ],
    );
    t.true(name.includes('<&>"'), name);
    t.regex(message, /^max regions=3: \d+, \d+ over the limit of 3/);
  },
);

/** What a runner reads of a workflow command, by GitHub's documentation: properties and message, unescaped. */
function annotationOf(line: string): {level: string; title: string; message: string} | undefined {
  const match = /^::(\w+) title=([^:,]*)::(.*)$/.exec(line);
  const unescape = (text: string): string =>
    text
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%25', '%');
  return match ? {level: match[1]!, title: unescape(match[2]!), message: unescape(match[3]!)} : undefined;
}

testIf('python3')(
  'github has an annotation a line for each bad rule, and one for all, that nothing can break out of',
  async (t) => {
    const place = folder(t);
    const child = await python(t);
    const file = join(place, '100%::error title=x, y::.so');
    await child.ask(
      `f = open(${JSON.stringify(file)}, "wb+"); f.truncate(4096); m = mmap.mmap(f.fileno(), 4096, prot=7)`,
    );
    const ran = await memmap(['check', '--no', 'rwx', '--max', 'rss=1G', '--format', 'github', String(child.pid)]);
    t.is(ran.code, 1);
    const lines = ran.stdout.trimEnd().split('\n');
    const [error, notice] = lines.map(annotationOf);
    t.is(lines.length, 2, ran.stdout);
    t.like(error, {level: 'error', title: 'memmap check: no rwx'});
    t.true(error!.message.includes(file), error!.message);
    t.like(notice, {level: 'notice', title: 'memmap check: 1 of 2 rules is broken'});
    t.is(notice!.message.split('\n').length, 2);
    const fine = await memmap(['check', '--max', 'rss=1G', '--format', 'github', String(child.pid)]);
    t.regex(fine.stdout, /^::notice title=memmap check%3A The rule holds::max rss=1G: [^\n]*\n$/);
  },
);

test('wrong calls end with 2 and say what there is; a command that is not there with 127', async (t) => {
  const [rules] = files(t, 'no rwx\nmax heap 5\n');
  for (const args of [
    [],
    ['1'],
    ['--no', 'rwx'],
    ['--no', 'rwx', '1', '--', 'true'],
    ['--no', 'rwx', '--'],
    ['--no', 'fun', '1'],
    ['--max', 'heap', '1'],
    ['--max', 'heap=x', '1'],
    ['--no-growth', 'x', '1'],
    ['--format', 'xml', '--no', 'rwx', '1'],
    ['--no', 'rwx', '--bogus', '--', 'true'],
    ['--rules', rules!, '1'],
  ]) {
    const ran = await memmap(['check', ...args]);
    t.is(ran.code, 2, args.join(' '));
    t.regex(ran.stderr, /\n {2}next: /);
  }
  t.regex((await memmap(['check', '--rules', rules!, '1'])).stderr, /, line 2: "max heap 5" is not a rule\./);
  t.is((await memmap(['check', '--rules', '/no/such', '1'])).code, 6);
  const report = join(folder(t), 'report');
  t.is((await memmap(['check', '--no', 'rwx', '-o', report, '--', 'no-such-command'])).code, 127);
  t.false(existsSync(report));
  t.is((await memmap(['check', '--no', 'rwx', '2147483000'])).code, 3);
  t.is((await memmap(['check', '--no', 'rwx', '-o', '/no/such/folder/report', '--', 'true'])).code, 7);
});

test('in a shell script with set -e it stops the build', async (t) => {
  const script = `set -e
memmap() { ${process.execPath} ${process.cwd()}/bin/run.js "$@"; }
memmap check --max heap=64M --max rss=64M --no rwx -- sleep $1
echo first
memmap check --max rss=64K -- sleep $1
echo never`;
  const ran = await givenTime(
    0.3,
    (seconds) => run('bash', ['-c', script, 'bash', String(seconds)]),
    ({code}) => code === 1,
  );
  t.is(ran.stdout, 'first\n');
  t.is(ran.code, 1);
});
