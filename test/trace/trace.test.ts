import {execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {Target} from '../../src/features/run/gate.ts';
import {Trouble} from '../../src/model/trouble.ts';
import type {Call} from '../../src/trace/events.ts';
import {Trace} from '../../src/trace/trace.ts';
import {temporaryFolder} from '../elf/helper-file.ts';
import {has} from '../helpers/programs.ts';
import {ROOT, testIf, unless, X64} from '../helpers/tools.ts';
import {until} from '../helpers/wait.ts';
import {acting, compiled, perfLack, Watched} from './target.ts';

const NEEDS = [X64, ROOT, 'gcc', await perfLack()] as const;
const acts = has('gcc') ? compiled('test/trace/acts.c') : '';
const storm = has('gcc') ? compiled('test/features/cause/storm.c') : '';

/** Starts a command that waits, traces it, and lets it go. @returns once it has ended */
async function run(t: ExecutionContext, argv: readonly string[], options = {}): Promise<Watched> {
  const target = await Target.start({path: argv[0]!, argv, env: process.env});
  if (!(target instanceof Target)) throw new Error(`not started: ${target.errno}`);
  const watched = await Watched.start(t, target.pid, options);
  target.release(false);
  await target.ended;
  target.letGo();
  return watched;
}

/** What strace -ff -X raw wrote of each thread: name, arguments, result. */
function straced(folder: string): Map<number, string[]> {
  const files = readdirSync(folder).filter((name) => name.startsWith('log.'));
  return new Map(
    files.map((name) => {
      const lines = readFileSync(join(folder, name), 'latin1').split('\n');
      const calls = lines.flatMap((line) => {
        const [, call, args, result, errno] = /^(\w+)\((.*)\) += (-?\w+)(?: (E\w+))?/.exec(line) ?? [];
        if (call === undefined) return [];
        const value = errno ? -constants.errno[errno as keyof typeof constants.errno] : Number(result);
        return [
          `${call}(${args!
            .split(', ')
            .map((arg) => BigInt(arg))
            .join()}) = ${value}`,
        ];
      });
      return [Number(name.slice(4)), calls];
    }),
  );
}

const written = ({name, args, result}: Call): string => `${name}(${args?.join()}) = ${result}`;

for (const [how, options] of [
  ['as they return', {}],
  ['as they begin, as on other processors', {seesEnter: true}],
] as const) {
  testIf(...NEEDS, 'strace').serial(
    `calls, arguments and results are those that strace sees, taken ${how}`,
    async (t) => {
      const folder = temporaryFolder(t);
      const names = 'mmap,munmap,brk,mprotect,mremap,madvise,mlock,munlock,shmat,shmdt';
      const command = ['strace', '-ff', '-qq', '-e', `trace=${names}`, '-e', `raw=${names}`, '-o', join(folder, 'log')];
      const script = `(echo; sleep 0.1; echo) | ${storm} 4 17`;
      const argv = ['/usr/bin/env', ...command, 'sh', '-c', script];
      const watched = await run(t, argv, {withChildren: true, ...options});
      const end = await watched.trace.stop();
      t.is(end.lost, 0);
      const expected = straced(folder);
      t.true(expected.size >= 5);
      let count = 0;
      for (const [tid, calls] of expected) {
        const ours = watched.calls().filter((call) => call.tid === tid && call.name !== 'prctl');
        // What a process does before strace traces it, as it execs, is its own.
        t.deepEqual(ours.map(written).slice(-calls.length || Infinity), calls, `thread ${tid}`);
        count += calls.length;
      }
      t.true(count > 1000, `${count}`);
    },
  );
}

testIf(...NEEDS).serial(
  'a command is seen from its first instruction: exec, what exec maps, each call with its stack',
  async (t) => {
    const watched = await run(t, [acts, 'family'], {withChildren: true});
    const end = await watched.trace.stop();
    const {events} = watched;
    const [exec] = events;
    t.like(exec, {kind: 'exec', comm: 'program'});
    t.true(events.some((event) => event.kind === 'mapped' && event.file === '[stack]'));
    t.true(events.some((event) => event.kind === 'mapped' && event.file === acts));
    const [fork] = events.flatMap((event) => (event.kind === 'fork' ? [event] : []));
    t.is(fork!.parent.pid, exec!.pid);
    const [inChild] = watched.mapsOf(77);
    t.is(inChild!.pid, fork!.pid);
    t.true(inChild!.stack!.length > 100 && inChild!.stack!.length <= 16 * 1024);
    t.like(events.filter((event) => event.kind === 'exec').at(-1), {pid: exec!.pid, comm: 'true'});
    t.is(events.filter((event) => event.kind === 'exit').length, 2);
    t.deepEqual(
      events.map(({time}) => time),
      events.map(({time}) => time).toSorted((a, b) => a - b),
    );
    t.is(end.lost, 0);
    t.is(end.calls['mmap']!.seen, watched.calls('mmap').length);
    t.is(end.calls['mmap']!.counted, watched.calls('mmap').length);
  },
);

testIf(...NEEDS).serial('a process that runs is seen with all its threads, each once', async (t) => {
  const child = await acting(t, acts, 'threads', '40');
  const watched = await Watched.start(t, child.pid, {mostDescriptors: 100_000});
  await child.ask('go');
  t.true(await watched.trace.sync());
  for (let i = 0; i < 40; i++) t.is(watched.mapsOf(1000 + i).length, 1, `thread ${i}`);
  const end = await watched.trace.stop();
  t.is(end.lost, 0);
  t.deepEqual(await watched.trace.stop(), end);
});

testIf(...NEEDS).serial(
  'of 1,000 threads only the common calls are watched, and each is told once or counted',
  async (t) => {
    const child = await acting(t, acts, 'threads', '1000');
    const watched = await Watched.start(t, child.pid);
    t.true(watched.trace.descriptors > 5000);
    t.regex(watched.trace.notes.join(), /so many threads/);
    await child.ask('go');
    const end = await watched.trace.stop();
    const seen = Array.from({length: 1000}, (_, i) => watched.mapsOf(1000 + i).length);
    t.true(seen.every((count) => count <= 1));
    const {counted, seen: told} = end.calls['mmap']!;
    t.true(counted! >= 1000);
    t.is(told, watched.calls('mmap').length);
    t.true(seen.filter((count) => count === 0).length <= counted! - told);
    t.log(end);
  },
);

testIf(...NEEDS).serial('threads that come and go while the events are opened are told once', async (t) => {
  for (let round = 0; round < 3; round++) {
    const child = await acting(t, acts, 'churn');
    const watched = await Watched.start(t, child.pid);
    await until(() => watched.mapsOf(1000).length > 50, 'threads');
    const made = Number(await child.ask('stop'));
    const end = await watched.trace.stop();
    const calls = watched.mapsOf(1000);
    t.is(new Set(calls.map(({tid}) => tid)).size, calls.length, 'one a thread');
    t.true(calls.length <= made);
    t.is(end.lost, 0);
    t.true(end.calls['mmap']!.seen <= end.calls['mmap']!.counted!);
  }
});

testIf(...NEEDS).serial('a storm of calls is told whole, though not with all stacks', async (t) => {
  const child = await acting(t, acts, 'loop', '50000', '0');
  const watched = await Watched.start(t, child.pid);
  await child.ask('go');
  const end = await watched.trace.stop();
  for (const name of ['mmap', 'munmap']) {
    const {counted, seen} = end.calls[name]!;
    t.true(counted! >= 50_000);
    t.is(watched.calls(name).length, seen);
    t.true(seen <= counted!);
  }
  t.is(
    end.lost,
    end.calls['mmap']!.counted! - end.calls['mmap']!.seen + end.calls['munmap']!.counted! - end.calls['munmap']!.seen,
  );
  t.is(end.stackless, watched.calls().filter(({stack}) => stack === undefined).length);
  t.log(end);
});

testIf(...NEEDS).serial('page faults are told one of so many, and counted', async (t) => {
  const child = await acting(t, acts, 'touch', '6400');
  const watched = await Watched.start(t, child.pid, {faultsEvery: 32});
  await child.ask('go');
  const end = await watched.trace.stop();
  const faults = watched.events.filter((event) => event.kind === 'fault');
  t.is(faults.length, end.faults!.seen);
  t.true(end.faults!.counted! >= 6400 && end.faults!.counted! < 6500);
  t.true(Math.abs(faults.length - 200) <= 2, `${faults.length}`);
  const [first] = faults;
  t.like(first, {every: 32, pageSize: 4096, tid: child.pid});
  t.true(first!.stack!.length > 0);
});

testIf(...NEEDS).serial('a killed hand leaves the process as it was, and the trace says what it has', async (t) => {
  const child = await acting(t, acts, 'step');
  const watched = await Watched.start(t, child.pid);
  await child.ask('go');
  t.true(await watched.trace.sync());
  // The newest: that of the test before may not have ended yet.
  const hand = execFileSync('pgrep', ['-n', '-P', String(process.pid), '-x', 'hand.x64'], {encoding: 'utf8'});
  process.kill(Number(hand), 'SIGKILL');
  t.is(await child.ask('go'), 'done');
  t.false(await watched.trace.sync());
  const end = await watched.trace.stop();
  t.is(end.lost, null);
  t.deepEqual(end.calls['mmap'], {counted: null, seen: 1});
  t.is(await child.ask('go'), 'done');
});

testIf(...NEEDS).serial(
  'a process that ends while it is watched ends the trace in order, and none is watched that is gone',
  async (t) => {
    const child = await acting(t, acts, 'step');
    const watched = await Watched.start(t, child.pid);
    await child.ask('go');
    child.process.kill('SIGKILL');
    await until(() => !existsSync(`/proc/${child.pid}`), 'its end');
    const end = await watched.trace.stop();
    t.deepEqual(end.calls['mmap'], {counted: 1, seen: 1});
    const error = await t.throwsAsync(Trace.start(child.pid, {onEvent: () => {}}), {instanceOf: Trouble});
    t.is(error?.kind, 'gone');
  },
);

const unified = '/sys/fs/cgroup/unified';
const GROUP = unless(existsSync(`${unified}/cgroup.procs`), `there is no unified hierarchy of cgroups at ${unified}`);

testIf(...NEEDS, GROUP).serial(
  'above so many descriptors the cgroup is watched, and of it only the process',
  async (t) => {
    const folder = `${unified}/memmap-test-${process.pid}`;
    mkdirSync(folder);
    const [child, other] = [await acting(t, acts, 'threads', '30'), await acting(t, acts, 'step')];
    t.teardown(async () => {
      for (const each of [child, other]) each.process.kill('SIGKILL');
      await until(() => readFileSync(`${folder}/cgroup.procs`, 'latin1') === '', 'the end of the group');
      rmdirSync(folder);
    });
    for (const {pid} of [child, other]) writeFileSync(`${folder}/cgroup.procs`, String(pid));
    const watched = await Watched.start(t, child.pid, {mostDescriptors: 300});
    t.true(watched.trace.descriptors < 300);
    t.true(watched.trace.notes[0]!.includes(folder), watched.trace.notes[0]);
    await other.ask('go');
    await child.ask('go');
    const end = await watched.trace.stop();
    t.is(watched.mapsOf(5).length, 0);
    for (let i = 0; i < 30; i++) t.is(watched.mapsOf(1000 + i).length, 1, `thread ${i}`);
    t.is(end.lost, 0);
  },
);
