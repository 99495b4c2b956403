import assert from 'node:assert/strict';
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Child} from '../helpers/child.ts';
import {MEMMAP} from '../helpers/cli.ts';
import {until} from '../helpers/wait.ts';
import {LockedRoot, PID} from '../procfs/locked-root.ts';
import {MANY} from './rows-live.ts';
import {clean, done, refused, type Row, type Scene} from './scene.ts';

/** Reads that don't return, and how they are ended. */
export const BLOCKED_ROWS: readonly Row[] = [
  {
    id: '17',
    fault: 'a read that blocks',
    how:
      'the lock of a map that stays taken: a directory like /proc with a thread in state D and a FIFO for maps; ' +
      'and a real process in state D (vfork), whose reads strace delays by 20 s. A FIFO without such a thread',
    expected: '8 at the deadline; 6 at once for what is not a file of procfs',
    needs: ['strace', 'gcc', 'slow'],
    run: blocked,
  },
  {
    id: 'A12',
    fault: 'a file that the process maps is on a dead file system: opening it blocks, and not even SIGKILL ends that',
    how: 'a file system of ours (/dev/fuse), which stops answering; a process that maps a file of it: show, watch',
    expected: '0, without that file, and that is reported',
    needs: ['root', 'python3', 'slow'],
    run: deadFiles,
  },
  {
    id: 'A13',
    fault: 'Ctrl-C at any moment, in each command that looks at a process',
    how: 'SIGINT to the process group at 12 moments of each of 14 calls, up to 1 s after their start',
    expected: 'ended within 1 s, by the signal or with 130, or done before; no stack trace, nothing left behind',
    needs: ['python3', 'slow'],
    run: interruptions,
  },
  {
    id: '18',
    fault: '/proc/PID/mem on a page of FUSE blocks',
    how: 'strace of show, snapshot, watch, diff, run and demo: is mem ever opened, anything traced, or a network used?',
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
        const shown = spawn(process.execPath, [MEMMAP, 'show', String(child.pid), '--max-stall', '10s'], {
          stdio: 'pipe',
        });
        const ended = new Promise<NodeJS.Signals | null>((resolve) =>
          shown.once('exit', (_, signal) => resolve(signal)),
        );
        await new Promise((resolve) => setTimeout(resolve, 100 + moment * 60));
        const begin = performance.now();
        shown.kill('SIGINT');
        if ((await ended) === null) continue; // It had finished already.
        longest = Math.max(longest, performance.now() - begin);
      }
      assert.ok(longest > 0 && longest < 250, `${longest} ms`);
      return `ended after at most ${Math.round(longest)} ms`;
    },
  },
];

async function blocked(scene: Scene): Promise<string> {
  const root = new LockedRoot(scene.folder());
  const call = (...words: string[]) => scene.memmap([...words, '--proc-root', root.path, '--deadline', '2s']);
  root.block('maps');
  refused(await call('show', String(PID)), 6, /not a regular file/);
  root.lock();
  for (const command of ['show', 'snapshot', 'watch', 'explain', 'pages', 'growth'])
    refused(await call(command, String(PID)), 8, /within 2 s: thread 4242/);

  const program = join(scene.folder(), 'sleeper');
  const code =
    '#include <unistd.h>\n#include <stdio.h>\nint main(void) { puts("ready"); fflush(stdout); if (vfork() == 0) { ' +
    'sleep(60); _exit(0); } }';
  execFileSync('gcc', ['-w', '-x', 'c', '-', '-o', program], {input: code});
  const sleeper = new Child(scene.test, program, []);
  await sleeper.line();
  scene.teardown(() => void spawnSync('pkill', ['-KILL', '-P', String(sleeper.pid)]));
  await until(() => /^State:\s+D/m.test(readFileSync(`/proc/${sleeper.pid}/status`, 'latin1')), 'the state D');
  done(await scene.memmap(['show', String(sleeper.pid)]));
  const begin = performance.now();
  const held =
    'exec strace -D -f -qq -o /dev/null -P "/proc/$1/maps" -e trace=read,pread64 -e ' +
    'inject=read,pread64:delay_enter=20s $MEMMAP show "$1" --deadline 2s';
  const ran = await scene.bash(held, [String(sleeper.pid)]);
  const seen = refused({...ran, stderr: ran.stderr.replaceAll(/^strace: .*\n/gm, '')}, 8, /state D\) in \w+/);
  return `${seen.replace(/\d{3,}/, 'N')} (${Math.round((performance.now() - begin) / 1000)} s, including strace's delay)`;
}

async function deadFiles(scene: Scene): Promise<string> {
  if (!existsSync('/dev/fuse')) return 'not tried: there is no /dev/fuse here';
  const place = scene.folder();
  const server = new Child(scene.test, 'python3', ['test/faults/dead-files.py', place]);
  scene.teardown(() => void spawnSync('umount', ['-l', place]));
  await server.line();
  const code =
    `f = os.open(${JSON.stringify(`${place}/lib`)}, os.O_RDONLY); m = mmap.mmap(f, 16384, prot=mmap.PROT_READ | ` +
    'mmap.PROT_EXEC, flags=mmap.MAP_PRIVATE); m[0]; print("ready", flush=True); time.sleep(300)';
  const child = await scene.python(code);
  const asked = ['show', String(child.pid), '--filter', '/lib$/', '--columns', 'evidence,name'];
  assert.match(done(await scene.memmap(asked)), /segment 1 of the file/);
  server.process.kill('SIGUSR1');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const begin = performance.now();
  const dead = await scene.memmap(asked);
  const ms = performance.now() - begin;
  assert.doesNotMatch(done(dead), /segment 1 of the file/);
  assert.match(dead.stderr, /a file system that does not answer \(fuse\)/);
  done(await scene.memmap(['watch', String(child.pid), '--count', '3', '--interval', '50ms']));
  server.process.kill('SIGKILL');
  return `0 after ${Math.round(ms)} ms: ${dead.stderr.trim().replace('memmap: ', '')}`;
}

async function interruptions(scene: Scene): Promise<string> {
  const child = await scene.python(
    'kept = []\nprint("ready", flush=True)\nwhile True: kept.append(mmap.mmap(-1, 8192)); kept = kept[-500:]; ' +
      'time.sleep(0.001)',
  );
  const folder = scene.folder();
  const pid = String(child.pid);
  const calls = [
    'show',
    'show --children',
    'show --map',
    'snapshot',
    'snapshot -o s.json',
    `diff ${pid}`,
    'explain',
    'pages',
    'watch --interval 20ms',
    'watch --json --interval 20ms',
    'record -o r.jsonl --force --interval 20ms',
    'growth --for 5s',
    'check --no rwx --for 5s',
    'demo touch',
  ];
  let [longest, by, ended] = [0, 0, 0];
  for (const call of calls) {
    const words = [...call.split(' '), ...(call.startsWith('demo') ? [] : [pid])];
    for (let moment = 0; moment < 12; moment++) {
      const ran = await interruptedAt(Math.random() * 1000, words, folder);
      assert.ok(ran.ms < 1000, `${call}: ${ran.ms} ms after the signal`);
      assert.ok(
        ran.signal === 'SIGINT' || [130, 0, 1, 5].includes(ran.code!),
        `${call}: ${ran.code} ${ran.signal}: ${ran.stderr}`,
      );
      clean(ran.stderr);
      longest = Math.max(longest, ran.ms);
      if (ran.signal === 'SIGINT' || ran.code === 130) by++;
      else ended++;
      const left = readdirSync(folder).filter((file) => !['s.json', 'r.jsonl', 'r.jsonl.lock'].includes(file));
      assert.deepEqual(left, [], `${call} left files behind`);
    }
  }
  return `${by} ended by it, after at most ${Math.round(longest)} ms; ${ended} were done before`;
}

interface Interrupted {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** After the signal. */
  readonly ms: number;
}

/** A terminal sends SIGINT to the whole group: so a lesson's helper gets it too. */
function interruptedAt(ms: number, words: readonly string[], cwd: string): Promise<Interrupted> {
  const ran = spawn(process.execPath, [`${process.cwd()}/${MEMMAP}`, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd,
    detached: true,
  });
  let stderr = '';
  let begin = Infinity;
  ran.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  const timer = setTimeout(() => {
    begin = performance.now();
    process.kill(-ran.pid!, 'SIGINT');
  }, ms);
  return new Promise((resolve) =>
    ran.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({code, signal, stderr, ms: Math.max(0, performance.now() - begin)});
    }),
  );
}

async function neverMem(scene: Scene): Promise<string> {
  const folder = scene.folder();
  const calls = [
    'show $$',
    'snapshot $$ -o "$1/s.json"',
    'diff "$1/s.json" $$',
    'watch $$ --count 2 --interval 20ms',
    'run -- true',
    'demo touch',
    'explain $$',
    'pages $$',
    'show $$ --map',
    'show $$ --room',
  ];
  for (const [index, call] of calls.entries()) {
    const log = join(folder, `log-${index}`);
    await scene.bash(`strace -f -e trace=open,openat,ptrace,process_vm_readv,socket,connect -o "$2" $MEMMAP ${call}`, [
      folder,
      log,
    ]);
    const lines = readFileSync(log, 'utf8').split('\n');
    assert.ok(
      lines.some((line) => line.includes('/maps"')),
      call,
    );
    assert.deepEqual(
      lines.filter((line) => /\/mem"|ptrace\(|process_vm_readv\(|\/environ"/.test(line)),
      [],
      call,
    );
    assert.deepEqual(
      lines.filter((line) => /AF_INET|connect\(/.test(line)),
      [],
      call,
    );
    assert.deepEqual(
      lines.filter((line) => /"\/proc\/[^"]*", O_(WRONLY|RDWR)/.test(line)),
      [],
      call,
    );
  }
  return (
    `none of ${calls.length} commands opens mem or environ, traces, connects, or opens anything of /proc for ` +
    'writing'
  );
}
