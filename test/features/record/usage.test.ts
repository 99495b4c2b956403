import {spawn, type ChildProcess} from 'node:child_process';
import {mkdirSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {availableParallelism} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {readRecording, type Recording} from '../../../src/recording/recording.ts';
import {asleep, Child, python} from '../../helpers/child.ts';
import {memmap, MEMMAP} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {watched} from '../watch/watched.ts';

/** The kernel's own sum of the resident memory of a process, in bytes. */
const kernelRss = (pid: number): number =>
  1024 * Number(/^Rss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))![1]);

/** Resident bytes of all regions at a moment: undefined where smaps was not read. */
const rssAt = (recording: Recording, index: number): number | undefined => recording.snapshot(index).totals['rss'];

const samples = (path: string): number => {
  try {
    return readRecording(path).looks;
  } catch {
    return 0;
  }
};

// So little duty that, once the first read is paid for, no other is due for as long as it may rest.
const THRIFTY = ['--max-duty', '0.0001'];

const background = (t: ExecutionContext, args: readonly string[]): ChildProcess => {
  const child = spawn(process.execPath, [MEMMAP, ...args], {stdio: 'ignore'});
  t.teardown(() => child.kill('SIGKILL'));
  return child;
};

const signalled =
  (signal: NodeJS.Signals) =>
  async (t: ExecutionContext, args: readonly string[], isReady: () => Promise<unknown>): Promise<void> => {
    const child = background(t, [...args, '--interval', '20ms']);
    await isReady();
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    await closed;
  };

const limited =
  (...limits: readonly string[]) =>
  async (_t: ExecutionContext, args: readonly string[]): Promise<void> =>
    void (await memmap([...args, ...limits]));

const ENDS: Readonly<
  Record<string, (t: ExecutionContext, args: readonly string[], isReady: () => Promise<unknown>) => Promise<void>>
> = {
  '--for': limited('--for', '300ms', '--interval', '20ms'),
  '--for between two samples': limited('--for', '300ms', '--interval', '10s'),
  '--count': limited('--count', '5', '--interval', '20ms'),
  SIGINT: signalled('SIGINT'),
  SIGTERM: signalled('SIGTERM'),
  q: async (t, args, isReady) => {
    const run = new TerminalRun(t, [...args, '--interval', '20ms']);
    await isReady();
    run.type('q');
    await run.end();
  },
};

for (const [way, end] of Object.entries(ENDS))
  testIf('python3', 'script')(`a recording that ${way} ends has resident memory at its last moment`, async (t) => {
    const child = await python(t);
    const path = join(folder(t), 'a.jsonl');
    await asleep(child.pid);
    const before = kernelRss(child.pid);
    await end(t, ['record', String(child.pid), '-o', path, ...THRIFTY], () =>
      until(() => samples(path) > 1, 'samples'),
    );
    const recording = readRecording(path);
    const last = recording.count - 1;
    t.is(rssAt(recording, 0), before);
    t.true(recording.moment(last).hasUsage);
    t.is(rssAt(recording, last), kernelRss(child.pid));
    const {stdout} = await memmap(['diff', `${path}#first`, `${path}#last`]);
    t.notRegex(stdout, /not read/);
  });

testIf('python3')('what was written shows at the last moment and at the mark, by the byte', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl');
  await child.ask('m = mmap.mmap(-1, 8 << 20, 0x22)');
  const recorder = background(t, ['record', String(child.pid), '-o', path, '--interval', '20ms', ...THRIFTY]);
  await until(() => samples(path) > 1, 'samples');
  const seen: number[] = [];
  for (const mark of [1, 2]) {
    await child.ask('m.write(b"x" * (2 << 20))');
    await asleep(child.pid);
    seen.push(kernelRss(child.pid));
    recorder.kill('SIGUSR1');
    await until(() => readRecording(path).marked().length === mark, `mark ${mark}`);
  }
  const closed = new Promise((resolve) => recorder.once('close', resolve));
  recorder.kill('SIGTERM');
  await closed;
  const recording = readRecording(path);
  t.deepEqual(
    recording.marked().map(({index}) => rssAt(recording, index)),
    seen,
  );
  t.true(seen[1]! - seen[0]! >= 2 << 20);
});

testIf('python3')('where one read would take too long the end has none, and that is said', async (t) => {
  const child = await python(t);
  const path = join(folder(t), 'a.jsonl');
  const {stdout} = await memmap(['record', String(child.pid), '-o', path, '--count', '3', '--max-stall', '0.01ms']);
  t.regex(stdout, /; smaps was not read: one read would hold up the process for longer than --max-stall\.$/m);
  t.false(readRecording(path).moments.some(({hasUsage}) => hasUsage));
});

testIf('python3', 'script')('a process that ends on its own: how old the last figures are is said', async (t) => {
  const {child, run} = await watched(t, {columns: 300}, ...THRIFTY);
  await run.shows(/ live {2}0:(0[1-9]|[1-5]\d)/);
  child.process.kill();
  await run.end();
  const lines = await run.shows(/^The process ended after/);
  t.regex(
    lines.join('\n'),
    /smaps was read (once|\d+ times), the last time \d+\.\d s before the end \(for \d+\.?\d* ms of processor time/,
  );
});

testIf('python3')('a command that runs has resident memory from its first moment on', async (t) => {
  const path = join(folder(t), 'a.jsonl');
  await memmap(['run', '--record', path, ...THRIFTY, '--', 'python3', '-c', 'import time; time.sleep(0.3)']);
  const recording = readRecording(path);
  t.true(recording.moment(0).hasUsage);
  t.true(rssAt(recording, 0)! > 0);
});

testIf('python3').serial(
  'on a loaded machine nobody goes without figures for longer than 5 s and a sample',
  async (t) => {
    const path = join(folder(t), 'a.jsonl');
    const busy = Array.from({length: 3 * availableParallelism()}, () => spawn('sh', ['-c', 'while :; do :; done']));
    t.teardown(() => busy.forEach((one) => one.kill('SIGKILL')));
    const growing = new Child(t, 'python3', [
      '-c',
      `import time
held = [bytearray(100 << 20)]
print("ready", flush=True)
while True:
    held.append(bytearray(1 << 20))
    time.sleep(0.1)`,
    ]);
    await growing.line();
    const recorder = memmap(['record', String(growing.pid), '-o', path, '--for', '20s', '--mark', 'half', '--json']);
    await until(() => samples(path) > 1, 'samples');
    const {stdout} = await recorder;
    const document = JSON.parse(stdout) as {
      cost: {usageReads: number};
    };
    conforms(t, 'recorded', document);
    const recording = readRecording(path);
    // How soon it gets the processor is not its matter: whenever it took a sample, and 5 s were over, it read smaps.
    let measured = -Infinity;
    const ages: number[] = [];
    for (const moment of recording.moments) {
      if (moment.hasUsage) measured = moment.t;
      ages.push(moment.t - measured);
    }
    t.log(`${document.cost.usageReads} reads of ${ages.length} samples, ${Math.max(...ages)} ms old at most`);
    t.true(ages.length > 5 && Math.max(...ages) <= 5000 + 500, String(ages));
    t.true(recording.moment(0).hasUsage && recording.moment(recording.count - 1).hasUsage);
    t.true(rssAt(recording, recording.count - 1)! > rssAt(recording, 0)! + (20 << 20));
  },
);

testIf('python3')(
  'on a kernel that takes the lock for maps too, fewer samples are taken, and that is said',
  async (t) => {
    const child = await python(t);
    await child.ask('r = [mmap.mmap(-1, 4096, 0x22, 1 + i % 2) for i in range(10000)]');
    const root = folder(t);
    mkdirSync(join(root, 'sys/kernel/random'), {recursive: true});
    symlinkSync(`/proc/${child.pid}`, join(root, String(child.pid)));
    const watch = async (release: string): Promise<{looks: number; text: string}> => {
      writeFileSync(join(root, 'sys/kernel/osrelease'), `${release}\n`);
      const args = ['watch', String(child.pid), '--proc-root', root, '--interval', '50ms', '--for', '3s'];
      const {stdout} = await memmap([...args, '--json']);
      const end = JSON.parse(stdout.trimEnd().split('\n').at(-1)!) as {
        cost: {looks: number; mapsLock?: {kernel: string; held: number; skipped: number}};
      };
      conforms(t, 'watch-event', end);
      t.is(end.cost.mapsLock?.kernel, release.startsWith('6.8') ? release : undefined);
      return {looks: end.cost.looks, text: (await memmap(args)).stdout};
    };
    const [old, now] = [await watch('6.8.0-45-generic'), await watch('6.18.1')];
    t.true(old.looks * 2 < now.looks, `${old.looks} of ${now.looks}`);
    t.regex(
      old.text,
      /On Linux 6\.8\.0-45-generic, by its release, maps takes the process's lock as smaps does: it held it for \d+ ms; to spare the process \d+ samples fewer than asked were taken\.$/m,
    );
    t.notRegex(now.text, /the process's lock as/);
  },
);
