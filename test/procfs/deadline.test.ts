import {execFileSync, spawn} from 'node:child_process';
import {join} from 'node:path';
import test from 'ava';
import {memmap, MEMMAP} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {TerminalRun} from '../helpers/terminal.ts';
import {needs} from '../helpers/tools.ts';
import {LockedRoot, PID} from './locked-root.ts';
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

test('on the live screen of a process whose map was locked since, Ctrl-C ends it at once, and the deadline in time', async (t) => {
  if (!needs(t, 'script', 'bsdutils')) return;
  for (const [allowed, leave, code] of [
    ['60s', '\x03', 130],
    ['60s', 'q', 0],
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
    root.lock();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const begin = performance.now();
    run.type(leave);
    t.is(await run.end(), code, run.raw.slice(-500));
    t.true(performance.now() - begin < 30_000);
    await isRestored(t, run);
    if (code === 8) await run.shows(/^memmap: Cannot read the memory map/);
  }
});

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
function interrupted(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [MEMMAP, ...args], {stdio: 'ignore'});
  setTimeout(() => child.kill('SIGINT'), 1500);
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  return new Promise((resolve) =>
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      resolve(signal ?? String(code));
    }),
  );
}

test('in a terminal too, where the screen would read the keys', async (t) => {
  if (!needs(t, 'script', 'bsdutils')) return;
  const fifo = join(folder(t), 'fifo');
  execFileSync('mkfifo', [fifo]);
  for (const command of ['replay', 'show']) {
    const run = new TerminalRun(t, [command, fifo]);
    await run.shows(/^pid=/);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const begin = performance.now();
    run.type('\x03'); // To the shell behind it too, which then says no code.
    await run.end();
    t.true(performance.now() - begin < 10_000, command);
  }
});
