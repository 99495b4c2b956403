import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import test, {type ExecutionContext} from 'ava';
import {memmap, MEMMAP} from '../../helpers/cli.ts';
import {Child, python} from '../../helpers/child.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';

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

const sleeper = async (t: ExecutionContext): Promise<Child> => {
  const child = new Child(t, 'sh', ['-c', 'echo ready; read x']);
  await child.line();
  return child;
};

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
  if (event.event === 'change') event = await watch.next(t);
  t.is(event.event, 'exec');
  t.is((event as unknown as {process: {comm: string}}).process.comm, 'sleep');
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} ends a watch with ${code}, its last line written`, async (t) => {
    const child = await sleeper(t);
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
  const child = await sleeper(t);
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
  const [start, change, end] = stdout.trimEnd().split('\n');
  t.regex(start!, /^Watching python3\S* \(pid \d+\), .* a sample every 50 ms\.$/);
  t.regex(
    change!,
    /^\d\d:\d\d:\d\d\.\d{3} {2}\+ new +[0-9a-f]+-[0-9a-f]+ {2}\/dev\/zero \(deleted\) is new: 1 MiB, rw-s\.$/,
  );
  t.regex(end!, /^The condition became true after \d+ samples?\. Sampling took .* smaps was not read/);
});

testIf('script')('with NO_COLOR the screen has signs and no colour', async (t) => {
  const child = await sleeper(t);
  const run = new TerminalRun(t, ['watch', String(child.pid), '--interval', '50ms', '--count', '2'], {
    env: {NO_COLOR: '1'},
  });
  t.is(await run.end(), 0);
  t.notRegex(run.raw, /\x1b\[[0-9;]*m/);
});
