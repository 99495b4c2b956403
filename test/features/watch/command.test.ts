import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';
import test, {type ExecutionContext} from 'ava';
import {memmap, MEMMAP} from '../../helpers/cli.ts';
import {Child, python, waitingShell} from '../../helpers/child.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {givenTime} from '../../helpers/wait.ts';

interface Event {
  readonly event: string;
  readonly tick?: number;
  readonly reason?: string;
  readonly changes?: ReadonlyArray<{kind: string; after: ReadonlyArray<{name: string}>; delta: {size: number}}>;
}

/** A watch with --json whose events are read as they come. */
class JsonWatch {
  readonly #child;
  readonly #lines: AsyncIterator<string>;
  readonly code: Promise<number | null>;

  constructor(t: ExecutionContext, pid: number, ...args: readonly string[]) {
    this.#child = spawn(process.execPath, [MEMMAP, 'watch', String(pid), '--json', '--interval', '50ms', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#lines = createInterface({input: this.#child.stdout})[Symbol.asyncIterator]();
    this.code = new Promise((resolve) => this.#child.once('close', resolve));
    t.teardown(() => this.#child.kill('SIGKILL'));
  }

  async next(t: ExecutionContext): Promise<Event> {
    const line = await this.#lines.next();
    if (line.done) throw new Error('no event came');
    const event = JSON.parse(line.value) as Event;
    conforms(t, 'watch-event', event);
    return event;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

testIf('python3')(
  'a mapping is told as it comes and as it goes, and the end with the cost is the last line',
  async (t) => {
    const child = await python(t);
    const watch = new JsonWatch(t, child.pid, '--max-duty', '0');
    t.is((await watch.next(t)).event, 'start');
    await child.ask('m = mmap.mmap(-1, 1 << 20)');
    const come = await watch.next(t);
    t.deepEqual(
      come.changes?.map(({kind, after, delta}) => [kind, after[0]?.name, delta.size]),
      [['new', '/dev/zero (deleted)', 1 << 20]],
    );
    await child.ask('m.close()');
    const go = await watch.next(t);
    t.deepEqual(
      go.changes?.map(({kind, delta}) => [kind, delta.size]),
      [['gone', -(1 << 20)]],
    );
    t.true(go.tick! > come.tick!);
    child.process.kill();
    t.is((await watch.next(t)).event, 'exit');
    const end = await watch.next(t);
    t.like(end, {event: 'end', reason: 'exit'});
    t.is(await watch.code, 0);
  },
);

test('exec is told with what runs now', async (t) => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x; exec sleep 60']);
  await child.line();
  const watch = new JsonWatch(t, child.pid);
  await watch.next(t);
  child.process.stdin!.write('\n');
  let event = await watch.next(t);
  while (event.event === 'change') event = await watch.next(t);
  t.is(event.event, 'exec');
  t.is((event as unknown as {process: {comm: string}}).process.comm, 'sleep');
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} ends a watch with ${code}, its last line written`, async (t) => {
    const child = await waitingShell(t);
    const watch = new JsonWatch(t, child.pid);
    await watch.next(t);
    watch.kill(signal);
    let event = await watch.next(t);
    while (event.event !== 'end') event = await watch.next(t);
    t.is(event.reason, signal);
    t.is(await watch.code, code);
  });
}

test('the limits end it: a count, a time, a condition', async (t) => {
  const child = await waitingShell(t);
  const last = async (...args: string[]): Promise<[string | undefined, number | null]> => {
    const ran = await memmap(['watch', String(child.pid), '--json', '--interval', '20ms', ...args]);
    return [(JSON.parse(ran.stdout.trimEnd().split('\n').at(-1)!) as Event).reason, ran.code];
  };
  t.deepEqual(await last('--count', '2'), ['count', 0]);
  t.deepEqual(await last('--for', '100ms'), ['for', 0]);
  t.deepEqual(await last('--until', '"[stack]"'.replaceAll('"', '')), ['until', 0]);
  t.deepEqual(await last('--until', 'heap>1G', '--count', '2'), ['count', 1]);
  t.deepEqual(await last('--until', 'regions>=3'), ['until', 0]);
});

testIf('python3')('into a pipe it prints a line a change, with a sign and without colour', async (t) => {
  const child = await python(t);
  const args = ['watch', String(child.pid), '--interval', '50ms', '--until', '/dev/zero (deleted)', '--max-duty', '0'];
  const watching = spawn(process.execPath, [MEMMAP, ...args], {stdio: ['ignore', 'pipe', 'inherit']});
  t.teardown(() => watching.kill('SIGKILL'));
  const ended = new Promise((resolve) => watching.once('close', resolve));
  let stdout = '';
  for await (const data of watching.stdout) {
    if (stdout === '') child.process.stdin!.write('m = mmap.mmap(-1, 1 << 20)\n');
    stdout += String(data);
  }
  t.is(await ended, 0);
  const [start, change, resident, sizes, end] = stdout.trimEnd().split('\n');
  t.regex(start!, /^Watching python3\S* \(pid \d+\), .* a sample every 50 ms\.$/);
  t.regex(
    change!,
    /^\d\d:\d\d:\d\d\.\d{3} {2}\+ new +[0-9a-f]+-[0-9a-f]+ {2}\/dev\/zero \(deleted\) is new: 1 MiB, rw-s\.$/,
  );
  t.regex(resident!, /^python3\S* \(pid \d+\): resident memory .*; peak [\d.]+ MiB\.$/);
  t.is(sizes, 'Size by kind: shared +1 MiB.');
  t.regex(end!, /^The condition became true after \d+ samples?\. Sampling took .* smaps was not read/);
});

testIf('python3')('what is not chosen is not told; the totals stay those of the whole, and that is said', async (t) => {
  const child = await python(t);
  const watch = new JsonWatch(t, child.pid, '--max-duty', '0', '--kind', 'shared', '--sort', 'size');
  const start = (await watch.next(t)) as Event & {
    regions: unknown[];
    notes: string[];
    totals: {regions: number; size: number};
  };
  const maps = readFileSync(`/proc/${child.pid}/maps`, 'latin1').trimEnd().split('\n');
  t.deepEqual([start.regions.length, start.totals.regions], [0, maps.length]);
  t.regex(start.notes.join(), /^Chosen: 0 of \d+ regions; totals and deltas are of the whole process\.$/);
  const held = '(-1, 3 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)';
  await child.ask(`held = mmap.mmap${held}; m = mmap.mmap(-1, 1 << 20); n = mmap.mmap(-1, 2 << 20)`);
  const told: Array<NonNullable<Event['changes']>[number]> = [];
  while (told.length < 2) told.push(...(await watch.next(t)).changes!);
  t.deepEqual(
    told.map(({kind, after}) => [kind, after[0]?.name]),
    [
      ['new', '/dev/zero (deleted)'],
      ['new', '/dev/zero (deleted)'],
    ],
  );
  await child.ask('held.close(); m.close()');
  t.deepEqual(
    (await watch.next(t)).changes!.map(({kind, delta}) => [kind, delta.size]),
    [['gone', -(1 << 20)]],
  );
  watch.kill('SIGTERM');
  t.is((await watch.next(t)).event, 'end');
  const lines = await memmap(['watch', String(child.pid), '--filter', '/stack/', '--count', '1', '--interval', '20ms']);
  t.regex(
    lines.stdout,
    / Chosen: 1 of \d+ regions; only their changes are told, and totals are of the whole process\.$/m,
  );
  t.regex(lines.stdout, /^Resident by kind of the chosen regions/m);
  for (const wrong of [
    ['--kind', 'no'],
    ['--sort', 'no'],
    ['--filter', '/(/'],
  ])
    t.is((await memmap(['watch', String(child.pid), ...wrong])).code, 2, wrong.join(' '));
});

testIf('python3', 'script')(
  'the summary has three to six lines of at most 80 columns, on a screen and on lines',
  async (t) => {
    const code =
      'import time\nx = []\nprint("ready", flush=True)\nwhile True: x.append(b"x" * (256 << 10)); time.sleep(0.05)';
    const child = new Child(t, 'python3', ['-c', code]);
    await child.line();
    const {pid} = child;
    for (const env of [{TERM: 'dumb'}, {}]) {
      const watch = async (seconds: number): Promise<string[]> => {
        const words = ['watch', String(pid), '--interval', '100ms', '--for', `${seconds}s`];
        const run = new TerminalRun(t, words, {columns: 80, env});
        t.is(await run.end(), 0);
        // What comes after the screen was left.
        const raw = run.raw
          .split('\x1b[?1049l')
          .at(-1)!
          .replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, '');
        const lines = raw.split(/\r?\n/).filter((line) => !line.startsWith('code='));
        const summary = lines.slice(lines.findLastIndex((line) => line.includes('resident memory grew by')));
        return summary.filter((line) => line !== '');
      };
      // A machine so busy that the program itself grew by fits and starts has no rate.
      const text = await givenTime(6, watch, (told) => told.join(' ').includes('/min ±'));
      // What others who use the processors did to the sampling is told too, and takes up to two lines more.
      const isDisturbed = /by the clock|longest gap/.test(text.join(' '));
      t.true(text.length >= 3 && text.length <= (isDisturbed ? 8 : 6), text.join('\n'));
      t.deepEqual(
        text.filter((line) => line.length > 80),
        [],
      );
      t.regex(
        text.join(' '),
        /grew by [\d.]+ MiB in [\d.]+ (?:s|min), \+\d+[\d.]* MiB\/min ±.*: from .* to .*; peak [\d.]+ MiB\./,
      );
      t.regex(text.join(' '), /Resident by kind: anon \+[\d.]+ MiB.*\. .*Sampling took/);
    }
  },
);

testIf('script')('with NO_COLOR the screen has signs and no colour', async (t) => {
  const child = await waitingShell(t);
  const run = new TerminalRun(t, ['watch', String(child.pid), '--interval', '50ms', '--count', '2'], {
    env: {NO_COLOR: '1'},
  });
  t.is(await run.end(), 0);
  t.notRegex(run.raw, /\x1b\[[0-9;]*m/);
});
