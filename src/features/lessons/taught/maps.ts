import type {Lesson} from '../lesson.ts';
import {PAGE} from './mman.ts';
import {address, call, slot} from '../program/program.ts';

const AT_FDCWD = -100;
const STDOUT = 1;

export const maps: Lesson = {
  name: 'maps',
  title: 'A program that reads its own map',
  teaches: 'using the new heap: /proc/self/maps is read into it, and printed',
  about: [
    'The program asks for a page of heap, as in the lesson on brk. Then it uses the page as the buffer for ' +
      'reading the listing in which that heap is a line.',
  ],
  texts: {path: '/proc/self/maps'},
  steps: [
    {
      name: 'brk',
      title: 'Ask for one page',
      call: 'buffer = brk(0); brk(buffer + 4096)',
      operations: [call('brk', [0], 'buffer'), call('brk', [slot('buffer', PAGE)], 'end')],
      answer: slot('end'),
      expected: [{kind: 'new', name: '[heap]', size: PAGE, rss: 0}],
      about: ['As before.'],
      why: () => ['A heap of one page, not resident.'],
    },
    {
      name: 'read',
      title: 'Read /proc/self/maps into it, and print it',
      call: 'n = read(open("/proc/self/maps"), buffer, 4096); write(1, buffer, n)',
      operations: [
        call('openat', [AT_FDCWD, address('path'), 0, 0], 'file'),
        call('read', [slot('file'), slot('buffer'), PAGE], 'length'),
        call('close', [slot('file')]),
        call('write', [STDOUT, slot('buffer'), slot('length')]),
      ],
      answer: slot('length'),
      expected: [{kind: 'touched', name: '[heap]', size: 0, rss: PAGE}],
      about: ['The kernel writes the listing into the buffer, and the program writes it out.'],
      why: ({printed, result}) => [
        `It printed ${printed.length} lines, ${Number(result)} bytes:`,
        ...printed.map((line) => `    ${line}`),
        'The line [heap] is the memory that these very bytes passed through. It was the kernel that ' +
          'touched the page, in read(2), on behalf of the program.',
      ],
    },
  ],
  further: ['man 5 proc_pid_maps', 'Next: memmap demo mmap'],
};
