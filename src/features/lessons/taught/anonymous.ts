import {sizeText} from '../../../model/amounts.ts';
import type {Lesson, Observed} from '../lesson.ts';
import {mapAnonymous, PAGE, place, PROT_READ} from './mman.ts';
import {load, slot, store} from '../program/program.ts';

export const mmap: Lesson = {
  name: 'mmap',
  title: 'mmap: memory anywhere',
  teaches: 'anonymous memory: how a program gets memory that is not heap, and what the kernel prints of it',
  about: [
    'brk can only move one end. mmap makes a new region wherever there is room, and munmap removes it. ' +
      'malloc uses mmap for large blocks, and the stack of every thread comes from it.',
  ],
  steps: [
    {
      name: 'mmap',
      title: 'Map eight pages',
      call:
        'mmap(0x100000000, 8 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | ' +
        'MAP_FIXED_NOREPLACE, -1, 0)',
      operations: [mapAnonymous(place(0), 8)],
      answer: slot('memory'),
      expected: [{kind: 'new', name: '', size: 8 * PAGE, rss: 0}],
      about: [
        'Usually the first argument is 0 and the kernel chooses the place. Here it is given, so that every ' +
          'reader sees the same.',
      ],
      why: () => [
        'A line without a name: the kernel knows that the memory is readable, writable and private, and ' +
          'has nothing else to say about it. Device and inode are 0, since no file backs it. It is what ' +
          'pmap calls [ anon ].',
        'None of it is resident yet.',
      ],
    },
  ],
  further: ['man 2 mmap', 'Next: memmap demo merge'],
};

export const merge: Lesson = {
  name: 'merge',
  title: 'Why a second mmap may add no new line',
  teaches: 'merging: neighbours that are alike become one region, so regions are not allocations',
  about: [
    'One might think that each mmap is a line in the listing. It is not: the kernel keeps as few regions as it can.',
  ],
  steps: [
    {
      name: 'first',
      title: 'Map four pages',
      call: 'mmap(0x100000000, 4 * 4096, PROT_READ | PROT_WRITE, …)',
      operations: [mapAnonymous(place(0), 4)],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 4 * PAGE}],
      about: ['This one is a new line.'],
      why: () => ['As expected.'],
    },
    {
      name: 'second',
      title: 'Map four more, right after them',
      call: 'mmap(0x100004000, 4 * 4096, PROT_READ | PROT_WRITE, …)',
      operations: [mapAnonymous(place(0) + 4 * PAGE, 4)],
      answer: slot('memory'),
      expected: [{kind: 'grown', size: 4 * PAGE}],
      about: ['The same permissions, no file, and no gap between the two.'],
      why: () => [
        'No new line: the first one grew. Both mappings have the same permissions and flags and touch each ' +
          'other, so one region describes them as well as two would. To count lines is not to count mmap calls, and ' +
          'a leak can hide in a region that only grows.',
      ],
    },
    {
      name: 'third',
      title: 'Map four more after those, read-only',
      call: 'mmap(0x100008000, 4 * 4096, PROT_READ, …)',
      operations: [mapAnonymous(place(0) + 8 * PAGE, 4, PROT_READ)],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 4 * PAGE}],
      about: ['Again right after them, but these may not be written to.'],
      why: () => [
        'Different permissions, another line: a region has one set of them. Each change of permissions ' +
          'along the addresses costs a region, and a process may have 65,530 of them (/proc/sys/vm/max_map_count).',
      ],
    },
  ],
  further: ['kernel: vma_merge_new_range() in mm/vma.c', 'Next: memmap demo mprotect'],
};

export const touch: Lesson = {
  name: 'touch',
  title: 'Demand paging: memory comes when it is touched',
  teaches: 'the difference between size and resident, and between reading and writing',
  about: ['A mapping is a promise of memory. When is it kept?'],
  steps: [
    {
      name: 'mmap',
      title: 'Map sixteen pages',
      call: 'mmap(0x100000000, 16 * 4096, PROT_READ | PROT_WRITE, …)',
      operations: [mapAnonymous(place(0), 16)],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 16 * PAGE, rss: 0}],
      about: ['64 KiB of address space.'],
      why: () => ['64 KiB in size, nothing resident.'],
    },
    {
      name: 'read',
      title: 'Read one byte',
      call: 'x = memory[0]',
      operations: [load(slot('memory'))],
      answer: slot('memory'),
      expected: [],
      about: ['Reading a page that was never written must give 0. Does that need a page of memory?'],
      why: () => [
        'It does not, and nothing changed: the kernel has one page full of zeros, and maps it for ' +
          'everybody who reads memory that was never written. It is not counted as resident.',
      ],
    },
    {
      name: 'write',
      title: 'Write one byte into each of three pages',
      call: 'memory[0] = memory[4096] = memory[8192] = 1',
      operations: [store(slot('memory')), store(slot('memory', PAGE)), store(slot('memory', 2 * PAGE))],
      answer: slot('memory'),
      expected: [{kind: 'touched', rss: 3 * PAGE}],
      about: ['Three bytes, in three different pages.'],
      why: ({changes}: Observed) => [
        `Three bytes made ${sizeText(changes.find(({kind}) => kind === 'touched')?.delta['rss'] ?? 0)} ` +
          `resident: each first write to a page is a fault in which the kernel finds a page, fills it with zeros and ` +
          `maps it. They are "private dirty": only this process has them, and they can't be dropped.`,
      ],
    },
  ],
  further: ['man 5 proc_pid_smaps (Rss, Private_Dirty)', 'Next: memmap demo madvise, which gives pages back'],
};
