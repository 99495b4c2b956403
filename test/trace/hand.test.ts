import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import type {Duplex} from 'node:stream';
import test, {type ExecutionContext} from 'ava';
import {validate} from '../../src/elf/file/validate.ts';
import {Hand, HandGone, send} from '../../src/trace/hand/hand.ts';
import {
  type Architecture,
  BUFFER_SIZE,
  CALL_SIZE,
  HEAD_SIZE,
  LAYOUTS,
  MOST_CALLS,
} from '../../src/trace/hand/layout.ts';
import {handProgram} from '../../src/trace/hand/program.ts';
import {fileOf, save, temporaryFolder} from '../elf/helper-file.ts';
import {run} from '../elf/tools.ts';
import {hasEnded, inState} from '../helpers/child.ts';
import {testIf, X64} from '../helpers/tools.ts';
import {until} from '../helpers/wait.ts';

const MACHINES = [
  {architecture: 'x64', qemu: 'qemu-x86_64-static', getpid: 39, write: 1},
  {architecture: 'arm64', qemu: 'qemu-aarch64-static', getpid: 172, write: 64},
  {architecture: 'riscv64', qemu: 'qemu-riscv64-static', getpid: 172, write: 64},
] as const;

const file = (t: ExecutionContext, architecture: Architecture): string =>
  save(temporaryFolder(t), 'hand', fileOf(handProgram(architecture)));

/** A message as bytes, without the driver. */
function message(
  calls: ReadonlyArray<readonly number[]>,
  input = new Uint8Array(0),
  counts = [calls.length, input.length],
) {
  const bytes = Buffer.alloc(HEAD_SIZE + calls.length * CALL_SIZE);
  counts.forEach((count, i) => bytes.writeBigUInt64LE(BigInt(count), 8 * i));
  calls.forEach((call, i) =>
    call.forEach((value, j) => bytes.writeBigInt64LE(BigInt(value), HEAD_SIZE + i * CALL_SIZE + 8 * j)),
  );
  return Buffer.concat([bytes, input]);
}

/** Starts it under a program, or on its own. */
function start(t: ExecutionContext, command: readonly string[]) {
  const child = spawn(command[0]!, command.slice(1), {stdio: ['ignore', 'ignore', 'inherit', 'pipe']});
  t.teardown(() => child.kill('SIGKILL'));
  const socket = child.stdio[3] as Duplex;
  socket.on('error', () => {});
  const chunks: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => chunks.push(bytes));
  const end = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const bytes = (count: number): Promise<Buffer> =>
    until(() => Buffer.concat(chunks).length >= count && Buffer.concat(chunks).subarray(0, count), `${count} bytes`);
  return {child, socket, end, bytes};
}

for (const {architecture, qemu, getpid, write} of MACHINES) {
  test(`the file for ${architecture} has no problems, and no other one comes out of the same source`, (t) => {
    const made = fileOf(handProgram(architecture));
    t.deepEqual(validate(made), []);
    t.deepEqual(fileOf(handProgram(architecture)), made);
  });

  testIf('eu-elflint')(`eu-elflint finds no errors in the file for ${architecture}`, (t) => {
    t.deepEqual(run('eu-elflint', ['--strict', file(t, architecture)]), {code: 0, stdout: 'No errors\n', stderr: ''});
  });

  testIf(qemu)(`under qemu the hand for ${architecture} makes calls, loads, stores and sends`, async (t) => {
    const {buffer} = LAYOUTS[architecture];
    const {child, socket, end, bytes} = start(t, [qemu, file(t, architecture)]);
    const calls = [
      [getpid],
      [-1, buffer],
      [-2, buffer + 8, -5],
      [-1, buffer + 8],
      [write, 3, buffer, 16],
      [write, 99, buffer, 1],
    ];
    const input = Buffer.alloc(8);
    input.writeBigUInt64LE(0x123456789abcdefn);
    const wanted = (): Promise<Buffer> => bytes(16 + 8 * calls.length);
    socket.write(message(calls, input).subarray(0, 30));
    await inState(child.pid!, 'S');
    socket.write(message(calls, input).subarray(30));
    const answer = await wanted();
    const numbers = Array.from({length: 8}, (_, i) => answer.readBigInt64LE(8 * i));
    t.deepEqual(numbers, [0x123456789abcdefn, -5n, BigInt(child.pid!), 0x123456789abcdefn, 0n, -5n, 16n, -9n]);
    socket.write(message([[getpid]]));
    t.is((await bytes(8 * 9)).readBigInt64LE(64), BigInt(child.pid!));
    socket.end();
    t.is(await end, 0);
  });

  testIf(qemu)(`under qemu the hand for ${architecture} ends when it is told more than it has room for`, async (t) => {
    for (const counts of [
      [MOST_CALLS + 1, 0],
      [0, BUFFER_SIZE + 1],
    ]) {
      const {socket, end} = start(t, [qemu, file(t, architecture)]);
      socket.write(message([], undefined, counts));
      t.is(await end, 0);
    }
  });
}

const hand = async (t: ExecutionContext): Promise<Hand> => {
  const made = await Hand.start(file(t, 'x64'));
  t.teardown(() => made.close());
  return made;
};

testIf(X64)('messages are answered in their order, and results are numbers', async (t) => {
  const it = await hand(t);
  t.is(Number(readFileSync(`/proc/${it.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[3]), it.pid, 'its session');
  const answers = await Promise.all([
    it.batch([[{number: 39}]]),
    it.batch([['close', 99], send(it.buffer, 4), send(it.buffer + 4, 2)], Buffer.from('abcdef'), 6),
  ]);
  t.deepEqual(answers[0].results, [it.pid]);
  t.deepEqual(answers[1].results, [-9, 4, 2]);
  t.is(Buffer.from(answers[1].data).toString(), 'abcdef');
  await t.throwsAsync(async () => it.batch(Array.from({length: MOST_CALLS + 1}, () => ['close', 99])), {
    instanceOf: RangeError,
  });
});

testIf(X64)('once limited, the hand is killed by the kernel for any other call', async (t) => {
  const it = await hand(t);
  t.true(await it.limit());
  t.regex(readFileSync(`/proc/${it.pid}/status`, 'latin1'), /^Seccomp:\t2$/m);
  t.deepEqual((await it.batch([['write', 99, 0, 0]])).results, [-9]);
  t.deepEqual((await it.batch([['ioctl', 99, 0x2401, 0]])).results, [-9]);
  await t.throwsAsync(it.batch([['openat', -100, it.buffer, 0]]), {instanceOf: HandGone});
  await t.throwsAsync(it.batch([['write', 99, 0, 0]]), {instanceOf: HandGone});
});

testIf(X64)('it ends when memmap lets go of it, and when memmap is killed', async (t) => {
  const closed = await Hand.start(file(t, 'x64'));
  closed.close();
  await until(() => hasEnded(closed.pid), 'the end of the hand');
  const script = `
    import {Hand} from ${JSON.stringify(new URL('../../src/trace/hand/hand.js', import.meta.url).href)};
    const hand = await Hand.start(${JSON.stringify(file(t, 'x64'))});
    console.log(hand.pid);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {stdio: ['ignore', 'pipe', 'inherit']});
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(String(line));
  t.false(hasEnded(pid));
  child.kill('SIGKILL');
  await until(() => hasEnded(pid), 'the end of the hand');
});
