import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Snapshot} from '../../src/model/snapshot.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {capture} from '../../src/procfs/capture.ts';
import {Child} from '../helpers/child.ts';
import {MEMMAP} from '../helpers/cli.ts';
import {until} from '../helpers/wait.ts';
import {clean, done, refused, type Row, type Scene} from './scene.ts';

/** Maps `count` pages, each a region of its own, far from everything else. */
export const MANY = (count: number, then: string): string => `
libc = ctypes.CDLL(None, use_errno=True); libc.mmap.restype = ctypes.c_void_p
P = lambda x: ctypes.c_void_p(x)
for i in range(${count}): libc.mmap(P(0x100000000000 + i * 8192), ctypes.c_size_t(4096), 3, 0x100022, -1, ctypes.c_long(0))
print("ready", flush=True)
${then}`;

/** Splits and merges regions as fast as Python can, in the middle of them. */
const THRASH = `
base = libc.mmap(P(0x200000000000), ctypes.c_size_t(1 << 24), 3, 0x100022, -1, ctypes.c_long(0))
f = libc.mprotect; a = [P(base + i * 65536) for i in range(256)]; n = ctypes.c_size_t(4096)
while True:
  for p in a: f(p, n, 1)
  for p in a: f(p, n, 3)`;

/** Targets that change, end or become another program while they are looked at. */
export const LIVE_ROWS: readonly Row[] = [
  {
    id: '9',
    fault: 'the target ends between open and read',
    how: '1,000 processes that end at once, each captured; 40 times watch of one that lives 50 ms',
    expected: 'a snapshot, or 3; never a stack trace',
    needs: ['slow'],
    run: shortLives,
  },
  {
    id: '10',
    fault: 'killed and not waited for in the middle of the read: a clean end of file',
    how: 'each read of its maps delayed by 40 ms (strace inject), 2,000 regions, kill -9',
    expected: '5, marked incomplete; or 3',
    needs: ['strace', 'python3', 'slow'],
    run: async (scene) => midRead(scene, (child) => void process.kill(child, 'SIGKILL')),
  },
  {
    id: '11',
    fault: 'exec in the middle of the read',
    how: 'the same, the target becomes sleep',
    expected: '5, or 0 with all of the new program and nothing of the old; watch: 0, and the exec is reported',
    needs: ['strace', 'python3', 'slow'],
    run: async (scene) => {
      const seen = await midRead(scene, (child) => void process.kill(child, 'SIGUSR1'));
      const child = await scene.python(
        'import signal; signal.signal(signal.SIGUSR1, lambda *a: os.execvp("sleep", ["sleep", "60"])); ' +
          'print("ready", flush=True)\nwhile True: time.sleep(1)',
      );
      const watch = new Child(scene.test, process.execPath, [
        MEMMAP,
        'watch',
        String(child.pid),
        '--interval',
        '50ms',
        '--count',
        '400',
      ]);
      const ended = new Promise((resolve) => watch.process.once('exit', resolve));
      await watch.line();
      child.process.kill('SIGUSR1');
      let line = '';
      while (!/now runs .*sleep/.test(line)) line = await watch.line();
      child.process.kill('SIGKILL');
      assert.equal(await ended, 0);
      return `${seen}; watch 0: "it now runs …/sleep"`;
    },
  },
  {
    id: '12',
    fault: 'the PID is reused for another process',
    how: 'unshare -pf --mount-proc, ns_last_pid: a held sleep is killed, tail gets its PID; the same under watch',
    expected: '3: gone, never the stranger',
    needs: ['root'],
    run: reused,
  },
  {
    id: '13',
    fault: 'torn reads: entries twice, or backwards',
    how: 'mprotect splits and merges endlessly among 1,000 regions; 300 captures',
    expected: 'regions ascend and nothing is counted twice; what stays torn is marked',
    needs: ['python3', 'slow'],
    run: async (scene) => {
      const child = await scene.python(MANY(1000, THRASH));
      let [torn, again, most] = [0, 0, 0];
      for (let i = 0; i < 300; i++) {
        const {regions, consistency, totals} = capture(child.pid, {usage: false});
        regions.forEach((region, index) => assert.ok(index === 0 || regions[index - 1]!.end <= region.start));
        if (consistency.torn) torn++;
        if (consistency.reads > 1) again++;
        most = Math.max(most, totals.size);
      }
      const size = Number(/^VmSize:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'))![1]) * 1024;
      assert.ok(most <= size + (1 << 20), `${most} bytes of ${size}`);
      return `of 300, ${again} were read again, ${torn} stayed torn and are marked; never more than VmSize`;
    },
  },
  {
    id: '14',
    fault: 'a target that keeps taking the lock: the reader starves',
    how:
      'show of 20,000 regions (smaps, --max-stall 1m) while mprotect runs endlessly; the same with --deadline 60ms ' +
      'and 1ms',
    expected:
      '0 or 5 within the deadline (10 s); where smaps is late it is left out, and that is reported; where maps is ' +
      'late, 8',
    needs: ['python3', 'slow'],
    run: async (scene) => {
      const child = await scene.python(MANY(20_000, THRASH));
      const begin = performance.now();
      const ran = await scene.memmap(['show', String(child.pid), '--max-stall', '1m']);
      assert.ok([0, 5, 8].includes(ran.code!), `${ran.code}: ${ran.stderr}`);
      const ms = Math.round(performance.now() - begin);
      const late = await scene.memmap(['show', String(child.pid), '--max-stall', '1m', '--deadline', '60ms']);
      assert.ok(
        late.code === 8 || /Resident memory was not read from smaps: after 0\.06 s/.test(late.stderr),
        late.stderr,
      );
      const short = refused(
        await scene.memmap(['show', String(child.pid), '--deadline', '1ms']),
        8,
        /was not complete/,
      );
      return (
        `${ran.code} after ${ms} ms; with 60 ms: ${late.code}${late.code === 8 ? '' : ', without smaps'}; with 1 ` +
        `ms: ${short}`
      );
    },
  },
  {
    id: '15',
    fault: 'looking slows the target down (smaps: −96 % of its mmap calls at 10 Hz)',
    how: 'mmap and munmap endlessly among 20,000 regions: calls in 3 s alone, and under watch --interval 100ms',
    expected:
      'smaps is left out where it would stall the target, and that is reported; the pace is reported, not judged: ' +
      'others use the machine too',
    needs: ['python3', 'slow'],
    run: observer,
  },
  {
    id: '16',
    fault: 'the reader is preempted while it holds the lock (CPU quota)',
    how: 'a cgroup with cpu.max of 10 %',
    expected: '0: what is counted is the time of the processor, so the pauses stay as they are, 5 s at most',
    not:
      'needs a writable cgroup of version 2; test/procfs tests what is counted, test/features/record the pauses on ' +
      'a loaded machine',
  },
];

async function shortLives(scene: Scene): Promise<string> {
  let [seen, gone] = [0, 0];
  for (let i = 0; i < 1000; i++) {
    const child = spawn('true', {stdio: 'ignore'});
    const ended = new Promise((resolve) => child.once('close', resolve));
    if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    try {
      assert.ok(capture(child.pid!) instanceof Snapshot);
      seen++;
    } catch (error) {
      assert.ok(error instanceof Trouble && error.kind === 'gone', String((error as Error).stack));
      gone++;
    }
    await ended;
  }
  const codes = new Map<number | null, number>();
  for (let i = 0; i < 40; i++) {
    const {code, stderr} = await scene.bash('sleep 0.$1 & exec $MEMMAP watch $! --interval 5ms', [String(10 + i)]);
    assert.ok(code === 0 || code === 3, stderr);
    clean(stderr);
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  return (
    `${seen} snapshots, ${gone} gone; watch ended with ` +
    [...codes].map(([code, count]) => `${code} (${count} times)`).join(', ')
  );
}

/** Something happens to a target while memmap, slowed down, is reading it. */
async function midRead(scene: Scene, happen: (pid: number) => void): Promise<string> {
  const exec = 'import signal; signal.signal(signal.SIGUSR1, lambda *a: os.execvp("sleep", ["sleep", "60"]))\n';
  // Its parent doesn't wait for it, so that a killed one stays as a zombie.
  const code = `import ctypes, mmap, os, sys, time\n${exec}${MANY(2000, 'while True: time.sleep(1)')}`;
  const parent = new Child(scene.test, 'sh', ['-c', 'python3 -c "$0" & echo $!; exec sleep 60', code]);
  const pid = Number(await parent.line());
  scene.teardown(() => process.kill(pid, 'SIGKILL'));
  await until(() => readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n').length > 2000, 'its regions');
  const [file, log] = [`/proc/${pid}/maps`, join(scene.folder(), 'log')];
  writeFileSync(log, '');
  const reading = scene.bash(
    'exec strace -f -o "$3" -P "$1" -e trace=read,pread64 -e inject=read,pread64:delay_enter=40000 $MEMMAP show ' +
      '"$2" --json',
    [file, String(pid), log],
  );
  await until(() => readFileSync(log, 'latin1').split('\n').length > 12, 'twelve lines');
  happen(pid);
  const {code: ended, stdout, stderr} = await reading;
  clean(stderr);
  if (ended === 3) return '3';
  const {consistency, regions} = JSON.parse(stdout) as {
    consistency: {incomplete: boolean; torn: boolean};
    regions: Array<{name: string}>;
  };
  if (ended === 5) assert.ok(consistency.incomplete || consistency.torn);
  else {
    assert.equal(ended, 0, stderr);
    assert.ok(regions.length < 100 && !regions.some(({name}) => name.includes('python')), 'parts of the old program');
  }
  return ended === 5 ? `5: ${/memmap: (.*)/.exec(stderr)?.[1] ?? 'marked'}` : '0: all of the new program';
}

async function reused(scene: Scene): Promise<string> {
  const script = `
import {spawn} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {ProcessHandle} from '${process.cwd()}/build/src/procfs/handle.js';
import {Session} from '${process.cwd()}/build/src/procfs/session.js';
const a = spawn('sleep', ['60']);
const handle = new ProcessHandle(a.pid), session = new Session(a.pid);
await new Promise((done) => { a.once('close', done); a.kill('SIGKILL'); });
let b;
for (let tries = 0; tries < 50; tries++) {
  writeFileSync('/proc/sys/kernel/ns_last_pid', String(a.pid - 1));
  b = spawn('tail', ['-f', '/dev/null']);
  if (b.pid === a.pid) break;
  b.kill('SIGKILL');
}
let kind = 'none';
try { handle.stat(); } catch (error) { kind = error.kind; }
const look = session.look();
console.log(JSON.stringify({same: a.pid === b.pid, stranger: readFileSync('/proc/' + a.pid + '/comm', 'latin1').trim(), kind, saw: look.saw, state: look.state}));
process.exit(0);`;
  const {stdout, stderr} = await scene.inNamespace(
    `exec $NODE --input-type=module -e "$(cat <<'END'\n${script}\nEND\n)"`,
    ['-pf', '--mount-proc', '--kill-child'],
  );
  assert.equal(stdout, '{"same":true,"stranger":"tail","kind":"gone","saw":"exit","state":"gone"}\n', stderr);
  return 'gone, though /proc/PID exists again, as tail; watch: exit';
}

async function observer(scene: Scene): Promise<string> {
  const work = `
P0 = P(0); n = ctypes.c_size_t(16384); z = ctypes.c_long(0)
for line in sys.stdin:
  end = time.monotonic() + 3; count = 0
  while time.monotonic() < end:
    for i in range(50): libc.munmap(P(libc.mmap(P0, n, 3, 0x22, -1, z)), n)
    count += 50
  print(count, flush=True)`;
  const child = await scene.python(MANY(20_000, work));
  const alone = Number(await child.ask('go'));
  const watching = scene.memmap(['watch', String(child.pid), '--interval', '100ms', '--for', '4s']);
  await new Promise((resolve) => setTimeout(resolve, 600));
  const watched = Number(await child.ask('go'));
  assert.match(done(await watching), /smaps was not read/);
  return `${Math.round((watched / alone) * 100)} % of its calls under watch; smaps was left out, and that is reported`;
}
