import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {release} from 'node:os';
import {join} from 'node:path';
import {Child, inState, waitingNode} from '../helpers/child.ts';
import {KTHREADD} from '../helpers/lack.ts';
import {until} from '../helpers/wait.ts';
import {denied, done, isRoot, NOBODY, refused, type Row, type Scene} from './scene.ts';

/** Targets that aren't there, have no memory, or may not be looked at. */
export const TARGET_ROWS: readonly Row[] = [
  {
    id: '1',
    fault: 'no such process',
    how: 'show 999999999',
    expected: '3, nothing on stdout',
    run: async (scene) => refused(await scene.memmap(['show', '999999999']), 3, /no such process/),
  },
  {
    id: '2',
    fault: 'not a PID: 0, −1, 1e3, 2^63, digits of another script',
    how: 'show and watch with each, under strace',
    expected: '2, and no path of /proc is made from it',
    needs: ['strace', 'slow'],
    run: notPids,
  },
  {
    id: '3',
    fault: "another user's process",
    how: 'as nobody, show of a process of root',
    expected: '4, with what is needed; what may be read (status) is shown',
    needs: ['root'],
    run: async (scene) =>
      denied(
        await scene.asUser(['show', String(process.pid)]),
        /belongs to uid 0, and you are uid 65534[^]*CAP_SYS_PTRACE/,
      ),
  },
  {
    id: '4',
    fault: "the user's own process, not dumpable",
    how: 'prctl(PR_SET_DUMPABLE, 0); show as the same ordinary user',
    expected: '4, and dumpable is named',
    needs: ['python3'],
    run: async (scene) => {
      const code = 'ctypes.CDLL(None).prctl(4, 0); print("ready", flush=True); time.sleep(60)';
      const child = await scene.python(code, isRoot ? NOBODY : []);
      return denied(await scene.asUser(['show', String(child.pid)]), /not dumpable/);
    },
  },
  {
    id: '5',
    fault: 'hidepid=1: EPERM',
    how: 'unshare -m, mount /proc with hidepid=1, show 1 as nobody',
    expected: '4, and hidepid is named',
    needs: ['root'],
    run: async (scene) =>
      refused(await scene.inNamespace('mount -t proc -o hidepid=1 proc /proc; $AS $MEMMAP show 1'), 4, /hidepid/),
  },
  {
    id: '6',
    fault: 'hidepid=2: ENOENT, though the process exists',
    how: 'the same with hidepid=2',
    expected: '3, and hidepid is named',
    needs: ['root'],
    run: async (scene) =>
      refused(await scene.inNamespace('mount -t proc -o hidepid=2 proc /proc; $AS $MEMMAP show 1'), 3, /hidepid/),
  },
  {
    id: '7',
    fault: 'a zombie',
    how: 'a child that nobody waits for: show, watch, snapshot',
    expected: '3, "zombie", no table of zeros',
    run: async (scene) => {
      // A shell would wait for its child; what it becomes does not.
      const child = new Child(scene.test, 'sh', ['-c', 'exec 3<&0; (read x <&3) & echo $!; exec sleep 60']);
      const zombie = await child.line();
      await inState(child.pid, 'S', 'sleep');
      child.process.stdin!.end('\n');
      await until(() => /^State:\s+Z/m.test(readFileSync(`/proc/${zombie}/status`, 'latin1')), 'the zombie');
      for (const command of ['watch', 'snapshot']) refused(await scene.memmap([command, zombie]), 3, /zombie/);
      return refused(await scene.memmap(['show', zombie]), 3, /zombie/);
    },
  },
  {
    id: '8',
    fault: 'a kernel thread',
    how: 'show 2',
    expected: '3, "kernel thread"',
    run: async (scene) => {
      if (KTHREADD) return KTHREADD.why;
      return refused(await scene.memmap(['show', '2']), 3, /kernel thread/);
    },
  },
  {
    id: '65',
    fault: 'a target in another PID and mount namespace',
    how: 'unshare -pmf --mount-proc python3 that maps a file of a private tmpfs',
    expected: "0, with the target's view of names",
    needs: ['root', 'python3'],
    run: async (scene) => {
      const inner =
        'import mmap,time; f=open("/mnt/secret","w+b"); f.truncate(4096); m=mmap.mmap(f.fileno(),4096); ' +
        'print("x",flush=True); time.sleep(60)';
      const child = new Child(scene.test, 'unshare', [
        '-pmf',
        '--mount-proc',
        '--kill-child',
        'sh',
        '-c',
        `mount -t tmpfs t /mnt; exec python3 -c '${inner}'`,
      ]);
      await child.line();
      const pid = execFileSync('pgrep', ['-P', String(child.pid)], {encoding: 'utf8'}).trim();
      assert.match(done(await scene.memmap(['show', pid])), /\/mnt\/secret/);
      return '0: /mnt/secret is listed, which does not exist here';
    },
  },
  {
    id: '66',
    fault: 'no procfs',
    how: 'unshare -m, an empty tmpfs over /proc: show 1, show NAME, ps, metrics, check --all',
    expected: '3, and that is reported',
    needs: ['root'],
    run: async (scene) => {
      const script = (target: string): string => `mount -t tmpfs t /proc; $MEMMAP show ${target}`;
      refused(await scene.inNamespace(script('no-such-name')), 3, /procfs|no process/);
      for (const call of ['ps', 'metrics', 'check --all --max rss=1K'])
        refused(await scene.inNamespace(`mount -t tmpfs t /proc; $MEMMAP ${call}`), 3, /no procfs/);
      return refused(await scene.inNamespace(script('1')), 3, /no procfs/);
    },
  },
  {
    id: 'A1',
    fault: 'PID 1, as an ordinary user',
    how: 'show 1 as nobody',
    expected: '4',
    needs: ['root'],
    run: async (scene) => denied(await scene.asUser(['show', '1']), /permission denied/),
  },
  {
    id: 'A11',
    fault: 'a process that the kernel keeps from us: which of its rules does it, and what would help?',
    how:
      'same user with more capabilities, another group, another uid at once (setuid), another user namespace; root ' +
      'without CAP_SYS_PTRACE; CAP_SYS_PTRACE for the page map; CAP_PERFMON alone',
    expected: '4, and the rule is named; 0 with CAP_PERFMON, since Linux 6.15',
    needs: ['root', 'slow'],
    run: advice,
  },
  {
    id: 'A2',
    fault: "a thread's ID, and /proc/self",
    how: 'show TID; show /proc/self/maps',
    expected: "0: the thread's process; and memmap itself, as a listing",
    run: async (scene) => {
      const {pid} = await waitingNode(scene.test);
      const threads = execFileSync('ls', [`/proc/${pid}/task`], {encoding: 'utf8'})
        .trim()
        .split('\n');
      done(await scene.memmap(['show', threads.at(-1)!]));
      assert.match(done(await scene.memmap(['show', '/proc/self/maps'])), /\/node/);
      return `0: thread ${threads.length} of ${threads.length}`.replace(/ of.*/, '');
    },
  },
  {
    id: 'A3',
    fault: 'the first thread has ended, others still run',
    how: 'python3: a thread, then exit(2) of the first: show, watch --count 2',
    expected: '0: read through another thread',
    needs: ['python3'],
    run: async (scene) => {
      const code =
        'import threading\ndef w():\n  while ") Z " not in open(f"/proc/{os.getpid()}/stat").read(): time.sleep(.01)\n  ' +
        'print("alone", flush=True); time.sleep(60)\nthreading.Thread(target=w).start(); ctypes.CDLL(None).syscall(60, 0)';
      const child = await scene.python(code);
      const text = done(await scene.memmap(['show', String(child.pid)]));
      assert.match(text, /its first thread has ended/);
      done(await scene.memmap(['watch', String(child.pid), '--interval', '10ms', '--count', '2']));
      return `0: ${/\d+ regions/.exec(text)![0]}`;
    },
  },
];

async function advice(scene: Scene): Promise<string> {
  const as = 'setpriv --clear-groups';
  const capability = (name: string): string => `--inh-caps=+${name} --ambient-caps=+${name}`;
  const nobody = `${as} --reuid=65534 --regid=65534`;
  const cases: ReadonlyArray<readonly [target: string, caller: string, words: RegExp]> = [
    [
      `${nobody} ${capability('net_admin')}`,
      nobody,
      /it is yours, but has capabilities that you lack \(CAP_NET_ADMIN\)/,
    ],
    [`${as} --reuid=65534 --regid=1`, nobody, /of group 1, and you are of group 65534/],
    [`${as} --ruid=65534 --euid=1000 --regid=65534`, nobody, /as several users \(uids 65534, 1000: a setuid program\)/],
    [as, 'unshare -Ur', /CAP_SYS_PTRACE in your own user namespace, and it lives in another/],
    [
      as,
      'capsh --drop=cap_sys_ptrace,cap_sys_admin,cap_perfmon --',
      /you are root, but without CAP_SYS_PTRACE, as in a container/,
    ],
  ];
  for (const [target, caller, words] of cases) {
    const call = caller.startsWith('capsh') ? `${caller} -c "$MEMMAP show $!"` : `${caller} $MEMMAP show $!`;
    denied(await scene.bash(`${target} sleep 60 & sleep 0.2; ${call}; code=$?; kill $!; exit $code`), words);
  }
  const [perfmon, ptrace] = ['perfmon', 'sys_ptrace'].map((name) => `${nobody} ${capability(name)} $MEMMAP`);
  refused(
    await scene.bash(`sleep 60 & ${ptrace} pages $!; code=$?; kill $!; exit $code`),
    4,
    /belongs to uid 0 alone \(mode 0400\)/,
  );
  const {code} = await scene.bash(`sleep 60 & ${perfmon} show $! >/dev/null; code=$?; kill $!; exit $code`);
  const [major = 0, minor = 0] = release().split('.').map(Number);
  assert.equal(code, major > 6 || (major === 6 && minor >= 15) ? 0 : 4);
  return `4, and each is named; with CAP_PERFMON alone: ${code}`;
}

async function notPids(scene: Scene): Promise<string> {
  const log = join(scene.folder(), 'log');
  const tried = ['0', '-1', '1e3', '9223372036854775808', '１２', '+5', '0x10'];
  for (const text of tried) {
    for (const command of ['show', 'watch']) {
      writeFileSync(log, '');
      const ran = await scene.bash('strace -f -e trace=%file -o "$1" $MEMMAP "$2" -- "$3"', [log, command, text]);
      refused(ran, 2, /is not a PID/);
      const opened = readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.includes(`/proc/${text}`));
      assert.deepEqual(opened, []);
    }
  }
  return `2 for each of ${tried.length}, and none of them under /proc`;
}
