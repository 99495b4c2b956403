import {type ChildProcess, spawn} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {partsOf} from '../../../src/recording/ring.ts';
import {readRecording, type Recording} from '../../../src/recording/recording.ts';
import {type Child, python} from '../../helpers/child.ts';
import {charged, OLD} from '../../helpers/cgroups.ts';
import {memmap, MEMMAP, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

/** What a recorder that runs on saved so far, the oldest first. */
const savedIn = (place: string): string[] =>
  readdirSync(place)
    .filter((name) => /^app-\d{8}-\d{6}(-\d+)?\.jsonl(\.gz)?$/.test(name))
    .toSorted((a, b) => (a.replace('.jsonl', '-1.jsonl') < b.replace('.jsonl', '-1.jsonl') ? -1 : 1))
    .map((name) => join(place, name));

interface Recorder {
  readonly place: string;
  readonly process: ChildProcess;
  /** Its exit code, and what it said. */
  readonly ended: Promise<{readonly code: number | null; readonly stdout: string; readonly stderr: string}>;
}

/** Records into a ring until it is ended. */
function recorder(t: ExecutionContext, pid: number, words: readonly string[], end = '.jsonl'): Recorder {
  const place = folder(t);
  const args = ['record', String(pid), '--ring', '1m', '--interval', '50ms', '-o', join(place, `app${end}`), ...words];
  const child = spawn(process.execPath, [MEMMAP, ...args], {stdio: ['ignore', 'pipe', 'pipe']});
  t.teardown(() => child.kill('SIGKILL'));
  const said = {stdout: '', stderr: ''};
  child.stdout.on('data', (part: Buffer) => (said.stdout += part.toString()));
  child.stderr.on('data', (part: Buffer) => (said.stderr += part.toString()));
  const ended = new Promise<Awaited<Recorder['ended']>>((resolve) =>
    child.on('close', (code, signal) => resolve({code: signal === null ? code : null, ...said})),
  );
  return {place, process: child, ended};
}

/** Waits until it keeps something. */
const begun = ({place}: Recorder, end = '.jsonl'): Promise<unknown> =>
  until(() => partsOf(join(place, `app${end}`)).some(hasMoment), 'the first moment');

/** Its first line is the header; a moment is one more. */
const hasMoment = (part: string): boolean => readFileSync(part, 'latin1').split('\n').length > 2;

function opened(t: ExecutionContext, path: string): Recording {
  const recording = readRecording(path);
  t.teardown(() => recording.close());
  return recording;
}

const marksOf = (recording: Recording): string[] => recording.marked().flatMap(({marks}) => marks);

/** PSI as the kernel prints it. */
const pressed = (some: number): string =>
  `some avg10=${some.toFixed(2)} avg60=1.25 avg300=0.40 total=7213\n` +
  `full avg10=0.00 avg60=0.50 avg300=0.10 total=1213\n`;

/** A directory like /proc in which the process is that of the kernel, and the pressure is ours. */
function falseRoot(t: ExecutionContext, child: Child): {readonly root: string; readonly press: (some: number) => void} {
  const root = folder(t);
  mkdirSync(join(root, 'pressure'));
  mkdirSync(join(root, String(child.pid)));
  for (const name of ['maps', 'smaps', 'status', 'stat', 'statm', 'cmdline', 'auxv', 'limits'])
    writeFileSync(join(root, String(child.pid), name), readFileSync(`/proc/${child.pid}/${name}`));
  writeFileSync(join(root, String(child.pid), 'cgroup'), '0::/\n');
  const press = (some: number): void => writeFileSync(join(root, 'pressure/memory'), pressed(some));
  press(0);
  return {root, press};
}

testIf('python3')('SIGUSR1 saves what is kept, and what is kept goes on; SIGTERM saves it at the end', async (t) => {
  const child = await python(t);
  const ring = recorder(t, child.pid, ['--json']);
  await begun(ring);
  await child.ask('m = mmap.mmap(-1, 33 << 20)');
  ring.process.kill('SIGUSR1');
  const first = await until(() => savedIn(ring.place)[0], 'the first saving');
  const before = opened(t, first);
  t.true(before.isWhole);
  t.is(before.end!.reason, 'dump');
  t.deepEqual(marksOf(before), ['signal: SIGUSR1 came']);
  const last = before.snapshot(before.count - 1);
  t.true(last.regions.some(({start, end}) => end - start >= 33 << 20));
  t.is(last.source.format, 'smaps', 'the sample of a mark has counters');
  await child.ask('n = mmap.mmap(-1, 55 << 20)');
  // Between the last sample and SIGTERM anything may come: a sample is taken for the signal.
  ring.process.kill('SIGUSR1');
  await until(() => savedIn(ring.place).length === 2, 'the second saving');
  ring.process.kill('SIGTERM');
  const {code, stdout, stderr} = await ring.ended;
  t.is(code, 143, stderr);
  t.regex(stderr, /saved to .*app-\d{8}-\d{6}\.jsonl \(signal: SIGUSR1 came\)\./);
  const document = JSON.parse(stdout) as {saved: Array<{file: string; why: string}>};
  conforms(t, 'recorded', document);
  t.deepEqual(
    document.saved.map(({why}) => why),
    ['signal: SIGUSR1 came', 'signal: SIGUSR1 came', 'end: SIGTERM'],
  );
  const after = opened(t, document.saved[2]!.file);
  t.is(after.end!.reason, 'SIGTERM');
  t.is(after.moments[0]!.at, before.moments[0]!.at, 'what was saved is still kept');
  t.true(after.snapshot(after.count - 1).regions.some(({start, end}) => end - start >= 55 << 20));
  t.deepEqual(partsOf(join(ring.place, 'app.jsonl')), [], 'nothing else is left');
  for (const line of readFileSync(document.saved[0]!.file, 'utf8').trimEnd().split('\n'))
    conforms(t, 'recording', JSON.parse(line));
  const growth = await memmap(['growth', document.saved[2]!.file]);
  t.true(growth.code === 0 || growth.code === 5, growth.stderr);
  const shown = await memmap(['show', `${document.saved[0]!.file}#last`, '--json']);
  t.is(shown.code, 0, shown.stderr);
});

/** A recorder that begins where another one left something behind. */
const again = (pid: number, path: string) =>
  memmap(['record', String(pid), '--ring', '1m', '--count', '2', '--interval', '50ms', '-o', path]);

testIf('python3')('a recorder that is killed leaves what it kept, and the next one saves it', async (t) => {
  const child = await python(t);
  const ring = recorder(t, child.pid, [], '.jsonl.gz');
  await begun(ring, '.jsonl.gz');
  ring.process.kill('SIGKILL');
  t.is((await ring.ended).code, null);
  const path = join(ring.place, 'app.jsonl.gz');
  const [part] = partsOf(path);
  t.true(opened(t, part!).breaksOff, 'a part is a recording of its own');
  const next = await again(child.pid, path);
  t.is(next.code, 0, next.stderr);
  t.regex(next.stderr, /what an earlier recorder left behind is saved to/);
  const saved = savedIn(ring.place);
  t.is(saved.length, 2);
  const recordings = saved.map((file) => opened(t, file));
  t.is(recordings.filter(({breaksOff}) => breaksOff).length, 1, 'the one of which the end is not known');
  t.deepEqual(partsOf(path), []);
});

testIf('python3')('a write that fails ends it with 7, and the next recorder saves what was kept', async (t) => {
  const child = await python(t, 'import threading, time');
  const place = folder(t);
  const path = join(place, 'app.jsonl');
  mkdirSync(`${path}.ring-9`);
  const running = run('sh', [
    '-c',
    // RLIMIT_FSIZE, in blocks of 512 bytes: room for the first moment, which is there before memory changes.
    `ulimit -f 80; exec ${process.execPath} ${MEMMAP} record ${child.pid} --ring 1h -o ${path} --interval 5ms ` +
      '--for 10m --max-duty 100',
  ]);
  await until(() => partsOf(path).some(hasMoment), 'the first moment');
  // New mappings all the time, so that there is always something to write; a few a sample, however slow the machine.
  await child.ask(
    'kept = []; threading.Thread(daemon=True, target=lambda: [(kept.append(mmap.mmap(-1, 4096, prot=1 + ' +
      'len(kept) % 2 * 2)), time.sleep(0.002)) for _ in range(9000)]).start()',
  );
  const shown = await running;
  t.is(shown.code, 7, shown.stderr);
  t.regex(shown.stderr, /the file would be too large.*What was kept before is in .*ring-N/);
  t.deepEqual(partsOf(path), [`${path}.ring-1`], 'and a directory is no part');
  const next = await again(child.pid, path);
  t.is(next.code, 0, next.stderr);
  t.regex(next.stderr, /left behind is saved to/);
  t.true(
    savedIn(place)
      .map((file) => opened(t, file))
      .some(({breaksOff, count}) => breaksOff && count >= 1),
  );
});

testIf('python3')('PSI above a threshold saves the ring, and again when it was below meanwhile', async (t) => {
  const child = await python(t);
  const {root, press} = falseRoot(t, child);
  const ring = recorder(t, child.pid, ['--dump-on', 'psi=some:10%', '--dump-pause', '1ms', '--proc-root', root]);
  await begun(ring);
  press(12.5);
  await until(() => savedIn(ring.place).length === 1, 'the first saving');
  // It has to be seen below before it counts again: how soon that is, nobody can tell.
  let isBelow = false;
  const isSavedAgain = (): boolean => {
    isBelow = !isBelow;
    press(isBelow ? 9.99 : 25);
    return savedIn(ring.place).length > 1;
  };
  await until(isSavedAgain, 'the second saving');
  ring.process.kill('SIGINT');
  const {code, stderr} = await ring.ended;
  t.is(code, 130, stderr);
  const [first] = savedIn(ring.place);
  t.deepEqual(marksOf(opened(t, first!)), ['psi: some task of the machine waited for memory for 12.50 % of 10 s']);
});

testIf(OLD, 'python3')('a real limit saves before the kill, and the OOM killer at the end', async (t) => {
  const {place, child} = await charged(t, 'ring');
  writeFileSync(`${place}/memory.limit_in_bytes`, '64M');
  // Else a machine that has swap would swap it out instead.
  writeFileSync(`${place}/memory.swappiness`, '0');
  const ring = recorder(t, child.pid, ['--dump-on', 'limit=80%', '--dump-on', 'oom', '--json']);
  await begun(ring);
  child.process.stdin!.write('keep = [bytes(b"x") * (1 << 20) for _ in range(56)]\n');
  const [near] = await until(() => savedIn(ring.place).length > 0 && savedIn(ring.place), 'the saving at the limit');
  const before = opened(t, near!);
  t.regex(marksOf(before)[0]!, /^limit: cgroup \/memmap-test-\d+-ring has [\d.]+ MiB of 64 MiB \(page cache too\)$/);
  const status = before.status(before.count - 1);
  t.true(Number(status['vmRss']) > 40 << 20, String(status['vmRss']));
  child.process.stdin!.write('more = [bytes(b"x") * (1 << 20) for _ in range(500)]\n');
  const {code, stdout, stderr} = await ring.ended;
  t.is(code, 0, stderr);
  t.regex(readFileSync(`${place}/memory.oom_control`, 'utf8'), /^oom_kill 1$/m, 'the kernel says it too');
  const {saved, reason} = JSON.parse(stdout) as {saved: Array<{file: string; why: string}>; reason: string};
  t.is(reason, 'exit');
  const last = opened(t, saved.at(-1)!.file);
  t.is(last.exitState === undefined, false);
  const oom = saved.filter(({why}) => why.startsWith('oom: the OOM killer killed 1 in its cgroup'));
  t.is(oom.length, 1, JSON.stringify(saved));
  t.true(marksOf(last).some((mark) => mark.startsWith('oom: the OOM killer killed 1')));
});

testIf('python3')('what is no trigger, and what the kernel does not tell, is refused', async (t) => {
  const child = await python(t);
  const pid = String(child.pid);
  const tell = (...words: string[]) => memmap(['record', pid, '--ring', '1m', '--count', '1', ...words]);
  for (const when of ['psi=some', 'psi=some:0%', 'limit=200%', 'full', ''])
    t.is((await tell('--dump-on', when)).code, 2, when);
  t.is((await tell('--children')).code, 2);
  t.is((await memmap(['record', pid, '--dump-on', 'oom', '--count', '1'])).code, 2);
  t.is((await memmap(['record', 'cgroup:self', '--ring', '1m', '--count', '1'])).code, 2);
  const root = folder(t);
  mkdirSync(join(root, pid));
  for (const name of ['maps', 'smaps', 'status', 'stat'])
    writeFileSync(join(root, pid, name), readFileSync(`/proc/${pid}/${name}`));
  for (const when of ['psi=some:10%', 'limit=90%', 'oom']) {
    const {code, stderr} = await tell('--dump-on', when, '--proc-root', root, '-o', join(root, 'x.jsonl'));
    t.is(code, 6, `${when}: ${stderr}`);
    t.regex(stderr, /would never save anything/);
  }
});
