import {readFileSync} from 'node:fs';
import {listing} from './tools.ts';
import {at, bytes, isOurs, READ, scene} from './scene.ts';
import {diff, type Diff} from '../../src/diff/diff.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import test from 'ava';

/** madvise(2), and the numbers of mseal(2) and mlock2(2): include/uapi/asm-generic/unistd.h; x86-64 has its own. */
const [DONTFORK, DOFORK, DONTDUMP] = [10, 11, 16];
const MSEAL = 462;
const MLOCK2 = process.arch === 'x64' ? 325 : 284;

const textOf = (result: Diff): string | undefined => result.changes.find(isOurs)?.text;

scene('Advice and locks on a whole region are a change of its flags, and each is named', async (s) => {
  await s.map(0x10, 8);
  await s.touch(0x10, 8);
  await s.map(0x100, 1, READ);
  const dump = await s.expect(() => s.advise(0x10, 8, DONTDUMP), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(dump), 'anonymous memory is left out of core dumps (as with MADV_DONTDUMP).');
  const fork = await s.expect(() => s.advise(0x10, 8, DONTFORK), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(fork), 'anonymous memory is not given to children by fork (as with MADV_DONTFORK).');
  const back = await s.expect(() => s.advise(0x10, 8, DOFORK), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(back), 'anonymous memory is given to children by fork again (as with MADV_DOFORK).');
  const locked = await s.expect(() => s.call('mlock', at(0x10), bytes(8)), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(locked), 'anonymous memory is locked in RAM (as with mlock).');
  await s.expect(() => s.call('munlock', at(0x10), bytes(8)), 'flagged 10-18 [1,1] 0');
});

scene('A lock on fault is not said to be in RAM', async (s) => {
  await s.map(0x10, 8);
  const lock = () => s.call('syscall', MLOCK2, at(0x10), bytes(8), 1);
  const {changes} = await s.expect(lock, 'flagged 10-18 [1,1] 0');
  s.t.is(changes.find(isOurs)!.text, 'anonymous memory is locked as its pages are touched (as with MLOCK_ONFAULT).');
});

scene('A lock that brings pages in says both', async (s) => {
  await s.map(0x10, 8);
  const locked = await s.expect(() => s.call('mlock', at(0x10), bytes(8)), 'flagged 10-18 [1,1] 0');
  s.t.is(textOf(locked), 'anonymous memory is locked in RAM (as with mlock); resident +32 KiB, anonymous +32 KiB.');
});

scene('Flags that cut a region say why it was split', async (s) => {
  await s.map(0x10, 8);
  const cut = await s.expect(() => s.advise(0x12, 2, DONTDUMP), 'split 10-18 [1,3] 0');
  s.t.regex(textOf(cut)!, /is in 3 regions now, .*: \S+ is left out of core dumps \(as with MADV_DONTDUMP\)\.$/);
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
  s.t.is(back.find(({kind}) => kind === 'shrunk')!.text, '[heap] lost 32 KiB at its end (brk, munmap or mremap).');
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

scene('No listing proves an mprotect: mremap may have put closed memory with as many pages there', async (s) => {
  const unsure = /went from rw-p to r--p \(mprotect, or mapped again in the same way\)\.$/;
  await s.map(0x10, 4);
  await s.touch(0x10, 4);
  const closed = await s.expect(() => s.protect(0x10, 4, READ), 'reprotected 10-14 [1,1] 0');
  s.t.regex(textOf(closed)!, unsure);
  await s.map(0x20, 4);
  await s.touch(0x20, 4);
  const over = () => s.call('mremap', at(0x10), bytes(4), bytes(4), 1 | 2, at(0x20));
  const other = await s.expect(over, 'gone 10-14 [1,0] -4', 'reprotected 20-24 [1,1] 0');
  s.t.regex(other.changes.filter(isOurs)[1]!.text, unsure);
});

scene('What mremap takes from the heap is not said to have gone by brk or munmap alone', async (s) => {
  const heap = s.snapshot().regions.findLast(({name}) => name === '[heap]')!;
  await s.call('mmap', heap.end, bytes(8), 3, 0x32, -1, 0);
  const tail = heap.end + bytes(4);
  const {changes} = await s.diff(() => s.call('mremap', tail, bytes(4), bytes(4), 1 | 2, at(0x10)));
  const lost = changes.find(({kind}) => kind === 'shrunk')!;
  s.t.is(lost.text, '[heap] lost 16 KiB at its end (brk, munmap or mremap).');
});

scene('A part of the heap beside others is another region of it, not the heap', async (s) => {
  const heap = s.snapshot().regions.findLast(({name}) => name === '[heap]')!;
  const top = heap.end - bytes(1);
  const cut = async () => {
    await s.call('sbrk', bytes(8));
    await s.unmap((heap.end - at(0)) / bytes(1), 4);
  };
  const texts = ({changes}: Diff) => changes.filter(({range}) => range.start >= top).map(({text}) => text);
  s.t.deepEqual(texts(await s.diff(cut)), [
    'Another region named [heap] is new: 16 KiB, rw-p (brk, or mapped in its place).',
  ]);
  s.t.deepEqual(texts(await s.diff(() => s.call('sbrk', -bytes(4)))), [
    'One region named [heap] is gone: 16 KiB, rw-p (brk, munmap or mremap).',
  ]);
});

scene('Memory that is given back was not touched', async (s) => {
  await s.map(0x10, 8);
  await s.touch(0x10, 8);
  const given = await s.expect(() => s.advise(0x10, 2, 4), 'touched 10-18 [1,1] 0');
  s.t.is(textOf(given), 'anonymous memory has less in RAM: resident −8 KiB, anonymous −8 KiB.');
});

scene('Flags of what is left of a region are told, and no others', async (s) => {
  await s.map(0x10, 8);
  const both = async () => {
    await s.advise(0x10, 8, DONTDUMP);
    await s.unmap(0x14, 4);
  };
  const {changes} = await s.expect(both, 'flagged 10-14 [1,1] 0', 'shrunk 14-18 [1,1] -4');
  s.t.is(changes.find(isOurs)!.text, '16 KiB of anonymous memory is left out of core dumps (as with MADV_DONTDUMP).');
  await s.map(0x30, 2);
  await s.advise(0x30, 2, DONTFORK);
  await s.map(0x32, 6);
  const across = await s.expect(async () => {
    await s.advise(0x31, 1, DOFORK);
    await s.advise(0x33, 1, DONTDUMP);
  }, 'split 30-38 [2,4] 0');
  const text = textOf(across)!;
  s.t.regex(text, /: \S+31000-\S+32000 is given to children by fork again .*; \S+33000-\S+34000 is left out of core/);
  s.t.is(text.match(/given to children/g)!.length, 1);
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

test('Of two processes with the same addresses nothing is said to have been done', (t) => {
  const [a, b] = [1, 2].map((pid) =>
    of(listing('10-20 r-xp /bin/a', `30-34 rw-p | rss=${4 * pid}`, stack), pid, '/bin/a'),
  );
  t.deepEqual(
    diff(a!, b!).changes.map(({text}) => text),
    ['anonymous memory has other amounts: resident +4 KiB.'],
  );
});

test('Two programs are called two programs', (t) => {
  const [a, b] = ['/bin/a', '/bin/b'].map((exe, pid) => of(listing(`10-20 r-xp ${exe}`, stack), pid + 1, exe));
  t.like(diff(a!, b!), {match: 'layout', why: '/bin/a and /bin/b are two programs'});
});
