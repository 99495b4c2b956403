import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync, readlinkSync, statSync, writeFileSync} from 'node:fs';
import {constants} from 'node:os';
import {join} from 'node:path';
import type {Duplex} from 'node:stream';
import test, {type ExecutionContext} from 'ava';
import {validate} from '../../../src/elf/file/validate.ts';
import {gateProgram} from '../../../src/features/run/gate-program.ts';
import {fileOf, save, temporaryFolder} from '../../elf/helper-file.ts';
import {run, testIf} from '../../elf/tools.ts';
import {inState} from '../../helpers/child.ts';
import {until} from '../../helpers/wait.ts';

const file = (): Uint8Array => fileOf(gateProgram());

/** A gate that was started, and how it speaks with us. */
class Gate {
  readonly child: ChildProcess;
  readonly socket: Duplex;
  readonly told: number[] = [];
  readonly end: Promise<number | NodeJS.Signals>;
  stdout = '';

  constructor(t: ExecutionContext, ...args: readonly string[]) {
    const path = save(temporaryFolder(t), 'gate', file());
    this.child = spawn(path, args, {stdio: ['pipe', 'pipe', 'inherit', 'pipe'], env: {GREETING: 'good day'}});
    this.socket = this.child.stdio[3] as Duplex;
    this.socket.on('data', (bytes: Buffer) => this.told.push(...bytes));
    this.socket.on('error', () => {});
    this.child.stdout!.on('data', (bytes: Buffer) => (this.stdout += String(bytes)));
    this.end = once(this.child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
    t.teardown(() => this.child.kill('SIGKILL'));
  }

  get exe(): string {
    return readlinkSync(`/proc/${this.child.pid}/exe`);
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
  const gate = new Gate(
    t,
    '/bin/sh',
    'my name',
    '-c',
    'echo "$0|$1|$2|$GREETING|$$"; ls -l /proc/$$/fd',
    'a b',
    '',
    '--',
  );
  const {pid, exe} = {pid: gate.child.pid!, exe: gate.exe};
  await inState(pid, 'S');
  const before = readBytes(pid);
  gate.socket.write('....');
  await until(() => readBytes(pid) === before + 4, 'the reading of four bytes');
  await inState(pid, 'S');
  t.is(gate.exe, exe);
  t.is(gate.stdout, '');
  gate.socket.write('g');
  t.is(await gate.end, 0);
  t.is(gate.stdout.split('\n')[0], `a b||--|good day|${pid}`);
  t.false(/ 3 -> /.test(gate.stdout), 'the socket did not survive');
  t.deepEqual(gate.told, []);
});

test('The end of its input, before the byte, ends it with 1, and nothing is executed', async (t) => {
  const place = temporaryFolder(t);
  const gate = new Gate(t, '/bin/sh', 'sh', '-c', `touch ${join(place, 'started')}`);
  gate.socket.write('..');
  gate.socket.end();
  t.is(await gate.end, 1);
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
    const gate = new Gate(t, path, 'name');
    gate.socket.write('g');
    t.is(await gate.end, code, path);
    t.deepEqual(gate.told, [errno], path);
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
    const gate = new Gate(t, '/bin/cat', 'cat', '/proc/self/maps', '/proc/self/personality');
    gate.socket.write(byte);
    await gate.end;
    return gate.stdout;
  };
  const [a, b] = [await listing('n'), await listing('n')];
  t.is(a, b);
  t.regex(a, /^00040000$/m);
  t.regex(await listing('g'), /^00000000$/m);
});

test('Interrupted while it waits, it waits on', async (t) => {
  const gate = new Gate(t, '/bin/true', 'true');
  await inState(gate.child.pid!, 'S');
  process.kill(gate.child.pid!, 'SIGSTOP');
  await inState(gate.child.pid!, 'T');
  process.kill(gate.child.pid!, 'SIGCONT');
  await inState(gate.child.pid!, 'S');
  gate.socket.write('g');
  t.is(await gate.end, 0);
});
