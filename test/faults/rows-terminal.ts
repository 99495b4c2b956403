import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Child} from '../helpers/child.ts';
import {MEMMAP} from '../helpers/cli.ts';
import {TerminalRun} from '../helpers/terminal.ts';
import {PATIENCE, until} from '../helpers/wait.ts';
import {Unmet, type Row, type Scene} from './scene.ts';

/** The terminal, and the helper of a lesson, however memmap ends. */
export const TERMINAL_ROWS: readonly Row[] = [
  {
    id: '20',
    fault: 'SIGINT, SIGTERM, SIGHUP, SIGQUIT during a watch',
    how: 'a pseudo-terminal with an emulator; the signal to memmap',
    expected: '130, 143, 129, 131; the screen and the cursor are as before',
    needs: ['slow'],
    run: async (scene) => {
      const codes: number[] = [];
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
        const {run, pid} = await watching(scene);
        process.kill(pid, signal);
        codes.push(await run.end());
        restored(run);
      }
      assert.deepEqual(codes, [130, 143, 129, 131]);
      return `${codes.join(', ')}; restored each time`;
    },
  },
  {
    id: '21',
    fault: 'an exception while the alternate screen is shown',
    how: 'watch of a directory like /proc (--proc-root), whose stat then becomes nonsense',
    expected: 'the terminal is restored, then the message; 70 for a bug',
    needs: ['slow'],
    run: exception,
  },
  {
    id: '22',
    fault: 'stop and continue (Ctrl-Z, fg)',
    how: 'SIGSTOP and SIGCONT to a watch in a pseudo-terminal',
    expected: 'the screen is drawn again',
    needs: ['slow'],
    run: async (scene) => {
      const {run, pid} = await watching(scene);
      const count = (): number => run.raw.split('\x1b[?1049h').length;
      const before = count();
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, 200));
      process.kill(pid, 'SIGCONT');
      await until(() => count() > before, 'a helper');
      await run.shows(/\d+ regions \(/);
      run.type('q');
      assert.equal(await run.end(), 0);
      restored(run);
      return 'entered and drawn again, then left';
    },
  },
  {
    id: '23',
    fault: 'SIGKILL of memmap',
    how: 'demo --keep killed with kill -9; snapshot -o killed at 10 moments',
    expected: 'the helper ends too; no partial file has its final name',
    needs: ['slow'],
    run: killed,
  },
  {
    id: '24',
    fault: 'the thread that started the helper ends first (PR_SET_PDEATHSIG belongs to a thread)',
    how: 'a search of src for worker_threads',
    expected: 'helpers are started by the main thread only',
    run: async () => {
      const files = readdirSync('src', {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.ts'));
      assert.deepEqual(
        files.filter((file) => readFileSync(`src/${file}`, 'utf8').includes('worker_threads')),
        [],
      );
      return 'there are no other threads';
    },
  },
  {
    id: '25',
    fault: 'memmap dies before the helper has asked to die with it',
    how: 'the helper is started as if by a process that is not its parent',
    expected: 'it ends on its own, though its input stays open',
    run: async (scene) => {
      const helper = spawn(`dist/helpers/brk.${process.arch}`, ['1'], {stdio: ['pipe', 'pipe', 'inherit']});
      scene.teardown(() => helper.kill('SIGKILL'));
      const ended = await new Promise((resolve) => {
        helper.once('exit', () => resolve(true));
        setTimeout(() => resolve(false), PATIENCE).unref();
      });
      assert.ok(ended, 'it is still waiting');
      return 'it ends at once';
    },
  },
];

async function watching(scene: Scene): Promise<{run: TerminalRun; pid: number}> {
  const target = new Child(scene.test, 'sleep', ['60']);
  const run = new TerminalRun(scene.test, ['watch', String(target.pid), '--interval', '50ms']);
  await run.shows(/\d+ regions \(/);
  const pid = execFileSync('pgrep', ['-f', `^[^ ]*node ${MEMMAP} watch ${target.pid} `], {encoding: 'utf8'}).trim();
  return {run, pid: Number(pid)};
}

function restored(run: TerminalRun): void {
  assert.equal(run.isAlternate, false);
  assert.ok(run.raw.lastIndexOf('\x1b[?25h') > run.raw.lastIndexOf('\x1b[?25l'), 'the cursor is shown');
}

async function exception(scene: Scene): Promise<string> {
  const root = scene.folder();
  const place = join(root, '4242');
  mkdirSync(place);
  const target = new Child(scene.test, 'sleep', ['60']);
  for (const file of ['stat', 'status', 'maps']) copyProc(`/proc/${target.pid}/${file}`, join(place, file));
  const run = new TerminalRun(scene.test, [
    'watch',
    '4242',
    '--interval',
    '50ms',
    '--max-duty',
    '0',
    '--proc-root',
    root,
  ]);
  await run.shows(/\d+ regions/);
  writeFileSync(join(place, 'stat'), 'nonsense');
  writeFileSync(join(place, 'maps'), '');
  const code = await Promise.race([run.end(), new Promise((resolve) => setTimeout(resolve, PATIENCE).unref())]);
  if (code === undefined) throw new Unmet('the terminal stays as it was for the screen, and keys keep memmap alive');
  restored(run);
  const message = run.raw.slice(run.raw.lastIndexOf('\x1b[?1049l'));
  assert.match(message, /memmap: .*\r\n {2}why: /);
  assert.doesNotMatch(message, /^\s+at /m);
  assert.equal(code, 70);
  return '70; restored, then one message';
}

/** Files of /proc claim a size of 0 bytes. */
const copyProc = (from: string, to: string): void => writeFileSync(to, readFileSync(from));

async function killed(scene: Scene): Promise<string> {
  const demo = spawn(process.execPath, [MEMMAP, 'demo', 'brk', '--keep'], {stdio: ['ignore', 'pipe', 'inherit']});
  let text = '';
  demo.stdout.on('data', (data: Buffer) => (text += data.toString()));
  await until(() => /as process \d+/.test(text), 'its PID');
  const helper = /as process (\d+)/.exec(text)![1]!;
  demo.kill('SIGKILL');
  await until(
    () => !existsSync(`/proc/${helper}`) || /^State:\s+Z/m.test(readFileSync(`/proc/${helper}/status`, 'latin1')),
    'the end of the helper',
  );

  const folder = scene.folder();
  copyFileSync('test/fixtures/maps/python3.txt', join(folder, 'in.txt'));
  for (let moment = 0; moment < 10; moment++) {
    const saving = spawn(
      process.execPath,
      [MEMMAP, 'snapshot', join(folder, 'in.txt'), '-o', join(folder, 'out.json')],
      {stdio: 'ignore'},
    );
    const ended = new Promise((resolve) => saving.once('exit', resolve));
    setTimeout(() => saving.kill('SIGKILL'), 90 + moment * 20);
    await ended;
    if (existsSync(join(folder, 'out.json'))) JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'));
  }
  return 'the helper is gone; what has its final name is whole';
}
