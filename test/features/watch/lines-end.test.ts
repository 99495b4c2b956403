import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {MEMMAP} from '../../helpers/cli.ts';
import {Child} from '../../helpers/child.ts';
import {folder} from '../../helpers/listings.ts';
import {TerminalRun} from '../../helpers/terminal.ts';
import {testIf} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGQUIT', 131],
] as const) {
  test(`a watch into a pipe that gets ${signal} ends with ${code}, and its last line says what it cost`, async (t) => {
    const target = new Child(t, 'cat', []);
    await target.ask('ready');
    const watching = spawn(process.execPath, [MEMMAP, 'watch', String(target.pid), '--interval', '20ms'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.teardown(() => watching.kill('SIGKILL'));
    let [stdout, stderr] = ['', ''];
    watching.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    const ended = new Promise((resolve) => watching.once('close', resolve));
    await new Promise<void>((resolve) => {
      watching.stdout.on('data', (data: Buffer) => {
        stdout += data.toString();
        if (stdout.includes('\n')) resolve();
      });
    });
    watching.kill(signal);
    t.is(await ended, code);
    t.regex(stdout, new RegExp(`${signal}.*\\. Sampling took .*\\n$|Sampling took .*\\n$`));
    t.is(stderr, '');
  });
}

testIf('script')('lines on a terminal that goes away: it ends quietly with 129', async (t) => {
  const target = new Child(t, 'cat', []);
  await target.ask('ready');
  const place = folder(t);
  const words = `TERM=dumb ${process.execPath} ${MEMMAP} watch ${target.pid} --interval 50ms`;
  const run = new TerminalRun(t, `sh -c "trap '' HUP; ${words} 2>${place}/errors; echo \\$? >${place}/code"`);
  await run.shows(/Watching cat/);
  run.hangUp();
  const read = (file: string): string => {
    try {
      return readFileSync(join(place, file), 'utf8');
    } catch {
      return '';
    }
  };
  await until(() => read('code') !== '', 'the exit code');
  t.is(read('code'), '129\n', read('errors'));
  t.regex(read('errors'), /^(Hangup\n)?$/); // The shell says how its command ended; memmap says nothing.
});
