import {readFileSync} from 'node:fs';
import {listing} from './tools.ts';
import {at, bytes, isOurs, READ, scene} from './scene.ts';
import {diff, type Diff} from '../../src/diff/diff.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import test from 'ava';

/** madvise(2), and the number of mseal(2) on every machine: include/uapi/asm-generic/unistd.h. */
const [DONTFORK, DOFORK, DONTDUMP] = [10, 11, 16];
const MSEAL = 462;

const textOf = (result: Diff): string | undefined => result.changes.find(isOurs)?.text;

scene('Advice and locks on a whole region are a change of its flags, and each is named', async (s) => {
  await s.map(0x10, 8);
  await s.touch(0x10, 8);
  await s.map(0x100, 1, READ);
  const dump = await s.expect(() => s.advise(0x10, 8, DONTDUMP), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(dump), 'anonymous memory is left out of core dumps (MADV_DONTDUMP).');
  const fork = await s.expect(() => s.advise(0x10, 8, DONTFORK), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(fork), 'anonymous memory is not given to children by fork (MADV_DONTFORK).');
  const back = await s.expect(() => s.advise(0x10, 8, DOFORK), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(back), 'anonymous memory is given to children by fork again (MADV_DOFORK).');
  const locked = await s.expect(() => s.call('mlock', at(0x10), bytes(8)), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(locked), 'anonymous memory is locked in RAM (mlock).');
  await s.expect(() => s.call('munlock', at(0x10), bytes(8)), 'flagged 10-18 [1,1] 0');
});

scene('A lock that brings pages in says both', async (s) => {
  await s.map(0x10, 8);
  const locked = await s.expect(() => s.call('mlock', at(0x10), bytes(8)), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(locked), 'anonymous memory is locked in RAM (mlock); resident +32 KiB, anonymous +32 KiB.');
});

scene('Flags that cut a region say why it was split', async (s) => {
  await s.map(0x10, 8);
  const cut = await s.expect(() => s.advise(0x12, 2, DONTDUMP), 'split 10-18 [1,3] 0');
  s.t.regex(textOf(cut)!, /is in 3 regions now, .*: \S+ is left out of core dumps \(MADV_DONTDUMP\)\.$/);
});

scene('Sealed memory is told, where the kernel can seal', async (s) => {
  const [major, minor] = /^(\d+)\.(\d+)/.exec(readFileSync('/proc/sys/kernel/osrelease', 'utf8'))!.slice(1).map(Number);
  await s.map(0x10, 8);
  const seal = () => s.call('syscall', MSEAL, at(0x10), bytes(8), 0);
  if (major! < 6 || (major === 6 && minor! < 10)) {
    await s.t.throwsAsync(seal);
    return;
  }
  s.t.is(textOf(await s.expect(seal, 'flagged 10-18 [1,1] 0')), 'anonymous memory is sealed (mseal).');
});

scene('What another process does by fork and exit is no change of this one', async (s) => {
  await s.map(0x10, 64);
  await s.touch(0x10, 64);
  let child = 0;
  const forked = await s.expect(async () => (child = await s.call('fork')));
  s.t.true((forked.drift['privateDirty'] ?? 0) <= -bytes(64), 'but the drift has it');
  await s.expect(() => s.call('reap', child));
});

scene('Memory that is mapped right above the heap does not move the break', async (s) => {
  const heap = s.snapshot().regions.findLast(({name}) => name === '[heap]')!;
  const {changes} = await s.diff(() => s.call('mmap', heap.end, bytes(8), 3, 0x32, -1, 0));
  const grown = changes.find(({kind, range}) => kind === 'grown' && range.start === heap.end)!;
  s.t.is(grown.text, '[heap] grew upwards by 32 KiB (brk, or mapped right above it).');
  const {changes: back} = await s.diff(() => s.call('munmap', heap.end, bytes(8)));
  s.t.is(back.find(({kind}) => kind === 'shrunk')!.text, '[heap] lost 32 KiB at its end (brk or munmap).');
});

scene('A page that went and a gibibyte that came are no move', async (s) => {
  await s.map(0x10, 1);
  await s.touch(0x10, 1);
  const unrelated = async () => {
    await s.unmap(0x10, 1);
    await s.map(0x1000, 0x4000);
  };
  await s.expect(unrelated, 'gone 10-11 [1,0] -1', 'new 1000-5000 [0,1] +16384');
});

scene('A private file mapping whose written pages did not come along was mapped again', async (s) => {
  await s.map(0x10, 4, 3, 0);
  await s.touch(0x10, 4);
  const again = async () => {
    await s.unmap(0x10, 4);
    await s.map(0x40, 4, 3, 0);
  };
  await s.expect(again, 'gone 10-14 [1,0] -4', 'new 40-44 [0,1] +4');
});

scene('Memory that was closed and kept its pages was closed by mprotect; without pages it may be new', async (s) => {
  await s.map(0x10, 4);
  await s.touch(0x10, 4);
  const closed = await s.expect(() => s.protect(0x10, 4, READ), 'reprotected 10-14 [1,1] 0');
  s.t.regex(textOf(closed)!, /went from rw-p to r--p \(mprotect\)\.$/);
  const fixed = await s.expect(() => s.map(0x10, 4, 3), 'reprotected 10-14 [1,1] 0');
  s.t.regex(textOf(fixed)!, /went from r--p to rw-p \(mprotect, or mapped again in the same way\)\.$/);
});

const stack = '70-80 rw-p [stack]';

/** The same listing as of a process. */
function of(snapshot: Snapshot, pid: number, exe: string): Snapshot {
  const {source, regions} = snapshot;
  return new Snapshot({source, regions, process: {pid, startTime: pid, bootId: 'b', exe}});
}

test('Two processes with the same addresses are not called one', (t) => {
  const [a, b] = [1, 2].map((pid) => of(listing('10-20 r-xp /bin/a', stack), pid, '/bin/a'));
  t.like(diff(a!, b!), {
    match: 'address',
    why: '[stack] is in the same place, so this is the same image in two processes: forked, or run without ASLR',
  });
});

test('Two programs are called two programs', (t) => {
  const [a, b] = ['/bin/a', '/bin/b'].map((exe, pid) => of(listing(`10-20 r-xp ${exe}`, stack), pid + 1, exe));
  t.like(diff(a!, b!), {match: 'layout', why: '/bin/a and /bin/b are two programs'});
});
