import {readdirSync, readFileSync, readlinkSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {memmap, run, type Ran} from '../../helpers/cli.ts';
import {Child, python, waitingNode} from '../../helpers/child.ts';
import {files, folder, TUTORIAL} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {ROOT, testIf} from '../../helpers/tools.ts';
import {givenTime, until} from '../../helpers/wait.ts';
import {CRASHED, MACHINES, makeCore} from '../../parse/core/made.ts';
import {watchStatus} from '../../../src/features/why/facts/status.ts';
import {PROCESS_FINDINGS} from '../../../src/features/why/findings/table.ts';
import {FAMILY_FINDINGS} from '../../../src/features/why/findings/family.ts';
import {GROUP_FINDINGS} from '../../../src/features/why/findings/group.ts';

interface Document {
  readonly sentence: string;
  readonly target: {readonly is: string; readonly ended: boolean; readonly pid: number | null};
  readonly finding: {readonly name: string};
  readonly growth: {
    readonly verdict: string;
    readonly bytesPerMin: number | null;
    readonly watched: number;
    readonly text: string;
  };
  readonly holds: ReadonlyArray<{readonly bytes: number}>;
  readonly limits: ReadonlyArray<{readonly limit: string; readonly used: number; readonly max: number}>;
  readonly missing: ReadonlyArray<{readonly what: string; readonly why: string}>;
}

const asJSON = (text: string): Document => JSON.parse(text) as Document;

test('docs/why.md names each finding', (t) => {
  const page = readFileSync('docs/why.md', 'utf8');
  const names = [...PROCESS_FINDINGS, ...FAMILY_FINDINGS, ...GROUP_FINDINGS].map(({name}) => name);
  t.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test('a bare listing of maps: addresses are not called memory, growth is unknown, and it ends with 0', async (t) => {
  const [path] = files(t, TUTORIAL[1]);
  const {code, stdout} = await memmap(['why', path!, '--json']);
  t.is(code, 0);
  const document = asJSON(stdout);
  conforms(t, 'why', document);
  t.is(document.finding.name, 'sizes-only');
  t.is(document.growth.verdict, 'not enough data');
  t.is(document.growth.watched, 0);
  t.true(document.missing.some(({what}) => what === 'growth'));
  t.deepEqual(document.limits, []);
  const {stdout: page} = await memmap(['why', path!]);
  t.regex(page, /addresses, not memory/);
});

test('standard input is read, and a family of it is refused', async (t) => {
  const {code, stdout} = await memmap(['why', '-', '--json'], {input: TUTORIAL[0]});
  t.is(code, 0);
  t.is(asJSON(stdout).target.is, 'listing');
  t.is((await memmap(['why', '-', '--children'], {input: TUTORIAL[0]})).code, 2);
});

test('lines of a file that were not used are told, and that a listing is cut short', async (t) => {
  const whole = readFileSync('/proc/self/smaps', 'utf8');
  const second = /\n(?=[0-9a-f]+-[0-9a-f]+ )/.exec(whole)!.index + 1;
  const input = `${whole.slice(0, second)}not a line\n${whole.slice(second)}`;
  const strange = await memmap(['why', '-', '--json'], {input});
  t.is(strange.code, 0);
  t.regex(strange.stderr, /line \d+ was not used \(not a line of maps\): not a line/);
  const {missing} = asJSON(strange.stdout);
  t.is(missing.find(({what}) => what === 'a part of the file')?.why, '1 line of it was not used');
  const cut = await memmap(['why', '-'], {input: whole.slice(0, whole.length / 2)});
  t.is(cut.code, 0);
  t.regex(cut.stdout, /The listing is incomplete: sums can be wrong\./);
});

test('a program that executes another one while it is watched is told', async (t) => {
  const again = `${folder(t)}/again`;
  writeFileSync(again, '#!/bin/sh\necho ready\nsleep 0.3\nexec sh "$0"\n');
  const child = new Child(t, 'sh', [again]);
  await child.line();
  const isTold = ({stdout}: Ran): boolean => asJSON(stdout).missing.some(({what}) => what === 'what it was before');
  // Where others use the processors, its turn may not come within a second.
  const watch = (seconds: number): Promise<Ran> => memmap(['why', String(child.pid), '--for', `${seconds}s`, '--json']);
  const ran = await givenTime(1, watch, isTold);
  t.is(ran.code, 0);
  t.true(isTold(ran), ran.stdout);
});

testIf('python3')('a recording that is cut off says so', async (t) => {
  const child = await python(t);
  const path = `${folder(t)}/a.jsonl`;
  await memmap(['record', String(child.pid), '-o', path, '--count', '4', '--interval', '20ms']);
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(path, `${lines.slice(0, -2).join('\n')}\n{"event":"del`);
  const {code, stdout, stderr} = await memmap(['why', path, '--json']);
  t.is(code, 0);
  t.regex(stderr, /was not used \(it is cut off\)/);
  const {missing} = asJSON(stdout);
  t.is(missing.find(({what}) => what === 'a part of the file')?.why, '1 line of it was not used');
});

testIf('setpriv', ROOT)('who may not read a process is told that its family was not looked at', async (t) => {
  const shell = new Child(t, 'sh', ['-c', 'exec 3<&0; cat <&3 & echo ready; wait']);
  await shell.line();
  const drop = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--no-new-privs', process.execPath];
  const words = ['why', String(shell.pid), '--children', '--for', '100ms', '--json'];
  const {code, stdout, stderr} = await run('setpriv', [...drop, `${process.cwd()}/bin/run.js`, ...words]);
  t.is(code, 0, stderr);
  const {missing} = asJSON(stdout);
  t.deepEqual(missing.map(({what}) => what).slice(1), ['its 1 descendant']);
});

testIf('python3')('listings that were saved one after another are judged by themselves', async (t) => {
  const place = folder(t);
  const child = await python(t, 'kept = []');
  for (let index = 0; index < 14; index++) {
    await child.ask('kept.append(b"x" * (4 << 20))');
    // When each was taken is what its name says.
    writeFileSync(`${place}/${10 + index}min.txt`, readFileSync(`/proc/${child.pid}/smaps`));
  }
  const {code, stdout, stderr} = await memmap(['why', place, '--json']);
  t.is(code, 0, stderr);
  const document = asJSON(stdout);
  conforms(t, 'why', document);
  t.is(document.target.is, 'series');
  t.is(document.growth.verdict, 'steady growth', document.growth.text);
  t.true(Math.abs(document.growth.bytesPerMin! / (4 << 20) - 1) < 0.05, document.growth.text);
});

testIf('python3')('a recording on standard input is judged as the file is', async (t) => {
  const file = `${folder(t)}/leak.jsonl`;
  const child = await python(t, 'import time; kept = []');
  const record = memmap(['record', String(child.pid), '-o', file, '--for', '6s', '--interval', '100ms']);
  for (let index = 0; index < 50; index++) await child.ask('kept.append(b"x" * (1 << 20)); time.sleep(0.1)');
  t.is((await record).code, 0);
  const [named, piped] = await Promise.all([
    memmap(['why', file, '--json']),
    memmap(['why', '-', '--json'], {input: readFileSync(file)}),
  ]);
  t.is(piped.code, 0, piped.stderr);
  const [said, document] = [asJSON(named.stdout), asJSON(piped.stdout)];
  conforms(t, 'why', document);
  t.true(document.growth.watched > 0);
  t.is(document.target.is, 'recording');
  t.is(document.sentence, said.sentence);
  t.deepEqual(document.growth, said.growth);
});

/** Moments of a Node whose heap has ever more regions, while what of them is resident goes up and down. */
test("V8's heap that grows below its garbage is no leak of mappings", async (t) => {
  const node = await waitingNode(t);
  const smaps = readFileSync(`/proc/${node.pid}/smaps`, 'latin1');
  const place = folder(t);
  const top = smaps.search(/^7f/m);
  for (let index = 0; index < 24; index++) {
    const chunks = Array.from({length: 40 * index}, (_, at) => {
      const start = 0x60_0000_0000 + at * 0x8_0000;
      const rss = index % 3 === 2 ? 4 : 128;
      const counters = `Rss: ${rss} kB\nPss: ${rss} kB\nPrivate_Dirty: ${rss} kB\nAnonymous: ${rss} kB\n`;
      return `${start.toString(16)}-${(start + 0x4_0000).toString(16)} rw-p 00000000 00:00 0 \nSize: 256 kB\n${counters}`;
    });
    writeFileSync(`${place}/${10 + index}min.txt`, `${smaps.slice(0, top)}${chunks.join('')}${smaps.slice(top)}`);
  }
  const {code, stdout, stderr} = await memmap(['why', place, '--json']);
  t.is(code, 0, stderr);
  const document = asJSON(stdout);
  conforms(t, 'why', document);
  t.is(document.finding.name, 'runtime-heap-grows', document.sentence);
  t.regex(document.sentence, /^The heap of V8 grows.*regions are V8's heap, \+40\.0\/min/);
});

testIf('python3', 'pmap')("pmap -x names no [heap]: what is malloc's is not said to be Python's", async (t) => {
  const child = await python(t, 'kept = [bytes(40) for _ in range(1000000)]');
  const {stdout: listing} = await run('pmap', ['-x', String(child.pid)]);
  const {stdout} = await memmap(['why', '-', '--json'], {input: listing});
  const {sentence, finding} = asJSON(stdout);
  t.is(finding.name, 'python-arenas', sentence);
  t.regex(sentence, /or malloc's/);
});

testIf('python3')('a target that ends while it is watched: what was seen', async (t) => {
  const child = await python(t);
  const why = new Child(t, process.execPath, ['bin/run.js', 'why', String(child.pid), '--for', '80s', '--json']);
  // Only who watches keeps this file open.
  await until(() => openFiles(why.pid).includes(`/proc/${child.pid}/statm`), 'the watch');
  child.process.kill('SIGKILL');
  const lines: string[] = [];
  for (let line = await why.line(); line !== '}'; line = await why.line()) lines.push(line);
  const document = asJSON(`${lines.join('\n')}}`);
  conforms(t, 'why', document);
  t.true(document.target.ended);
  t.true(document.missing.some(({why: reason}) => reason === 'it ended'));
});

const openFiles = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));

testIf('python3')('a process of which status alone is seen, and that ends: as it was seen last', async (t) => {
  const child = await python(t, "kept = b'x' * (32 << 20)");
  // It looks before it first waits.
  const watch = watchStatus(child.pid, '/proc', 10_000, new AbortController().signal);
  child.process.kill('SIGKILL');
  const {growth, last} = await watch;
  t.is(last?.process.pid, child.pid);
  t.true(Number(last?.status['vmRss']) > 32 << 20);
  t.true(growth!.total.last > 32 << 20);
});

testIf('python3')('a target that ends before its counters are read: status has its sums', async (t) => {
  const child = await python(t, "kept = b'x' * (32 << 20)");
  const program = ['bin/run.js', 'why', String(child.pid), '--for', '80s', '--max-stall', '0.001ms', '--no-books'];
  const why = new Child(t, process.execPath, [...program, '--json']);
  await until(() => openFiles(why.pid).includes(`/proc/${child.pid}/statm`), 'the watch');
  child.process.kill('SIGKILL');
  const document = await documentOf(why);
  conforms(t, 'why', document);
  t.true(document.target.ended);
  t.is(document.finding.name, 'status-only', document.sentence);
  t.true(document.holds.reduce((sum, {bytes}) => sum + bytes, 0) > 32 << 20);
});

async function documentOf(why: Child): Promise<Document> {
  const lines: string[] = [];
  for (let line = await why.line(); line !== '}'; line = await why.line()) lines.push(line);
  return asJSON(`${lines.join('\n')}}`);
}

testIf('python3', ROOT)('a limit of 0 that nobody uses is not near: `ulimit -l 0` without a locked page', async (t) => {
  const child = await python(t);
  // Without CAP_IPC_LOCK it counts.
  await child.ask(
    "r = __import__('resource'); r.setrlimit(r.RLIMIT_MEMLOCK, (0, 0)); os.setgid(65534); os.setuid(65534)",
  );
  const {stdout} = await memmap(['why', String(child.pid), '--for', '1s', '--json']);
  const document = asJSON(stdout);
  t.not(document.finding.name, 'near-limit', document.sentence);
  t.false(document.limits.some(({limit}) => limit === 'RLIMIT_MEMLOCK'));
});

testIf('python3')('open files near RLIMIT_NOFILE are the answer, counted as the process counts them', async (t) => {
  const child = await python(
    t,
    "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40)); kept = [open('/dev/null') for _ in " +
      'range(33)]',
  );
  // Listing takes a descriptor of its own.
  const open = Number(await child.ask("answer = len(__import__('os').listdir('/proc/self/fd')) - 1"));
  const {code, stdout} = await memmap(['why', String(child.pid), '--for', '1s', '--json']);
  t.is(code, 0);
  const document = asJSON(stdout);
  conforms(t, 'why', document);
  t.is(document.finding.name, 'near-limit', document.sentence);
  t.regex(document.sentence, new RegExp(`RLIMIT_NOFILE leaves ${40 - open} of 40\\b`));
  t.like(
    document.limits.find(({limit}) => limit === 'RLIMIT_NOFILE'),
    {used: open, max: 40},
  );
});

test('names of 4,096 bytes that JSON writes as six times as many leave the document small', async (t) => {
  const name = `/${'\u0001'.repeat(4000)}`;
  const lines = Array.from({length: 400}, (_, at) => {
    const start = 0x7f0000000000 + at * 0x2000;
    return `${start.toString(16)}-${(start + 0x1000).toString(16)} r--s 00000000 fe:00 77 ${name} (deleted)\n`;
  });
  const [path] = files(t, lines.join(''));
  const {code, stdout} = await memmap(['why', path!, '--json']);
  t.is(code, 0);
  conforms(t, 'why', asJSON(stdout));
  t.true(Buffer.byteLength(stdout) < 8192, `${Buffer.byteLength(stdout)} bytes`);
});

test('a core that is cut short is called that, and not a listing', async (t) => {
  const whole = makeCore(MACHINES[0]!, CRASHED);
  const [path] = files(t, whole.subarray(0, whole.length - 4096));
  const {code, stdout} = await memmap(['why', path!]);
  t.is(code, 0);
  t.regex(stdout, /The core is cut short/);
  t.notRegex(stdout, /The listing/);
});

test('no such process is said', async (t) => t.is((await memmap(['why', '4194304'])).code, 3));

testIf(
  'python3',
  'setpriv',
  ROOT,
)("another user's process: status is what is seen, and the page says so", async (t) => {
  const child = await python(t);
  const program = [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--',
    process.execPath,
    `${process.cwd()}/bin/run.js`,
  ];
  const ran = await run('setpriv', [...program, 'why', String(child.pid), '--for', '1s', '--json'], {
    env: {HOME: '/tmp'},
  });
  t.is(ran.code, 0, ran.stderr);
  const document = asJSON(ran.stdout);
  conforms(t, 'why', document);
  t.is(document.finding.name, 'status-only');
  t.true(document.missing.some(({why}) => why.includes('EACCES')));
});

testIf('python3')('--no-books reads no memory, and says so', async (t) => {
  const child = await python(t);
  const {code, stdout} = await memmap(['why', String(child.pid), '--for', '1s', '--no-books', '--json']);
  t.is(code, 0);
  const document = asJSON(stdout);
  t.false('kept' in document);
  t.true(document.missing.some(({why}) => why === '--no-books'));
});
