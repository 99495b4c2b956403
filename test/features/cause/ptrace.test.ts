/*
 * memmap run --cause-engine ptrace: what it tells, beside perf events and strace, and that the command is none the worse.
 */
import {once} from 'node:events';
import {chmodSync, cpSync, existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {Child} from '../../helpers/child.ts';
import {copyPackage, MEMMAP, memmap, run} from '../../helpers/cli.ts';
import {folder} from '../../helpers/listings.ts';
import {has} from '../../helpers/programs.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';
import {compiled} from '../../trace/target.ts';
import {driven} from './driven.ts';
import {CauseEvents, sum} from './events.ts';

const NEEDS = [X64, 'gcc'] as const;
const leak = has('gcc') ? compiled('test/features/cause/leak.c') : '';
const traced = has('gcc') ? compiled('test/features/cause/traced.c') : '';
const refuse = has('gcc') ? compiled('test/trace/refuse.c') : '';
const ROUNDS = 10;

const ENGINE = ['run', '--cause', '--cause-engine', 'ptrace', '--interval', '20ms'];

async function caused(t: ExecutionContext, words: readonly string[], code = 0): Promise<CauseEvents> {
  const file = join(folder(t), 'events');
  const ran = await memmap([...ENGINE, '--json', '-o', file, '--', ...words]);
  t.is(ran.code, code, ran.stderr);
  return new CauseEvents(t, readFileSync(file, 'utf8'));
}

/** The tracer of a memmap, while it runs: other tests have theirs. */
const tracerOf = (memmapPid: number): number | undefined =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map(Number)
    .find((pid) => isTracer(pid) && parentOf(pid) === memmapPid);

function isTracer(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).includes('helpers/tracer.');
  } catch {
    return false;
  }
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]);
  } catch {
    return undefined;
  }
}

testIf(...NEEDS, 'strace').serial(
  'each call and each byte is told, with its stack to the root, as many as strace counts',
  async (t) => {
    const place = folder(t);
    const told = join(place, 'events');
    const flags = ['--cause-engine', 'ptrace', '--json', '-o', told];
    await driven(t, {leak, file: join(place, 'run.jsonl'), flags, rounds: ROUNDS});
    const events = new CauseEvents(t, readFileSync(told, 'utf8'));
    const {end} = events;
    t.is(end.engine, 'ptrace');
    t.is(end.lost, 0);
    t.is(end.explained, end.changed);
    t.true(end.changed > 0);
    const scratch = events.sharesOf('scratch');
    t.deepEqual([sum(scratch, 'mapped'), sum(scratch, 'kept')], [ROUNDS << 20, 0]);
    const [call] = [...events.calls.values()].filter(({stack}) => events.names(stack).includes('image_decode'));
    t.is(events.stacks.get(call!.stack!)!.end, 'root');
    const names = events.names(call!.stack);
    t.deepEqual(names.slice(names.indexOf('image_decode'), names.indexOf('main') + 1), [
      'image_decode',
      'handle_request',
      'main',
    ]);
    const log = join(folder(t), 'log');
    await run('strace', ['-o', log, '-e', 'trace=brk,mmap,munmap,mprotect', leak], {input: '\n'.repeat(ROUNDS)});
    const lines = readFileSync(log, 'latin1').split('\n');
    for (const name of ['brk', 'mmap', 'munmap', 'mprotect'])
      t.is(end.calls[name]!.seen, lines.filter((line) => line.startsWith(`${name}(`)).length, name);
  },
);

testIf(...NEEDS).serial('threads that map and unmap at once: each byte of each change has its call', async (t) => {
  const {end, changes} = await caused(t, [traced, 'threads'], 7);
  t.deepEqual(
    changes.filter(({unexplained}) => (unexplained ?? 0) > 0),
    [],
  );
  t.is(end.explained, end.changed);
  t.true(end.calls['mmap']!.seen > 8 * 150 * 3);
});

testIf(...NEEDS).serial(
  'segments, contexts of io_setup, mapped code and a stack that grows have their call',
  async (t) => {
    const file = join(folder(t), 'events');
    const child = new Child(t, process.execPath, [MEMMAP, ...ENGINE, '--json', '-o', file, '--', traced, 'segments']);
    const ended = once(child.process, 'close');
    for (const name of ['io_setup', 'stack growth', 'shmdt']) {
      await until(() => readFileSync(file, 'utf8').includes(`"name":"${name}"`), name);
      child.process.stdin!.write('\n');
    }
    t.deepEqual(await ended, [7, null]);
    const events = new CauseEvents(t, readFileSync(file, 'utf8'));
    t.deepEqual(
      events.changes.filter(({unexplained}) => (unexplained ?? 0) > 0).map(({kind, text}) => ({kind, text})),
      [],
    );
    t.true([...events.calls.values()].some(({name}) => name === 'shmat'));
  },
);

testIf(...NEEDS).serial('signals and job control reach the command as without a tracer', async (t) => {
  const {end} = await caused(t, [traced, 'signals'], 7);
  t.is(end.lost, 0);
  t.regex(JSON.stringify(end.notes), /It started 1 process: its memory calls were not watched/);
});

testIf(...NEEDS, ROOT, 'setpriv').serial(
  'a program with set-user-ID is said: it runs without it under a plain user',
  async (t) => {
    const place = folder(t);
    chmodSync(place, 0o755);
    copyPackage(place);
    const [plain, setId] = ['plain', 'set-id'].map((name) => join(place, name)) as [string, string];
    for (const file of [plain, setId]) cpSync(traced, file);
    chmodSync(plain, 0o755);
    chmodSync(setId, 0o4755);
    const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups', '--', process.execPath, 'bin/run.js'];
    const ran = await run('setpriv', [...user, ...ENGINE, '--', plain, 'exec', setId], {cwd: place});
    t.is(ran.stdout, '65534 65534\n', ran.stderr);
    t.regex(ran.stderr, /set-user-ID or set-group-ID, which\s+ran without that right/);
    const asRoot = await memmap([...ENGINE, '--', plain, 'exec', setId]);
    t.is(asRoot.stdout, '0 0\n');
    t.notRegex(asRoot.stderr, /set-user-ID/);
  },
);

testIf(...NEEDS).serial('where a container refuses perf events, the refusal names it, and it works', async (t) => {
  const words = (engine: readonly string[]) => [
    '1',
    process.execPath,
    MEMMAP,
    'run',
    '--cause',
    ...engine,
    '--',
    'echo',
    'ran',
  ];
  const refused = await run(refuse, words([]));
  t.is(refused.code, 4);
  t.is(refused.stdout, '');
  t.regex(refused.stderr, /--cause-engine ptrace/);
  const ran = await run(refuse, words(['--cause-engine', 'ptrace']));
  t.deepEqual([ran.code, ran.stdout], [0, 'ran\n']);
  t.regex(ran.stderr, /^cause {4}(\d+) of \1 memory calls were seen, none lost/m);
  t.regex(ran.stderr, /traced by ptrace\(2\), which stops it at each system call/);
});

for (const whose of ['tracer', 'memmap'] as const) {
  testIf(...NEEDS).serial(`after SIGKILL of ${whose} the command runs on, to its own end`, async (t) => {
    const file = join(folder(t), 'made');
    const child = new Child(t, process.execPath, [
      MEMMAP,
      ...ENGINE,
      '-o',
      join(folder(t), 'o'),
      '--',
      traced,
      'long',
      file,
    ]);
    t.is(await child.line(), 'ready');
    const tracer = tracerOf(child.pid);
    t.not(tracer, undefined);
    process.kill(whose === 'tracer' ? tracer! : child.pid, 'SIGKILL');
    await t.notThrowsAsync(until(() => !isTracer(tracer!), 'the end of the tracer'));
    t.false(existsSync(file), 'the command has not ended with it');
    writeFileSync(`${file}.go`, '');
    await t.notThrowsAsync(
      until(() => existsSync(file) && readFileSync(file, 'utf8') !== '', 'the end of the command'),
    );
    t.true(Number(readFileSync(file, 'utf8')) > 0);
  });
}

testIf(...NEEDS).serial('it is for run alone, and tells no page faults', async (t) => {
  for (const words of [
    ['watch', String(process.pid), '--cause', '--cause-engine', 'ptrace'],
    ['run', '--cause', '--cause-engine', 'ptrace', '--touched', '--', 'true'],
  ]) {
    const {code, stderr} = await memmap(words);
    t.is(code, 2);
    t.regex(stderr, /The calls cannot be watched by ptrace\(2\)/);
  }
});
