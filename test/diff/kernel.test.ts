import {spawnSync} from 'node:child_process';
import {rmSync} from 'node:fs';
import type {Diff} from '../../src/diff/diff.ts';
import {unless} from '../helpers/tools.ts';
import {at, bytes, isOurs, NONE, READ, READ_WRITE, scene, SHARED, WRITE} from './scene.ts';

const [MAYMOVE, REMAP_FIXED] = [1, 2];
const [DONTNEED, DONTFORK, DOFORK] = [4, 10, 11];

scene('mmap and munmap: new, grown both ways, a hole filled; shrunk, gone', async (s) => {
  await s.expect(() => s.map(0x10, 8), 'new 10-18 [0,1] +8');
  await s.expect(() => s.map(0x18, 4), 'grown 18-1c [1,1] +4');
  await s.expect(() => s.map(0xe, 2), 'grown e-10 [1,1] +2');
  await s.expect(() => s.unmap(0x12, 3), 'shrunk 12-15 [1,2] -3');
  await s.expect(() => s.map(0x12, 3), 'grown 12-15 [2,1] +3');
  await s.expect(() => s.unmap(0xe, 1), 'shrunk e-f [1,1] -1');
  await s.expect(() => s.unmap(0x18, 4), 'shrunk 18-1c [1,1] -4');
  await s.expect(() => s.unmap(0xf, 9), 'gone f-18 [1,0] -9');
  await s.expect(() => s.call('getpid'));
});

scene('mprotect: reprotected, with exactly its bytes, however many regions that makes', async (s) => {
  await s.map(0x10, 12);
  await s.expect(() => s.protect(0x14, 4, READ), 'reprotected 14-18 [1,3] 0');
  await s.expect(() => s.protect(0x18, 2, READ), 'reprotected 18-1a [2,2] 0');
  await s.expect(() => s.protect(0x12, 2, READ), 'reprotected 12-14 [2,2] 0');
  await s.expect(() => s.protect(0x12, 8, READ_WRITE), 'reprotected 12-1a [3,1] 0');
  await s.expect(() => s.protect(0x10, 12, NONE), 'reprotected 10-1c [1,1] 0');
  await s.map(0x30, 8, READ, 4);
  const {changes} = await s.expect(() => s.protect(0x32, 2, READ_WRITE), 'reprotected 32-34 [1,3] 0');
  s.t.is(
    changes.find(isOurs)?.text,
    `8 KiB of ${s.file} went from r--p to rw-p (mprotect, or mapped again in the same way).`,
  );
});

scene('MAP_FIXED over other memory: replaced', async (s) => {
  await s.map(0x10, 12);
  await s.expect(() => s.map(0x14, 4, READ, 8), 'replaced 14-18 [1,3] 0');
  await s.expect(() => s.map(0x14, 4, READ, 20), 'replaced 14-18 [1,1] 0');
  await s.expect(() => s.map(0x14, 4), 'replaced 14-18 [3,1] 0');
  await s.expect(() => s.map(0x1a, 4, READ, 0), 'replaced 1a-1c [1,2] 0', 'new 1c-1e [0,1] +2');
  await s.map(0x40, 4);
  await s.expect(() => s.map(0x40, 4, READ_WRITE, undefined, SHARED), 'replaced 40-44 [1,1] 0');
});

scene('madvise on a part: split and merged, without another byte or permission', async (s) => {
  await s.map(0x10, 12);
  await s.expect(() => s.advise(0x14, 4, DONTFORK), 'split 10-1c [1,3] 0');
  await s.expect(() => s.advise(0x14, 4, DOFORK), 'merged 10-1c [3,1] 0');
  await s.expect(() => s.advise(0x10, 2, DONTFORK), 'split 10-1c [1,2] 0');
  // The border between them moves: two regions are two regions.
  await s.expect(() => s.advise(0x12, 2, DONTFORK), 'merged 10-1c [2,2] 0');
});

scene('mremap: a file moves certainly, anonymous memory by guess, and only if nothing else came or went', async (s) => {
  await s.map(0x10, 4, READ, 8);
  const file = await s.expect(
    () => s.call('mremap', at(0x10), bytes(4), bytes(4), MAYMOVE | REMAP_FIXED, at(0x100)),
    'moved 100-104 from 10-14 [1,1] 0',
  );
  s.t.notRegex(file.changes.find(isOurs)!.text, /guess/);
  s.t.is(file.changes.find(isOurs)!.slide, bytes(0xf0));
  await s.map(0x20, 5);
  await s.touch(0x20, 2);
  const guessed = await s.expect(
    () => s.call('mremap', at(0x20), bytes(5), bytes(5), MAYMOVE | REMAP_FIXED, at(0x200)),
    'moved 200-205 from 20-25 [1,1] 0',
  );
  s.t.regex(guessed.changes.find(isOurs)!.text, /guess/);
  s.t.is(guessed.changes.find(isOurs)!.delta['rss'], 0, 'its pages came with it');
  await s.map(0x30, 7);
  await s.map(0x40, 7);
  const twice = async () => {
    await s.call('mremap', at(0x30), bytes(7), bytes(7), MAYMOVE | REMAP_FIXED, at(0x300));
    await s.call('mremap', at(0x40), bytes(7), bytes(7), MAYMOVE | REMAP_FIXED, at(0x400));
  };
  await s.expect(twice, 'gone 30-37 [1,0] -7', 'gone 40-47 [1,0] -7', 'new 300-307 [0,1] +7', 'new 400-407 [0,1] +7');
  await s.map(0x50, 4, READ);
  await s.expect(() => s.call('mremap', at(0x50), bytes(4), bytes(6), 0), 'grown 54-56 [1,1] +2');
  await s.expect(() => s.call('mremap', at(0x50), bytes(6), bytes(3), 0), 'shrunk 53-56 [1,1] -3');
});

scene('Touching pages, and giving them back: touched, and the same address space', async (s) => {
  await s.map(0x10, 16);
  const touched = (await s.expect(() => s.touch(0x10, 3), 'touched 10-20 [1,1] 0')).changes.find(isOurs)!;
  s.t.like(touched.delta, {size: 0, rss: bytes(3), anonymous: bytes(3), privateDirty: bytes(3)});
  const text = 'anonymous memory was touched: resident +12 KiB, anonymous +12 KiB.';
  s.t.is(touched.text, text);
  const freed = (await s.expect(() => s.advise(0x10, 16, DONTNEED), 'touched 10-20 [1,1] 0')).changes.find(isOurs)!;
  s.t.like(freed.delta, {size: 0, rss: -bytes(3)});
  await s.expect(() => s.touch(0x10, 0));
});

scene('Deleting a mapped file: renamed', async (s) => {
  await s.map(0x10, 4, READ, 8);
  await s.map(0x20, 4, READ_WRITE, 0, SHARED);
  const {changes} = await s.expect(() => rmSync(s.file), 'renamed 10-14 [1,1] 0', 'renamed 20-24 [1,1] 0');
  s.t.deepEqual(
    changes.filter(isOurs).map(({text}) => text),
    [
      `${s.file} lost this name (maps says deleted), and stays mapped.`,
      `${s.file} lost this name (maps says deleted), and stays mapped.`,
    ],
  );
});

/** PR_SET_VMA_ANON_NAME of prctl(2), on a page of our own. */
const NAME_IT = `
import ctypes, mmap, sys
m = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
at = ctypes.c_size_t(ctypes.addressof(ctypes.c_char.from_buffer(m)))
sys.exit(0 if ctypes.CDLL(None).prctl(0x53564d41, 0, at, ctypes.c_size_t(4096), b'x') == 0 else 9)`;
const NAMES = unless(spawnSync('python3', ['-c', NAME_IT]).status !== 9, 'this kernel has no CONFIG_ANON_VMA_NAME');

scene(
  'A name for anonymous memory: renamed',
  async (s) => {
    await s.map(0x10, 12);
    const words = Buffer.from('arena\0');
    await s.map(0x100, 1);
    for (const [index, byte] of words.entries()) await s.call('memset', at(0x100) + index, byte, 1);
    const name = () => s.call('prctl', 0x53564d41, 0, at(0x14), bytes(4), at(0x100));
    await name();
    await s.call('prctl', 0x53564d41, 0, at(0x14), bytes(4), 0);
    const {changes} = await s.expect(name, 'renamed 14-18 [1,3] 0');
    s.t.is(changes.find(isOurs)?.text, 'anonymous memory is now called [anon:arena].');
  },
  NAMES,
);

scene('brk: the heap grows and shrinks by what was asked', async (s) => {
  await s.call('sbrk', bytes(1));
  const top = await s.call('sbrk', 0);
  const heap = ({changes}: Diff) =>
    changes.filter(({range}) => range.start <= top && top <= range.end).map(({text, range}) => [text, range]);
  const grown = await s.expect(() => s.call('sbrk', bytes(33)));
  s.t.deepEqual(heap(grown), [
    ['[heap] grew upwards by 132 KiB (brk, or mapped right above it).', {start: top, end: top + bytes(33)}],
  ]);
  const shrunk = await s.expect(() => s.call('sbrk', -bytes(33)));
  s.t.deepEqual(heap(shrunk), [
    ['[heap] lost 132 KiB at its end (brk, munmap or mremap).', {start: top, end: top + bytes(33)}],
  ]);
});

scene('Deep calls: the stack grows downwards', async (s) => {
  await s.call('deep', 5000);
  const {changes} = await s.expect(() => s.call('recurse', 5000));
  const stack = changes.filter(({after}) => after[0]?.name === '[stack]');
  s.t.deepEqual(
    stack.map(({kind}) => kind),
    ['grown'],
  );
  s.t.is(stack[0]!.range.end, stack[0]!.before[0]!.start);
  s.t.is(stack[0]!.range.start, stack[0]!.after[0]!.start);
  s.t.regex(stack[0]!.text, /^\[stack\] grew downwards by \d/);
});

scene('Many calls between two looks: the changes add up all the same', async (s) => {
  await s.map(0x10, 16);
  await s.map(0x40, 16, READ, 0);
  await s.expect(
    async () => {
      await s.protect(0x12, 2, READ);
      await s.unmap(0x16, 2);
      await s.map(0x1a, 2, READ, 30);
      await s.unmap(0x4c, 4);
      await s.map(0x60, 3, WRITE);
    },
    'reprotected 12-14 [1,3] 0',
    'shrunk 16-18 [1,2] -2',
    'replaced 1a-1c [1,3] 0',
    'shrunk 4c-50 [1,1] -4',
    'new 60-63 [0,1] +3',
  );
});
