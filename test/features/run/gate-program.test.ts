import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import type {Duplex} from 'node:stream';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {validate} from '../../../src/elf/file/validate.ts';
import {gateProgram} from '../../../src/features/run/gate-program.ts';
import {type Message, Records} from '../../../src/features/run/protocol.ts';
import {fileOf, save, temporaryFolder} from '../../elf/helper-file.ts';
import {run, testIf} from '../../elf/tools.ts';
import {inState} from '../../helpers/child.ts';
import {ROOT} from '../../helpers/tools.ts';
import {until} from '../../helpers/wait.ts';

const file = (): Uint8Array => fileOf(gateProgram());

/** The program, started, and how it speaks with us. */
class Gate {
  readonly child: ChildProcess;
  readonly socket: Duplex;
  readonly bytes: Buffer[] = [];
  readonly told: Message[] = [];
  /** How the warden ended. */
  readonly end: Promise<number | NodeJS.Signals>;
  stdout = '';

  constructor(t: ExecutionContext, args: readonly string[], {through = [] as readonly string[]} = {}) {
    const place = temporaryFolder(t);
    chmodSync(place, 0o755);
    const [command, ...words] = [...through, save(place, 'gate', file()), ...args];
    this.child = spawn(command!, words, {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      env: {GREETING: 'good day', PATH: process.env['PATH']},
    });
    this.socket = this.child.stdio[3] as Duplex;
    const records = new Records();
    this.socket.on('data', (bytes: Buffer) => {
      this.bytes.push(bytes);
      this.told.push(...records.add(bytes));
    });
    this.socket.on('error', () => {});
    this.child.stdout!.on('data', (bytes: Buffer) => (this.stdout += String(bytes)));
    this.end = once(this.child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    t.teardown(() => this.child.kill('SIGKILL'));
  }

  /** What it tells, once it has told so much. */
  async message(index: number): Promise<Message> {
    return until(() => this.told[index], `message ${index}`);
  }

  /** The PID that becomes the command. */
  async pid(): Promise<number> {
    const message = await this.message(0);
    return message.is === 'started' ? message.pid : 0;
  }

  /** So many numbers that the command prints, a line each. */
  async numbers(count: number): Promise<number[]> {
    const lines = await until(() => {
      const whole = this.stdout.split('\n').slice(0, -1);
      return whole.length >= count && whole;
    }, `${count} lines`);
    return lines.map(Number);
  }

  /** Waits for the end of the command, and lets the warden end too. @returns what was told of the command's end */
  async over(): Promise<Message | undefined> {
    const pid = await this.pid();
    const ofCommand = (): Message | undefined => this.told.find((each) => each.is === 'ended' && each.pid === pid);
    const ended = await until(ofCommand, 'the end of the command');
    this.socket.write('s');
    await this.end;
    return ended;
  }
}

test('The file has no problems, and no other one comes out of the same source', (t) => {
  t.deepEqual(validate(file()), []);
  t.deepEqual(file(), file());
});

testIf('eu-elflint')('eu-elflint finds no errors', (t) => {
  const path = save(temporaryFolder(t), 'gate', file());
  t.deepEqual(run('eu-elflint', ['--strict', path]), {code: 0, stdout: 'No errors\n', stderr: ''});
});

/** How much a process has read: `rchar` of proc_pid_io(5). */
const readBytes = (pid: number): number =>
  Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))![1]);

test('It waits for its byte, whatever else comes, and becomes the command with its arguments and environment', async (t) => {
  const script = 'echo "$0|$1|$2|$GREETING|$$|$PPID"; ls -l /proc/$$/fd';
  const gate = new Gate(t, ['/bin/sh', 'my name', '-c', script, 'a b', '', '--']);
  const pid = await gate.pid();
  t.not(pid, gate.child.pid);
  const exe = readlinkSync(`/proc/${pid}/exe`);
  await inState(pid, 'S');
  const before = readBytes(pid);
  gate.socket.write('....');
  await until(() => readBytes(pid) === before + 4, 'the reading of four bytes');
  await inState(pid, 'S');
  t.is(readlinkSync(`/proc/${pid}/exe`), exe);
  t.is(gate.stdout, '');
  gate.socket.write('g');
  t.like(await gate.over(), {is: 'ended', pid, code: 0});
  t.is(gate.stdout.split('\n')[0], `a b||--|good day|${pid}|${gate.child.pid}`);
  t.false(/ 3 -> /.test(gate.stdout), 'the socket did not survive');
  t.is(gate.told.length, 2);
});

test('The end of its input, before the byte, ends it with 1, and nothing is executed', async (t) => {
  const place = temporaryFolder(t);
  const gate = new Gate(t, ['/bin/sh', 'sh', '-c', `touch ${join(place, 'started')}`]);
  await gate.pid();
  gate.socket.write('..');
  gate.socket.end();
  await gate.end;
  t.like(gate.told[1], {is: 'ended', code: 1});
  t.is(statSync(join(place, 'started'), {throwIfNoEntry: false}), undefined);
});

test('What can not be executed ends it with 127 or 126, and it tells why', async (t) => {
  const place = temporaryFolder(t);
  const script = join(place, 'script');
  writeFileSync(script, 'echo no first line\n', {mode: 0o755});
  for (const [path, code, errno] of [
    [join(place, 'nothing'), 127, constants.errno.ENOENT],
    [place, 126, constants.errno.EACCES],
    [script, 126, constants.errno.ENOEXEC],
  ] as const) {
    const gate = new Gate(t, [path, 'name']);
    gate.socket.write('g');
    t.like(await gate.over(), {is: 'ended', code}, path);
    t.deepEqual(gate.told[1], {is: 'refused', refusal: {of: 'execute', errno}}, path);
  }
});

test('Without a command, or without its socket, it ends with 1', (t) => {
  const path = save(temporaryFolder(t), 'gate', file());
  t.is(run(path, []).code, 1);
  t.is(run(path, ['/bin/true']).code, 1);
  t.is(run(path, ['/bin/true', 'true']).code, 1);
});

test('Asked for it, it has memory placed without randomness', async (t) => {
  const listing = async (byte: string): Promise<string> => {
    const gate = new Gate(t, ['/bin/cat', 'cat', '/proc/self/maps', '/proc/self/personality']);
    gate.socket.write(byte);
    await gate.over();
    return gate.stdout;
  };
  const [a, b] = [await listing('n'), await listing('n')];
  t.is(a, b);
  t.regex(a, /^00040000$/m);
  t.regex(await listing('g'), /^00000000$/m);
});

test('Interrupted while it waits, it waits on', async (t) => {
  const gate = new Gate(t, ['/bin/true', 'true']);
  const pid = await gate.pid();
  await inState(pid, 'S');
  process.kill(pid, 'SIGSTOP');
  await inState(pid, 'T');
  process.kill(pid, 'SIGCONT');
  await inState(pid, 'S');
  gate.socket.write('g');
  t.like(await gate.over(), {code: 0});
});

test('Until a byte comes, or the end of the socket, the command is a zombie; then both are gone', async (t) => {
  for (const goOn of [(gate: Gate) => gate.socket.write('..s'), (gate: Gate) => gate.socket.destroy()]) {
    const gate = new Gate(t, ['/bin/sh', 'sh', '-c', 'kill -KILL $$']);
    const pid = await gate.pid();
    gate.socket.write('g');
    t.like(await gate.message(1), {is: 'ended', pid, signal: 9});
    await inState(pid, 'Z');
    goOn(gate);
    t.is(await gate.end, 0);
    t.false(existsSync(`/proc/${pid}`));
  }
});

test('The warden keeps nothing open and outlives signals; the command has those as they were', async (t) => {
  const gate = new Gate(t, ['/bin/cat', 'cat', '/proc/self/status', '-']);
  const pid = await gate.pid();
  gate.socket.write('g');
  await until(() => gate.stdout.includes('SigCgt'), 'the status');
  const warden = gate.child.pid!;
  t.deepEqual(readdirSync(`/proc/${warden}/fd`), ['3']);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGTSTP', 'SIGPIPE', 'SIGUSR1', 'SIGCHLD'] as const)
    process.kill(warden, signal);
  await inState(warden, 'S');
  const direct = run('/bin/cat', ['/proc/self/status']).stdout;
  const signals = (status: string): string[] => status.match(/^Sig(Blk|Ign|Cgt):.*$/gm) ?? [];
  t.deepEqual(signals(gate.stdout), signals(direct));
  t.is(signals(direct).length, 3);
  gate.child.stdin!.end();
  t.like(await gate.over(), {pid, code: 0});
});

testIf('python3')(
  'Orphans come to the warden, which tells what each had; the command itself adopts nobody',
  async (t) => {
    const program = `
import ctypes, os, sys
warden = os.getppid()
reaper = ctypes.c_int()
ctypes.CDLL(None).prctl(37, ctypes.byref(reaper), 0, 0, 0)  # PR_GET_CHILD_SUBREAPER
print("reaper", reaper.value, flush=True)
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        os.execv(sys.executable, [sys.executable, "-c", """
import os, resource, sys, time
while os.getppid() != int(sys.argv[1]): time.sleep(0.01)
x = bytearray(60 << 20)
print("orphan", os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
os._exit(7)
""", str(warden)])
    os._exit(0)
os.wait()
sys.stdin.read()
`;
    const python = run('python3', ['-c', 'import sys; print(sys.executable, end="")']).stdout;
    const gate = new Gate(t, [python, 'python', '-c', program]);
    const pid = await gate.pid();
    gate.socket.write('g');
    const orphan = await gate.message(1);
    const [, own, kib] = /^orphan (\d+) (\d+)$/m.exec(
      await until(() => /orphan/.test(gate.stdout) && gate.stdout, 'it'),
    )!;
    t.regex(gate.stdout, /^reaper 0$/m);
    t.like(orphan, {is: 'ended', pid: Number(own), code: 7});
    if (orphan.is !== 'ended') return;
    t.not(orphan.pid, pid);
    t.true(Math.abs(orphan.maxRss - Number(kib) * 1024) < 2 ** 20, `${orphan.maxRss} and ${kib} KiB`);
    t.false(existsSync(`/proc/${own}`), 'it was waited for');
    gate.child.stdin!.end();
    t.like(await gate.over(), {pid, code: 0});
  },
);

/** Starts a child and prints its PID. It ends once its parent has become cat, which waits for nobody. */
const child = (code: number): string =>
  `sh -c 'until grep -q cat /proc/$PPID/comm; do sleep 0.01; done; exit ${code}' & echo $!`;

test('Orphans that had ended are told after the command; those that live go on', async (t) => {
  const script = `${child(3)}; sleep 1000 >/dev/null 2>&1 & echo $!; exec cat`;
  const gate = new Gate(t, ['/bin/sh', 'sh', '-c', script]);
  const pid = await gate.pid();
  gate.socket.write('g');
  const [ended, living] = await gate.numbers(2);
  t.teardown(() => process.kill(living!, 'SIGKILL'));
  await inState(ended!, 'Z');
  gate.child.stdin!.end();
  t.like(await gate.over(), {pid, code: 0});
  t.like(gate.told.at(-1), {is: 'ended', pid: ended, code: 3});
  t.is(gate.told.length, 3);
  const ppid = /\) \S (\d+)/.exec(readFileSync(`/proc/${living}/stat`, 'latin1'))![1];
  t.not(Number(ppid), gate.child.pid!);
});

test('Killed before it read all, it is told all the same, and nothing is lost', async (t) => {
  const gate = new Gate(t, ['/bin/true', 'true']);
  const pid = await gate.pid();
  process.kill(pid, 'SIGSTOP');
  await inState(pid, 'T');
  gate.socket.write('....g');
  process.kill(pid, 'SIGKILL');
  await inState(pid, 'Z');
  t.like(await gate.over(), {is: 'ended', pid, signal: 9});
});

test('Records come whole, however the bytes are cut on the way', async (t) => {
  const script = `${child(3)}; ${child(4)}; exec cat`;
  const gate = new Gate(t, ['/bin/sh', 'sh', '-c', script]);
  gate.socket.write('g');
  for (const pid of await gate.numbers(2)) await inState(pid, 'Z');
  gate.child.stdin!.end();
  await gate.over();
  const bytes = Buffer.concat(gate.bytes);
  t.is(gate.told.length, 4);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const records = new Records();
      const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const parts = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
      t.deepEqual(
        parts.flatMap((part) => records.add(part)),
        gate.told,
      );
    }),
  );
});

testIf(
  'prlimit',
  'setpriv',
  ROOT,
)('Where no process can be created, it becomes the command itself', async (t) => {
  const uid = '54321';
  const gate = new Gate(t, ['/bin/sh', 'sh', '-c', 'echo $$; exit 4'], {
    through: ['setpriv', '--reuid', uid, '--clear-groups', 'prlimit', '--nproc=1'],
  });
  t.is(await gate.pid(), gate.child.pid!);
  gate.socket.write('g');
  t.is(await gate.end, 4);
  t.is(gate.stdout, `${gate.child.pid}\n`);
  t.is(gate.told.length, 1);
});
