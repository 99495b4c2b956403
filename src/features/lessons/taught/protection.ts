import type {Lesson} from '../lesson.ts';
import {mapAnonymous, PAGE, place, PROT_NONE, PROT_READ, PROT_READ_WRITE} from './mman.ts';
import {address, call, slot, store} from '../program/program.ts';

export const mprotect: Lesson = {
  name: 'mprotect',
  title: 'mprotect: one region becomes three, and one again',
  teaches: 'splitting and merging: a region has one set of permissions',
  about: [
    'mprotect changes what may be done with pages: read, write, execute. It works on any pages, not ' +
      'only on whole regions.',
  ],
  steps: [
    {
      name: 'mmap',
      title: 'Map nine pages',
      call: 'mmap(0x100000000, 9 * 4096, PROT_READ | PROT_WRITE, …)',
      operations: [mapAnonymous(place(0), 9)],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 9 * PAGE}],
      about: ['One region to cut.'],
      why: () => ['One line.'],
    },
    {
      name: 'protect',
      title: 'Make the three in the middle read-only',
      call: 'mprotect(memory + 3 * 4096, 3 * 4096, PROT_READ)',
      operations: [call('mprotect', [slot('memory', 3 * PAGE), 3 * PAGE, PROT_READ], 'result')],
      answer: slot('result'),
      expected: [{kind: 'reprotected', size: 0}],
      about: [
        'A text comparison of the two listings will show one line gone and three new ones. What ' +
          'really happened is less.',
      ],
      why: () => [
        'The permissions of 12 KiB changed; no byte was added or removed. The listing has two more lines, ' +
          'since a line has one set of permissions: the shape of the change is [1, 3].',
      ],
    },
    {
      name: 'unprotect',
      title: 'Make them writable again',
      call: 'mprotect(memory + 3 * 4096, 3 * 4096, PROT_READ | PROT_WRITE)',
      operations: [call('mprotect', [slot('memory', 3 * PAGE), 3 * PAGE, PROT_READ_WRITE], 'result')],
      answer: slot('result'),
      expected: [{kind: 'reprotected', size: 0}],
      about: ['The same call with the original permissions.'],
      why: () => ['Now all nine pages are alike again, and the kernel merged the three regions into one.'],
    },
  ],
  further: ['man 2 mprotect', 'Next: memmap demo guard'],
};

export const munmap: Lesson = {
  name: 'munmap',
  title: 'munmap: a hole',
  teaches: 'unmapping a part: a region loses its middle, and two are left',
  about: ['munmap removes pages, wherever they are. They need not be what one mmap made.'],
  steps: [
    {
      name: 'mmap',
      title: 'Map nine pages',
      call: 'mmap(0x100000000, 9 * 4096, PROT_READ | PROT_WRITE, …)',
      operations: [mapAnonymous(place(0), 9)],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 9 * PAGE}],
      about: ['One region.'],
      why: () => ['One line.'],
    },
    {
      name: 'hole',
      title: 'Unmap the three in the middle',
      call: 'munmap(memory + 3 * 4096, 3 * 4096)',
      operations: [call('munmap', [slot('memory', 3 * PAGE), 3 * PAGE], 'result')],
      answer: slot('result'),
      expected: [{kind: 'shrunk', size: -3 * PAGE}],
      about: ['What is on both sides stays.'],
      why: () => [
        'Two lines with a hole of 12 KiB between them. Whoever touches an address in it gets SIGSEGV: ' +
          'nothing is mapped there.',
      ],
    },
    {
      name: 'rest',
      title: 'Unmap all the rest, with one call',
      call: 'munmap(memory, 9 * 4096)',
      operations: [call('munmap', [slot('memory'), 9 * PAGE], 'result')],
      answer: slot('result'),
      expected: [
        {kind: 'gone', size: -3 * PAGE},
        {kind: 'gone', size: -3 * PAGE},
      ],
      about: ['The range covers both regions, and the hole. That is not an error.'],
      why: () => ['Both are gone. munmap silently ignores what is not mapped.'],
    },
  ],
  further: ['man 2 munmap', 'Next: memmap demo mremap'],
};

/** clone(2) with SIGCHLD alone is fork(2). */
const SIGCHLD = 17;

export const guard: Lesson = {
  name: 'guard',
  title: 'Guard pages, and the fault they catch',
  teaches: 'memory that may not be touched, and why stacks have some at their end',
  about: [
    'A program that overruns its stack should stop, not write into what is below. So a page that may not ' +
      'be accessed is put there.',
  ],
  steps: [
    {
      name: 'reserve',
      title: 'Map six pages without any access',
      call: 'mmap(0x100000000, 6 * 4096, PROT_NONE, …)',
      operations: [mapAnonymous(place(0), 6, PROT_NONE)],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 6 * PAGE, rss: 0}],
      about: ['PROT_NONE: no reading, no writing, no executing.'],
      why: () => [
        '`---p`: the addresses are taken, and nothing may be done with them. Such memory costs nothing. ' +
          'Large amounts of it are reservations: the JVM and V8 keep gigabytes.',
      ],
    },
    {
      name: 'open',
      title: 'Make the four in the middle usable',
      call: 'mprotect(memory + 4096, 4 * 4096, PROT_READ | PROT_WRITE)',
      operations: [call('mprotect', [slot('memory', PAGE), 4 * PAGE, PROT_READ_WRITE], 'result')],
      answer: slot('result'),
      expected: [{kind: 'reprotected', size: 0}],
      about: ['This is how pthread_create makes a stack.'],
      why: () => ['Four usable pages between two guards.'],
    },
    {
      name: 'fall',
      title: 'A child writes one byte too far',
      call: 'if (fork() == 0) memory[4095] = 1; wait(&status)',
      operations: [
        call('clone', [SIGCHLD, 0, 0, 0, 0], 'child'),
        {do: 'if', value: slot('child'), is: 0, body: [store(slot('memory', PAGE - 1)), call('exit', [0])]},
        call('wait4', [slot('child'), address('status'), 0, 0]),
        {do: 'fetch', at: address('status'), into: 'signal'},
      ],
      answer: slot('signal'),
      expected: [],
      about: ['The last byte of the lower guard. A child of the program does it, so that the lesson can continue.'],
      why: ({result}) => {
        const signal = Number(result) & 0x7f;
        const words = signal === 11 ? 'SIGSEGV, "segmentation fault"' : `signal ${signal}`;
        return [
          `The child was killed by ${words}. The processor asked the kernel for the page, the kernel found ` +
            `a region that forbids it, and that was the end. Nothing has changed in our own memory.`,
        ];
      },
    },
  ],
  further: ['man 3 pthread_attr_setguardsize', 'Next: memmap demo stack'],
};
