import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {MEMMAP} from '../helpers/cli.ts';
import {MANY} from './rows-live.ts';
import {Unmet, type Row, type Scene} from './scene.ts';

/** Reads that don't return, and how to end them. */
export const BLOCKED_ROWS: readonly Row[] = [
  {
    id: '17',
    fault: 'a read that blocks',
    how: 'a FIFO for maps in a folder given as --proc-root',
    expected: '8 at a deadline',
    needs: ['slow'],
    run: blocked,
  },
  {
    id: '18',
    fault: '/proc/PID/mem on a page of FUSE blocks',
    how: 'strace of show, snapshot, watch, diff, run and demo: is mem ever opened, anything traced, or a network asked?',
    expected: 'neither /proc/PID/mem nor ptrace(2)',
    needs: ['strace', 'slow'],
    run: neverMem,
  },
  {
    id: '19',
    fault: 'Ctrl-C during a long read',
    how: 'SIGINT at 8 moments of show of 20,000 regions',
    expected: 'ended within 250 ms, by the signal (130 in a shell), nothing on stdout',
    needs: ['python3', 'slow'],
    run: async (scene) => {
      const child = await scene.python(MANY(20_000, 'time.sleep(60)'));
      let longest = 0;
      for (let moment = 0; moment < 8; moment++) {
        const shown = spawn(process.execPath, [MEMMAP, 'show', String(child.pid), '--max-stall', '10s'], {stdio: 'pipe'}); // prettier-ignore
        const ended = new Promise<NodeJS.Signals | null>((resolve) => shown.once('exit', (_, signal) => resolve(signal))); // prettier-ignore
        await new Promise((resolve) => setTimeout(resolve, 100 + moment * 60));
        const begin = performance.now();
        shown.kill('SIGINT');
        if ((await ended) === null) continue; // It was done already.
        longest = Math.max(longest, performance.now() - begin);
      }
      assert.ok(longest > 0 && longest < 250, `${longest} ms`);
      return `ended after at most ${Math.round(longest)} ms`;
    },
  },
];

async function blocked(scene: Scene): Promise<string> {
  const root = scene.folder();
  const place = join(root, '4242');
  mkdirSync(place);
  for (const file of ['stat', 'status']) execFileSync('cp', [`/proc/self/${file}`, join(place, file)]);
  execFileSync('mkfifo', [join(place, 'maps')]);
  const call = (signal: string) => scene.bash(`timeout -s ${signal} 3 $MEMMAP show 4242 --proc-root "$1"; exit $?`, [root]); // prettier-ignore
  for (const signal of ['INT', 'TERM', 'KILL']) {
    const {code} = await call(signal);
    assert.equal(code, signal === 'KILL' ? 137 : 124, 'if it ended by itself, this row is met');
  }
  throw new Unmet('it waits until it is killed; SIGINT and SIGTERM end it. There is no deadline yet');
}

async function neverMem(scene: Scene): Promise<string> {
  const folder = scene.folder();
  const calls = ['show $$', 'snapshot $$ -o "$1/s.json"', 'diff "$1/s.json" $$', 'watch $$ --count 2 --interval 20ms', 'run -- true', 'demo touch', 'explain $$', 'pages $$', 'show $$ --map', 'show $$ --room']; // prettier-ignore
  for (const [index, call] of calls.entries()) {
    const log = join(folder, `log-${index}`);
    await scene.bash(`strace -f -e trace=open,openat,ptrace,process_vm_readv,socket,connect -o "$2" $MEMMAP ${call}`, [
      folder,
      log,
    ]);
    const lines = readFileSync(log, 'utf8').split('\n');
    assert.ok(lines.some((line) => line.includes('/maps"')), call); // prettier-ignore
    assert.deepEqual(lines.filter((line) => /\/mem"|ptrace\(|process_vm_readv\(|\/environ"/.test(line)), [], call); // prettier-ignore
    assert.deepEqual(lines.filter((line) => /AF_INET|connect\(/.test(line)), [], call); // prettier-ignore
    assert.deepEqual(lines.filter((line) => /"\/proc\/[^"]*", O_(WRONLY|RDWR)/.test(line)), [], call); // prettier-ignore
  }
  return `none of ${calls.length} commands opens mem or environ, traces, connects, or opens anything of /proc for writing`;
}
