import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {memmap, MEMMAP, run, type Ran} from '../../helpers/cli.ts';
import {files, folder} from '../../helpers/listings.ts';
import {conforms} from '../../helpers/schema.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {ROOT, testIf, X64} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

/** The interpreter itself: `python3` may be a script that looks for it. */
const PYTHON = spawnSync('python3', ['-c', 'import sys; print(sys.executable, end="")'], {encoding: 'utf8'}).stdout;

/** The kernel counts resident pages per processor, and adds them up now and then: so much may be missing. */
const LOOSE = 2 ** 20;

interface Exit {
  readonly code?: number;
  readonly signal?: string;
  readonly usage?: {maxRss: number; user: number; system: number; alone: boolean};
  readonly orphans?: ReadonlyArray<{pid: number; code?: number; maxRss: number}>;
  readonly running?: readonly number[];
}

/** What `run --json` says of the end of a command. */
async function exitOf(t: ExecutionContext, command: readonly string[]): Promise<Exit> {
  const report = join(folder(t), 'events');
  await memmap(['run', '--json', '-o', report, '--', ...command]);
  const event = JSON.parse(readFileSync(report, 'utf8').trimEnd().split('\n').at(-2)!) as Exit;
  conforms(t, 'watch-event', event);
  return event;
}

/** What wait4(2) says to Python of the same command: ru_maxrss in bytes, and the processor time in ms. */
function waited(command: readonly string[]): {maxRss: number; cpu: number} {
  const program = `
import os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
usage = os.wait4(pid, 0)[2]
print(usage.ru_maxrss * 1024, (usage.ru_utime + usage.ru_stime) * 1000)`;
  const [maxRss, cpu] = execFileSync(PYTHON, ['-c', program, ...command], {encoding: 'utf8'})
    .split(' ')
    .map(Number);
  return {maxRss: maxRss!, cpu: cpu!};
}

const spike = (t: ExecutionContext): string => {
  const program = join(folder(t), 'spike');
  execFileSync('gcc', ['-o', program, 'test/features/run/spike.c']);
  return program;
};

const peakOf = ({stderr}: Ran): string | undefined => /^peak {5}(.*)$/m.exec(stderr)?.[1];

testIf(
  'gcc',
  'python3',
  X64,
)('a peak just before the end, which no sample sees, is what wait4 tells', async (t) => {
  const command = [spike(t), '50', '80'];
  const {maxRss, cpu} = waited(command);
  const {code, usage} = await exitOf(t, command);
  t.is(code, 0);
  t.true(usage!.alone);
  t.true(Math.abs(usage!.maxRss - maxRss) < LOOSE, `${usage!.maxRss} and ${maxRss}`);
  t.true(maxRss > 80 * 2 ** 20);
  t.true(usage!.user + usage!.system > cpu / 4 && usage!.user + usage!.system < cpu * 4);

  const check = (limit: string): Promise<Ran> => memmap(['check', '--max', `rss=${limit}`, '--json', '--', ...command]);
  for (const [limit, exitCode, verdict] of [
    ['40M', 1, 'broken'],
    ['85M', 0, 'ok'],
  ] as const) {
    const ran = await check(limit);
    t.is(ran.code, exitCode);
    const {results} = JSON.parse(ran.stderr) as {results: Array<{measured: number}>};
    t.like(results[0], {verdict, exact: true});
    t.true(Math.abs(results[0]!.measured - maxRss) < LOOSE);
  }
});

testIf(X64)('the shortest command has a peak, and memmap itself is not in it', async (t) => {
  for (const command of [['true'], ['false'], ['ls']]) {
    const {maxRss, alone} = (await exitOf(t, command)).usage!;
    t.true(alone);
    t.true(maxRss > 300 * 1024 && maxRss < 8 * 2 ** 20, `${command.join(' ')}: ${maxRss}`);
    t.regex(peakOf(await memmap(['run', '--', ...command]))!, /^[\d.]+ [KM]iB resident$/);
  }
  t.like(await memmap(['check', '--max', 'rss=1G', '--', 'true']), {code: 0});
});

testIf('python3', X64)(
  'children: the largest process is the least that there was; a higher limit is decided by samples of all',
  async (t) => {
    const child = (mib: number): string => `${PYTHON} -c 'x = bytearray(${mib} << 20)'`;
    const command = ['sh', '-c', `${child(80)} & ${child(40)} & wait`];
    const {usage} = await exitOf(t, command);
    t.false(usage!.alone);
    t.true(usage!.maxRss > 80 * 2 ** 20 && usage!.maxRss < 110 * 2 ** 20);
    t.regex(
      peakOf(await memmap(['run', '--', ...command]))!,
      /^at least \d+(\.\d)? MiB resident: the most that one process of its family had$/,
    );
    const broken = await memmap(['check', '--max', 'rss=50M', '--', ...command]);
    t.is(broken.code, 1);
    t.regex(broken.stderr, /^max rss=50M +BROKEN +(at least )?\d+(\.\d)? MiB +50 MiB .* (kernel|samples)$/m);
    const open = await memmap(['check', '--max', 'rss=1G', '--json', '--', ...command]);
    const document = JSON.parse(open.stderr) as {results: Array<{exact: boolean; measured?: number; verdict: string}>};
    conforms(t, 'check', document);
    // Samples may have seen both together; where they missed what the kernel told of one, it is not known.
    const [{exact, measured, verdict}] = document.results as [(typeof document.results)[0]];
    t.false(exact);
    if (open.code === 5) t.is(verdict, 'not measured');
    else t.true(open.code === 0 && verdict === 'ok' && measured! > 80 * 2 ** 20, open.stderr);
  },
);

testIf('python3', X64)('a child that nobody waits for, since SIGCHLD is ignored, is not taken for none', async (t) => {
  const program = `
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork() == 0:
    x = bytearray(60 << 20)
    os._exit(0)
time.sleep(0.5)`;
  const {usage} = await exitOf(t, [PYTHON, '-c', program]);
  t.true(usage!.maxRss < 40 * 2 ** 20);
  t.false(usage!.alone);
});

testIf('python3', X64)(
  'orphans that end are told with their peak; those that still run, with their PIDs',
  async (t) => {
    const told = join(folder(t), 'pid');
    const ending = `( ( setsid ${PYTHON} -c "x = bytearray(70 << 20)" & echo $! > ${told}.new; mv ${told}.new ${told} ) & )`;
    // Until it was waited for, which its PID shows.
    const wait = `until [ -e ${told} ]; do sleep 0.05; done; while [ -e /proc/$(cat ${told}) ]; do sleep 0.05; done`;
    const script = `( sleep 500 >/dev/null 2>&1 & ); ${ending}; ${wait}; exit 3`;
    const {code, orphans, running, usage} = await exitOf(t, ['sh', '-c', script]);
    t.teardown(() => running?.forEach((pid) => process.kill(pid, 'SIGKILL')));
    t.is(code, 3);
    t.false(usage!.alone);
    t.true(usage!.maxRss < 40 * 2 ** 20, 'nobody of its own waited for it');
    t.true(orphans!.some(({maxRss, code: how}) => how === 0 && maxRss > 70 * 2 ** 20));
    t.is(running!.length, 1);
    t.regex(readFileSync(`/proc/${running![0]}/cmdline`, 'latin1'), /^sleep\0/);
    const {stderr} = await memmap(['run', '--', 'sh', '-c', 'sleep 500 >/dev/null 2>&1 & sleep 0.2']);
    const pid = Number(/^note {5}Process (\d+), which it started, still runs\.$/m.exec(stderr)![1]);
    t.notThrows(() => process.kill(pid, 'SIGKILL'));
  },
);

testIf('python3', X64)('a real-time signal is named, and is not taken for success', async (t) => {
  const ran = await memmap(['run', '--', PYTHON, '-c', 'import os, signal; os.kill(os.getpid(), signal.SIGRTMIN + 3)']);
  t.is(ran.code, 128 + 34 + 3);
  t.regex(ran.stderr, /^ended {4}by signal SIGRTMIN\+3, after /m);
});

testIf(X64)('a warden that was killed: the command goes on, and how it ended is not known: 5', async (t) => {
  const ran = await memmap(['run', '--', 'sh', '-c', 'kill -KILL $PPID; sleep 0.5; echo done; exit 3']);
  t.is(ran.code, 5);
  t.is(ran.stdout, 'done\n');
  t.regex(ran.stderr, /^ended {4}in a way that is not known, after [5-9]\d\d ms|^ended {4}in .*, after [\d.]+ s$/m);
  t.regex(ran.stderr, /^note {5}The process that waited for it was killed: /m);
  t.like(await memmap(['check', '--max', 'rss=1G', '--', 'sh', '-c', 'kill -KILL $PPID; sleep 0.5']), {code: 5});
});

/** Is a process gone, or a zombie? Who waits for an orphan is not our matter. */
function hasEnded(pid: string): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

testIf(X64)('memmap is killed during the run: the command goes on, and its warden waits for it', async (t) => {
  const place = folder(t);
  const [go, told] = [join(place, 'go'), join(place, 'told')];
  const script = `echo $$ $PPID > ${told}.new; mv ${told}.new ${told}; until [ -e ${go} ]; do sleep 0.05; done`;
  const child = spawn(process.execPath, [MEMMAP, 'run', '--', 'sh', '-c', script], {stdio: 'ignore'});
  const closed = once(child, 'close');
  const [pid, warden] = (await until(() => existsSync(told) && readFileSync(told, 'utf8'), 'its PID')).split(/\s/);
  child.kill('SIGKILL');
  await closed;
  t.true(existsSync(`/proc/${pid}`) && existsSync(`/proc/${warden}`));
  writeFileSync(go, '');
  await t.notThrowsAsync(until(() => hasEnded(pid!) && hasEnded(warden!), 'their end'));
});

testIf(
  'script',
  'bash',
  X64,
)('Ctrl-Z stops the command with memmap, and fg has both go on', async (t) => {
  const [path] = files(t, 'echo begun $$; read line; echo got "$line"; exit 6\n');
  const terminal = new TerminalRun(t, 'bash --norc --noprofile -i', {env: {PS1: 'prompt> '}});
  await terminal.shows(/prompt>/);
  terminal.type(`${process.execPath} ${MEMMAP} run -- sh ${path}\n`);
  await terminal.shows(/^begun \d+/);
  const pid = Number(/^begun (\d+)/m.exec(terminal.raw)![1]);
  const state = (): string => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)![0]!;
  terminal.type('\x1a');
  await terminal.shows(/Stopped/);
  await until(() => state() === 'T', 'its stop');
  terminal.type('fg\n');
  await until(() => state() === 'S', 'its going on');
  terminal.type('words\n');
  await terminal.shows(/^got words/);
  await terminal.shows(/^ended {4}with exit code 6/);
  terminal.type('echo "code $?"\n');
  await t.notThrowsAsync(terminal.shows(/^code 6/));
  terminal.type('exit\n');
});

test('signals have the names that signal(7) has, and shells their codes', async (t) => {
  const {signalName, exitOfSignal} = (await import(
    join(process.cwd(), 'dist/shell/exit.js')
  )) as typeof import('../../../src/shell/exit.ts');
  for (let number = 1; number <= 64; number++) t.is(exitOfSignal(signalName(number)), 128 + number);
  for (const name of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) t.is(signalName(constants.signals[name]), name);
});

testIf('unshare', ROOT)(
  'where /proc is of another PID namespace, strangers are not called its processes',
  async (t) => {
    const script = `${process.execPath} ${process.cwd()}/${MEMMAP} run -- true`;
    const {code, stderr} = await run('unshare', ['--pid', '--fork', 'sh', '-c', `${script}; :`]);
    t.is(code, 0, stderr);
    t.regex(stderr, /It could not be watched: \/proc is of another PID namespace/);
    t.notRegex(stderr, /still run/);
    t.regex(stderr, /^peak {5}at least /m);
  },
);
