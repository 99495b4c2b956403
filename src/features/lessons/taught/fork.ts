import {deltaText, sizeText} from '../../../model/amounts.ts';
import type {Lesson, Observed} from '../lesson.ts';
import {mapAnonymous, PAGE, place} from './mman.ts';
import {address, call, slot, store} from '../program/program.ts';

/** clone(2) with SIGCHLD alone is fork(2). */
const SIGCHLD = 17;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;

/** pipe2(2) writes two descriptors of four bytes each: to read from, and to write to. */
const makePipe = (name: string) => [
  call('pipe2', [address(name), 0]),
  {do: 'fetch', at: address(name), into: `${name}_read`} as const,
  {do: 'fetch', at: address(name, 4), into: `${name}_write`} as const,
];

export const cow: Lesson = {
  name: 'cow',
  title: 'fork and copy-on-write',
  teaches: 'why fork is cheap, and what it costs later: parent and child side by side',
  about: [
    'fork makes a copy of a process with all its memory. Copying gigabytes would take seconds, yet fork ' +
      'takes only milliseconds. How?',
  ],
  steps: [
    {
      name: 'write',
      title: 'Map eight pages and write to all',
      call: 'mmap(0x100000000, 8 * 4096, …); for (…) memory[i * 4096] = 1',
      operations: [
        mapAnonymous(place(0), 8),
        ...Array.from({length: 8}, (_, index) => store(slot('memory', index * PAGE))),
      ],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 8 * PAGE, rss: 8 * PAGE}],
      about: ['32 KiB that only this process has.'],
      why: () => ['All of it is private dirty.'],
    },
    {
      name: 'fork',
      title: 'Fork',
      call: 'child = fork()',
      operations: [
        ...makePipe('go'),
        ...makePipe('done'),
        call('clone', [SIGCHLD, 0, 0, 0, 0], 'child'),
        {
          do: 'if',
          value: slot('child'),
          is: 0,
          body: [
            // It ends with its parent (fork(2) clears that setting, so it is made again), and when the pipe ends.
            call('prctl', [PR_SET_PDEATHSIG, SIGKILL]),
            call('close', [slot('go_write')]),
            call('read', [slot('go_read'), address('byte'), 1], 'got'),
            {
              do: 'if',
              value: slot('got'),
              is: 1,
              body: [
                store(slot('memory')),
                store(slot('memory', PAGE)),
                call('write', [slot('done_write'), address('byte'), 1]),
              ],
            },
            call('read', [slot('go_read'), address('byte'), 1]),
            call('exit', [0]),
          ],
        },
      ],
      answer: slot('child'),
      answers: 'child',
      expected: [],
      drift: {privateDirty: -8 * PAGE},
      about: ['The child will wait in a read(2). We look at the parent first.'],
      why: ({changes, drift}: Observed) => {
        const dirty = changes.reduce((sum, {delta}) => sum + (delta['privateDirty'] ?? 0), drift['privateDirty'] ?? 0);
        return [
          `The parent has as much resident memory as before, but its private dirty memory changed by ` +
            `${deltaText(dirty)}: these pages are no longer its own. Both processes map the same pages now, and ` +
            `neither may write to them. That is all that fork did: it copied the tables, not the memory.`,
        ];
      },
    },
    {
      name: 'child',
      title: 'The child writes to two pages',
      call: 'memory[0] = memory[4096] = 1 /* in the child */',
      operations: [
        call('write', [slot('go_write'), address('byte'), 1]),
        call('read', [slot('done_read'), address('byte'), 1], 'got'),
      ],
      answer: slot('got'),
      watch: 'child',
      expected: [],
      drift: {privateDirty: 2 * PAGE},
      about: ['Now we look at the child. What it writes must not be seen by the parent.'],
      why: ({changes, drift}: Observed) => {
        const dirty = changes.reduce((sum, {delta}) => sum + (delta['privateDirty'] ?? 0), drift['privateDirty'] ?? 0);
        return [
          `Two writes, and ${sizeText(dirty)} of the child became private dirty: at the first write to ` +
            `each page the kernel made a copy (copy-on-write). The resident size is the same, so ` +
            `whoever looks at RSS ` +
            `alone sees nothing. A server that forks workers pays for each page that either side ` +
            `writes to, little by ` +
            `little, and only PSS and private dirty show it.`,
        ];
      },
    },
  ],
  further: ['man 2 fork', 'Watch both sides: memmap diff PARENT CHILD --match address'],
};
