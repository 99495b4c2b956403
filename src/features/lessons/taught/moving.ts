import type {Lesson} from '../lesson.ts';
import {mapAnonymous, PAGE, place} from './mman.ts';
import {call, slot, store, type Operation} from '../program/program.ts';

const MREMAP_MAYMOVE = 1;
const MREMAP_FIXED = 2;

export const mremap: Lesson = {
  name: 'mremap',
  title: 'mremap: memory that grows and moves',
  teaches: 'how realloc makes a large block larger without copying it',
  about: [
    'To make a block larger, one could map a new one and copy. mremap lets the kernel change its tables ' +
      'instead: the pages stay, and only their address changes.',
  ],
  steps: [
    {
      name: 'mmap',
      title: 'Map four pages and write into them',
      call: 'mmap(0x100000000, 4 * 4096, …); memory[0] = memory[4096] = 1',
      operations: [mapAnonymous(place(0), 4), store(slot('memory')), store(slot('memory', PAGE))],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 4 * PAGE, rss: 2 * PAGE}],
      about: ['Two of the pages become resident.'],
      why: () => ['Resident pages can be followed when they move.'],
    },
    {
      name: 'grow',
      title: 'Make it twice as large, in place',
      call: 'mremap(memory, 4 * 4096, 8 * 4096, 0)',
      operations: [call('mremap', [slot('memory'), 4 * PAGE, 8 * PAGE, 0, 0], 'memory')],
      answer: slot('memory'),
      expected: [{kind: 'grown', size: 4 * PAGE, rss: 0}],
      about: ['There is room after it.'],
      why: () => ['The same line, longer, and the same pages.'],
    },
    {
      name: 'move',
      title: 'Move it elsewhere',
      call: 'mremap(memory, 8 * 4096, 8 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, 0x100200000)',
      operations: [
        call('mremap', [slot('memory'), 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE + MREMAP_FIXED, place(1)], 'memory'),
      ],
      answer: slot('memory'),
      expected: [{kind: 'moved', size: 0, rss: 0}],
      about: ['In the listing, one region will be gone and another will be new.'],
      why: () => [
        'The two resident pages came along; not a byte was copied. memmap says that it is a guess: unnamed ' +
          'memory has nothing to identify it, so memmap goes by the size, the permissions, and the fact that nothing ' +
          'else came or went.',
      ],
    },
  ],
  further: ['man 2 mremap', 'Next: memmap demo touch'],
};

const deepen = (pages: number): Operation => ({do: 'deepen', pages});

export const stack: Lesson = {
  name: 'stack',
  title: 'The stack grows on its own',
  teaches: 'the one region that grows without a system call',
  about: [
    'Every call puts its return address and variables on the stack, which grows downwards. Nobody calls mmap for it.',
  ],
  steps: [
    {
      name: 'shallow',
      title: 'Write a little below the stack pointer',
      call: 'char a[8 * 4096]; /* written to */',
      operations: [deepen(8)],
      answer: 0,
      expected: [{kind: 'touched', name: '[stack]'}],
      about: ['The region [stack] is 132 KiB in size at the start, and little of it is used.'],
      why: () => ['Its size is the same; eight pages of it are resident now.'],
    },
    {
      name: 'deep',
      title: 'Write far below it',
      call: 'char a[64 * 4096]; /* written to */',
      operations: [deepen(64)],
      answer: 0,
      expected: [{kind: 'grown', name: '[stack]'}],
      about: [
        '256 KiB below the stack pointer there is no region. Access to any other such address would be a ' +
          'segmentation fault.',
      ],
      why: () => [
        'The kernel saw a fault below a region that may grow downwards (VmFlags: gd), and made it longer. ' +
          'It does so up to RLIMIT_STACK, usually 8 MiB, and keeps a gap of 1 MiB to what is below.',
      ],
    },
  ],
  further: ['man 2 getrlimit (RLIMIT_STACK)', 'Next: memmap demo guard'],
};
