import {execFileSync, spawn} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {memmap, MEMMAP} from '../helpers/cli.ts';
import {inState} from '../helpers/child.ts';
import {folder} from '../helpers/listings.ts';
import {TerminalRun} from '../helpers/terminal.ts';
import {testIf} from '../helpers/tools.ts';
import {PATIENCE, until} from '../helpers/wait.ts';
import {hasChild, LockedRoot, PID} from './locked-root.ts';
import {isRestored} from '../features/watch/watched.ts';

const LOOKING = [
  'show',
  'show --children',
  'snapshot',
  'diff PID',
  'explain',
  'pages',
  'watch',
  'record',
  'growth --for 1s',
  'check --no rwx',
  'check --no rwx --for 1s',
];

test('each command that looks at a process ends with 8 where its memory map stays locked', async (t) => {
  const root = new LockedRoot(folder(t));
  root.lock();
  for (const call of LOOKING) {
    const words = call.replace('PID', String(PID)).split(' ');
    const ran = await memmap([...words, String(PID), '--proc-root', root.path, '--deadline', '400ms'], {
      cwd: folder(t),
    });
    t.is(ran.code, 8, `${call}: ${ran.stderr}`);
    t.is(ran.stdout, '');
    t.regex(
      ran.stderr,
      /^memmap: Cannot read the memory map of process 4242\.\n {2}why: {2}.* within 0\.4 s: .*\n {2}next: .*--deadline 6s\n$/,
      call,
    );
  }
});

test('--deadline is a length of time', async (t) => {
  const {code, stderr} = await memmap(['show', '1', '--deadline', 'soon']);
  t.is(code, 2);
  t.regex(stderr, /not a length of time/);
});

testIf('script')(
  'on the live screen of a process whose map was locked since, Ctrl-C ends it at once, and the deadline in time',
  async (t) => {
    for (const [allowed, leave, code] of [
      ['10m', '\x03', 130],
      ['10m', 'q', 0],
      ['1s', '', 8],
    ] as const) {
      const root = new LockedRoot(folder(t));
      const run = new TerminalRun(t, [
        'watch',
        String(PID),
        '--interval',
        '50ms',
        '--max-duty',
        '0',
        '--proc-root',
        root.path,
        '--deadline',
        allowed,
      ]);
      await run.shows(/live/);
      // Between two looks: a state D without the lock would be found out, and not be asked about again.
      process.kill(run.pid, 'SIGSTOP');
      await inState(run.pid, 'T');
      root.lock();
      process.kill(run.pid, 'SIGCONT');
      if (leave !== '') await hasChild(run.pid);
      run.type(leave);
      t.is(await run.end(), code, run.raw.slice(-500));
      await isRestored(t, run);
      if (code === 8) await run.shows(/^memmap: Cannot read the memory map/);
    }
  },
);

test('a FIFO as a file is waited for, as cat does, and Ctrl-C ends that at once in each command', async (t) => {
  const fifo = join(folder(t), 'fifo');
  execFileSync('mkfifo', [fifo]);
  const calls = [
    'show',
    'snapshot',
    `diff ${fifo}`,
    'explain',
    'replay',
    'report',
    'export',
    'growth',
    'check --no rwx',
    'check --rules',
  ];
  const endings = calls.map((call) =>
    interrupted([...call.split(' '), fifo, ...(call.endsWith('--rules') ? ['1'] : [])]),
  );
  t.deepEqual(
    await Promise.all(endings),
    calls.map(() => 'SIGINT'),
  );
});

/** @returns the signal that ended it, or its code */
async function interrupted(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [MEMMAP, ...args], {stdio: 'ignore'});
  const ended = new Promise<string>((resolve) => child.once('exit', (code, signal) => resolve(signal ?? String(code))));
  await opensFifo(child.pid!);
  child.kill('SIGINT');
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  return ended.finally(() => clearTimeout(late));
}

/** open(2) and openat(2) have these numbers. */
const OPEN = process.arch === 'x64' ? /^(?:2|257) / : /^56 /;

/** Waits until a thread of a process sleeps in open(2), as proc_pid_syscall(5) has it twice in a row: what it opens is a FIFO. */
async function opensFifo(pid: number): Promise<void> {
  let before: string | undefined;
  await until(() => {
    const last = before;
    before = readdirSync(`/proc/${pid}/task`).find((tid) =>
      OPEN.test(readFileSync(`/proc/${pid}/task/${tid}/syscall`, 'latin1')),
    );
    return before !== undefined && before === last;
  }, 'the opening of the FIFO');
}

testIf('script')('in a terminal too, where the screen would read the keys', async (t) => {
  const fifo = join(folder(t), 'fifo');
  execFileSync('mkfifo', [fifo]);
  for (const command of ['replay', 'show']) {
    const run = new TerminalRun(t, [command, fifo]);
    await run.shows(/^pid=/);
    await opensFifo(run.pid);
    run.type('\x03'); // To the shell behind it too, which then says no code.
    await run.end();
    t.notRegex(run.raw, /memmap: /, command);
  }
});
