import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {inState, python} from '../../../helpers/child.ts';
import {folder} from '../../../helpers/listings.ts';
import {TerminalRun} from '../../../helpers/terminal.ts';
import {testIf} from '../../../helpers/tools.ts';
import {until} from '../../../helpers/wait.ts';
import {isRestored, watched, type Watched} from '../watched.ts';

for (const [way, code, leave] of [
  ['q', 0, ({run}) => run.type('q')],
  ['Ctrl-C', 130, ({run}) => run.type('\x03')],
  ['Ctrl-C while a filter is typed', 130, ({run}) => run.type('/x\x03')],
  ['Ctrl-\\', 131, ({run}) => run.type('\x1c')],
  ['SIGINT', 130, ({run}) => process.kill(run.pid, 'SIGINT')],
  ['SIGTERM', 143, ({run}) => process.kill(run.pid, 'SIGTERM')],
  ['SIGHUP', 129, ({run}) => process.kill(run.pid, 'SIGHUP')],
  ['SIGQUIT', 131, ({run}) => process.kill(run.pid, 'SIGQUIT')],
  ['the end of the process', 0, ({child}) => child.process.kill()],
] as ReadonlyArray<readonly [string, number, (watched: Watched) => void]>) {
  testIf('python3', 'script')(`${way} ends it with ${code}, and the terminal is as before`, async (t) => {
    const watching = await watched(t);
    leave(watching);
    t.is(await watching.run.end(), code);
    await isRestored(t, watching.run);
  });
}

/** Code that runs within memmap's process beside it: the only way to make it fail at a time of our choosing. */
function beside(t: ExecutionContext, code: string): Record<string, string> {
  const path = join(folder(t), 'beside.mjs');
  writeFileSync(path, code);
  return {NODE_OPTIONS: `--import=${path}`};
}

testIf('python3', 'script')(
  'an error that nobody catches leaves the terminal as before, with the message on it',
  async (t) => {
    const env = beside(t, `process.on('SIGUSR2', () => { throw new Error('thrown by the test'); });`);
    const {run} = await watched(t, {env});
    process.kill(run.pid, 'SIGUSR2');
    t.not(await run.end(), 0);
    await isRestored(t, run);
    await run.shows(/thrown by the test/);
  },
);

testIf('python3', 'script')('a sample that fails leaves the terminal as before, with the message on it', async (t) => {
  const env = beside(
    t,
    `import fs from 'node:fs';
     import {syncBuiltinESMExports} from 'node:module';
     const fail = () => { throw Object.assign(new Error('EACCES: permission denied, read'), {code: 'EACCES', syscall: 'read'}); };
     process.on('SIGUSR2', () => { fs.readSync = fail; syncBuiltinESMExports(); });`,
  );
  const {run} = await watched(t, {env});
  process.kill(run.pid, 'SIGUSR2');
  t.not(await run.end(), 0);
  await isRestored(t, run);
  await run.shows(/^memmap: /);
});

testIf('python3', 'script')('a terminal that goes away ends it quietly with 129', async (t) => {
  const child = await python(t);
  const place = folder(t);
  // A shell that outlives the terminal writes down how memmap ended.
  const script = join(place, 'run.sh');
  const words = `${process.execPath} bin/run.js watch ${child.pid} --interval 50ms`;
  writeFileSync(script, `trap '' HUP\n${words} 2>${place}/errors\necho "$?" >${place}/code\n`);
  const run = new TerminalRun(t, `sh ${script}`);
  await run.shows(/live/);
  run.hangUp();
  const read = (): string => {
    try {
      return readFileSync(`${place}/code`, 'utf8');
    } catch {
      return '';
    }
  };
  await until(() => read() !== '', 'the exit code');
  t.is(read(), '129\n');
  // The shell says how its command ended; memmap says nothing.
  t.regex(readFileSync(`${place}/errors`, 'utf8'), /^(Hangup\n)?$/);
});

testIf(
  'python3',
  'script',
  'bash',
)('Ctrl-Z stops it and gives the terminal to the shell; fg shows the screen again', async (t) => {
  const child = await python(t);
  const run = new TerminalRun(t, 'bash --norc --noprofile -i', {env: {PS1: 'shell> '}});
  await run.shows(/^shell>/);
  run.type(`stty -g; ${process.execPath} bin/run.js watch ${child.pid} --interval 50ms\r`);
  await run.shows(/live/);
  t.true(run.isAlternate);
  for (let times = 0; times < 2; times++) {
    run.type('\x1a');
    await run.shows(/Stopped/);
    t.false(run.isAlternate);
    run.type(`\x0cstty -g; fg\r`);
    await run.shows(/live/);
    t.true(run.isAlternate);
  }
  await child.ask('m = mmap.mmap(-1, 8 << 20)');
  await run.shows(/is new: 8 MiB/);
  run.type('q');
  await run.shows(/Stopped after/);
  run.type('stty -g; exit\r');
  await run.end();
  const modes = Array.from(run.raw.matchAll(/^([0-9a-f]+(?::[0-9a-f]+){10,})\r?$/gm), ([, each]) => each);
  t.is(modes.length, 4);
  t.is(new Set(modes).size, 1, 'a stopped memmap leaves the terminal in the modes that it found');
});

testIf('python3', 'script')(
  'where nobody could resume it, Ctrl-Z does not stop it, and the screen comes back',
  async (t) => {
    const {run} = await watched(t);
    run.type('\x1a');
    // What is typed together with Ctrl-Z is dropped, as the terminal itself does: wait until the screen was left and entered.
    const isBack = (): boolean => /1049h.*1049l.*1049h/s.test(run.raw);
    await until(isBack, 'the screen');
    run.type('p');
    await run.shows(/paused/);
    run.type('q');
    t.is(await run.end(), 0);
    await isRestored(t, run);
  },
);

testIf('python3', 'script')('after SIGSTOP and SIGCONT the screen is drawn again', async (t) => {
  const {run} = await watched(t);
  process.kill(run.pid, 'SIGSTOP');
  await inState(run.pid, 'T');
  const sent = run.raw.length;
  process.kill(run.pid, 'SIGCONT');
  await until(() => /\x1b\[\?1049h.*live/s.test(run.raw.slice(sent)), 'the screen');
  await run.shows(/live/);
  t.true(run.isAlternate);
  run.type('q');
  t.is(await run.end(), 0);
  await isRestored(t, run);
});
