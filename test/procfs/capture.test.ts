import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import test from 'ava';
import {sizeOf} from '../../src/model/region.ts';
import {Trouble} from '../../src/model/trouble.ts';
import {capture} from '../../src/procfs/capture.ts';
import {ProcessHandle} from '../../src/procfs/handle.ts';
import {Child, inState, python, waitingShell} from '../helpers/child.ts';
import {KTHREADD, ROOT, testIf} from '../helpers/tools.ts';
import {whileSteady} from '../helpers/wait.ts';

test('a snapshot of a waiting process has the regions that the kernel lists, and its name and state', async (t) => {
  const child = await waitingShell(t);
  const snapshot = capture(child.pid);
  const lines = readFileSync(`/proc/${child.pid}/maps`, 'latin1').trimEnd().split('\n');
  t.deepEqual(
    snapshot.regions.map((region) => [region.start, region.end, region.perms]),
    lines.map((line) => {
      const [range, perms] = line.split(' ');
      const [start, end] = range!.split('-');
      return [Number.parseInt(start!, 16), Number.parseInt(end!, 16), perms!];
    }),
  );
  t.is(snapshot.process.comm, 'sh');
  t.is(snapshot.process.pid, child.pid);
  t.is(snapshot.process.ppid, process.pid);
  t.deepEqual(snapshot.consistency, {torn: false, incomplete: false, reads: 1});
  t.is(snapshot.source.format, 'smaps');
});

test("resident memory of a process that stands still adds up to the kernel's own sum", async (t) => {
  const child = await waitingShell(t);
  const sums = (): number[] => {
    const rollup = readFileSync(`/proc/${child.pid}/smaps_rollup`, 'latin1');
    const sum = (key: string): number => Number(new RegExp(`^${key}: +(\\d+) kB`, 'm').exec(rollup)![1]) * 1024;
    return ['Rss', 'Private_Dirty', 'Anonymous'].map(sum);
  };
  const [{totals}, kernel] = await whileSteady(sums, () => capture(child.pid));
  t.deepEqual([totals['rss'], totals['privateDirty'], totals['anonymous']], kernel);
});

testIf('python3')('memory that a program maps is found where it says it is', async (t) => {
  const child = await python(t, 'libc = ctypes.CDLL(None); libc.mmap.restype = ctypes.c_void_p');
  const answer = await child.ask(
    'p = libc.mmap(ctypes.c_void_p(0x200000000000), ctypes.c_size_t(5*4096), 3, 0x100022, -1, ctypes.c_long(0)); ' +
      'ctypes.memset(p, 1, 2*4096); answer = hex(p)',
  );
  t.is(answer, '0x200000000000');
  const region = capture(child.pid).regions.find(({start}) => start === 0x200000000000);
  t.is(region && sizeOf(region), 5 * 4096);
  t.is(region?.perms, 'rw-p');
  t.is(region?.kind, 'anon');
  t.is(region?.usage?.rss, 2 * 4096);
  t.is(region?.usage?.privateDirty, 2 * 4096);
});

test('without smaps the regions are the same, and resident memory is unknown, not 0', async (t) => {
  const child = await waitingShell(t);
  const withUsage = capture(child.pid);
  const without = capture(child.pid, {usage: false});
  t.is(without.source.format, 'maps');
  t.is(without.totals['rss'], undefined);
  t.deepEqual(without.regions.map(sizeOf), withUsage.regions.map(sizeOf));
  t.deepEqual(
    without.regions.map(({kind}) => kind),
    withUsage.regions.map(({kind}) => kind),
  );
});

test('smaps is left out, and that is said, where reading it would stall the process for too long', async (t) => {
  const child = await waitingShell(t);
  const snapshot = capture(child.pid, {maxStall: 0.001});
  t.is(snapshot.source.format, 'maps');
  t.regex(snapshot.notes[0]!, /^Resident memory was not read: with \d+ regions .* --max-stall/);
});

const gone = (pid: number): Trouble => {
  try {
    capture(pid);
  } catch (error) {
    if (error instanceof Trouble) return error;
    throw error;
  }
  throw new Error('it was captured');
};

testIf(KTHREADD)('a kernel thread has no memory, which is said', (t) => {
  t.like(gone(2), {kind: 'gone'});
  t.regex(gone(2).why, /kernel thread/);
});

test('no such process and a zombie are told apart', async (t) => {
  t.like(gone(4_194_304), {kind: 'gone', why: 'there is no such process.'});
  // A shell would reap its child; what it becomes does not.
  const child = new Child(t, 'sh', ['-c', 'exec 3<&0; (read x <&3) & echo $!; exec sleep 60']);
  const zombie = Number(await child.line());
  await inState(child.pid, 'S', 'sleep');
  child.process.stdin!.end('\n');
  await inState(zombie, 'Z');
  t.regex(gone(zombie).why, /zombie/);
  t.regex(gone(zombie).next, new RegExp(`memmap show ${child.pid}`));
});

testIf('python3')('a process whose first thread has ended is read through another thread', async (t) => {
  const child = new Child(t, 'python3', [
    '-c',
    'import threading, time, ctypes\nthreading.Thread(target=time.sleep, ' +
      'args=(60,)).start()\nctypes.CDLL(None).syscall(60, 0)',
  ]);
  await inState(child.pid, 'Z');
  const snapshot = capture(child.pid);
  t.is(snapshot.process.state, 'Z');
  t.true(snapshot.regions.length > 20);
});

testIf(ROOT)('a process of another user is refused with what would give access', (t) => {
  const script = `
    // Before: this place may be closed to others.
    const {capture} = await import('./build/src/procfs/capture.js');
    process.setegid(65534); process.seteuid(65534);
    try { capture(${process.pid}); } catch (error) { console.log(JSON.stringify([error.kind, error.why, error.next])); }`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {encoding: 'utf8'});
  const [kind, why, next] = JSON.parse(output) as string[];
  t.is(kind, 'denied');
  t.regex(why!, /EACCES/);
  t.regex(next!, /CAP_SYS_PTRACE/);
});

test('a process that is held can end, but never become another one', async (t) => {
  const child = new Child(t, 'sleep', ['60']);
  // exec(2) gives it its name a moment after it has closed what our side waits for.
  await inState(child.pid, 'S', 'sleep');
  const handle = new ProcessHandle(child.pid);
  t.teardown(() => handle.close());
  t.is(handle.stat().comm, 'sleep');
  const ended = new Promise((resolve) => child.process.once('close', resolve));
  child.process.kill();
  await ended;
  const error = t.throws(() => handle.stat(), {instanceOf: Trouble});
  t.is(error?.kind, 'gone');
});

testIf('python3')(
  'where smaps does not become whole in time, the regions are told without it, and that is said',
  async (t) => {
    const child = await python(t);
    const late = capture(child.pid, {maxStall: Infinity, patience: 0});
    t.is(late.source.format, 'maps');
    t.true(late.isWhole);
    t.deepEqual(
      late.regions.map(({start}) => start),
      capture(child.pid, {usage: false}).regions.map(({start}) => start),
    );
    t.regex(late.notes.join(' '), /^Resident memory was not read from smaps: after 0 s it was not complete/);
    t.is(capture(child.pid, {maxStall: Infinity}).source.format, 'smaps');
  },
);
