import test from 'ava';
import {pathOf} from '../../../src/features/cause/fold.ts';
import type {CallFrame} from '../../../src/features/cause/stacks.ts';

const LIBC = '/usr/lib/x86_64-linux-gnu/libc.so.6';
const LOADER = '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2';
const PROGRAM = '/usr/bin/server';

/** `file name`, or `file` alone where nothing is known but where a function begins. */
const stack = (...frames: ReadonlyArray<readonly [file: string, name?: string]>): {frames: CallFrame[]} => ({
  frames: frames.map(([file, name], index) => ({
    file,
    name: name ?? 'function at 0x1000',
    address: 0x1000 + index,
    offset: 4,
    isSignal: false,
  })),
});

test('of an allocator the function that was asked is left, and libc that starts a program is left out', (t) => {
  const brk = stack(
    [LIBC, 'brk'],
    [LIBC, 'sbrk'],
    [LIBC, '__glibc_morecore'],
    [LIBC, 'sysmalloc'],
    [LIBC, '_int_malloc'],
    [LIBC, 'malloc'],
    [PROGRAM, 'parse_string'],
    [PROGRAM, 'main'],
    [LIBC, '__libc_start_call_main'],
    [LIBC, '__libc_start_main@@GLIBC_2.34'],
    [PROGRAM, '_start'],
  );
  t.deepEqual(pathOf(brk, 'brk', 'own'), ['malloc', 'parse_string', 'main']);
  t.is(pathOf(brk, 'brk', 'all').length, 11);
});

test('a libc without symbols is folded by what it exports', (t) => {
  const brk = stack([LIBC, 'brk'], [LIBC, 'sbrk'], [LIBC], [LIBC], [LIBC], [LIBC, 'malloc'], [PROGRAM, 'main'], [LIBC]);
  t.deepEqual(pathOf(brk, 'brk', 'own'), ['malloc', 'main']);
});

test('new of C++ stands for malloc', (t) => {
  const made = stack(
    [LIBC, 'mmap64'],
    [LIBC, 'malloc'],
    ['/usr/lib/libstdc++.so.6', 'operator new(unsigned long)'],
    [PROGRAM, 'Pool::grow(unsigned long) const'],
    [PROGRAM, 'main'],
  );
  t.deepEqual(pathOf(made, 'mmap', 'own'), ['operator new', 'Pool::grow', 'main']);
});

test('a call that the program makes itself is not said twice', (t) => {
  t.deepEqual(pathOf(stack([LIBC, '__mmap'], [PROGRAM, 'scratch'], [PROGRAM, 'main']), 'mmap', 'own'), [
    'scratch',
    'main',
  ]);
  t.deepEqual(pathOf(stack([LIBC, 'mmap64']), 'mmap', 'own'), ['mmap64']);
});

test('the loader is one frame', (t) => {
  const loaded = stack([LOADER, 'mmap64'], [LOADER, '_dl_map_object'], [LOADER, 'dl_main'], [LOADER, '_start']);
  t.deepEqual(pathOf(loaded, 'mmap', 'own'), ['the loader']);
  const opened = stack(
    [LOADER, 'mmap64'],
    [LOADER, '_dl_map_object'],
    [LIBC, '_dl_catch_exception'],
    [LOADER, '_dl_open'],
    [LIBC, 'dlopen'],
    [PROGRAM, 'main'],
  );
  t.deepEqual(pathOf(opened, 'mmap', 'own'), ['the loader', 'main']);
});

test("functions of the program that are named like an allocator's are its own where they call no allocator", (t) => {
  const own = stack([LIBC, 'mmap64'], [PROGRAM, 'pool_grow'], [PROGRAM, 'malloc_pool'], [PROGRAM, 'main']);
  t.deepEqual(pathOf(own, 'mmap', 'own'), ['pool_grow', 'malloc_pool', 'main']);
});
