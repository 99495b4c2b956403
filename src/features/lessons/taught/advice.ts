import {readFileSync} from 'node:fs';
import {sizeText} from '../../../model/amounts.ts';
import type {Lesson, Observed} from '../lesson.ts';
import {mapAnonymous, PAGE, place} from './mman.ts';
import {address, call, slot, store} from '../program/program.ts';

const MADV_DONTNEED = 4;
const MADV_FREE = 8;
const MADV_HUGEPAGE = 14;
const PR_SET_VMA = 0x53564d41;
const MIB = 1024 * 1024;

const writeToFour = Array.from({length: 4}, (_, index) => store(slot('memory', index * PAGE)));

export const madvise: Lesson = {
  name: 'madvise',
  title: 'madvise: giving memory back',
  teaches: 'how allocators return pages and keep the addresses: DONTNEED and FREE',
  about: [
    'A program that no longer needs its pages can unmap them. Or it can keep the region and tell the ' +
      'kernel that the contents are not needed.',
  ],
  steps: [
    {
      name: 'write',
      title: 'Map eight pages and write to four',
      call: 'mmap(0x100000000, 8 * 4096, …); for (…) memory[i * 4096] = 1',
      operations: [mapAnonymous(place(0), 8), ...writeToFour],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 8 * PAGE, rss: 4 * PAGE}],
      about: ['16 KiB become resident.'],
      why: () => ['Half of the region.'],
    },
    {
      name: 'dontneed',
      title: 'They are not needed',
      call: 'madvise(memory, 8 * 4096, MADV_DONTNEED)',
      operations: [call('madvise', [slot('memory'), 8 * PAGE, MADV_DONTNEED], 'result')],
      answer: slot('result'),
      expected: [{kind: 'touched', rss: -4 * PAGE}],
      about: ['The region stays.'],
      why: () => [
        'The pages are gone at once, and with them what was in them: the next read gives zeros. The ' +
          'listing has the same lines. This is how jemalloc and Go shrink while their size stays large.',
      ],
    },
    {
      name: 'again',
      title: 'Write to four again',
      call: 'for (…) memory[i * 4096] = 1',
      operations: writeToFour,
      answer: slot('memory'),
      expected: [{kind: 'touched', rss: 4 * PAGE}],
      about: ['Four faults, as the first time.'],
      why: () => ['Resident again.'],
    },
    {
      name: 'free',
      title: 'They may go, if somebody needs memory',
      call: 'madvise(memory, 8 * 4096, MADV_FREE)',
      operations: [call('madvise', [slot('memory'), 8 * PAGE, MADV_FREE], 'result')],
      answer: slot('result'),
      expected: [],
      about: [
        'The lazy form: the kernel takes the pages when it is short of memory, and until then a write takes them back.',
      ],
      why: () => [
        'Nothing came or went: resident memory is as before, until memory is needed. The pages may be ' +
          'shown as clean, and a moment later as LazyFree. So resident memory is not always memory in use.',
      ],
    },
  ],
  further: ['man 2 madvise', 'Next: memmap demo malloc'],
};

const THP = '/sys/kernel/mm/transparent_hugepage/enabled';

export const hugepages: Lesson = {
  name: 'hugepages',
  title: 'Huge pages: one byte, two MiB',
  teaches: 'transparent huge pages, and why resident memory can jump',
  about: [
    'Besides pages of 4 KiB, processors have large ones of 2 MiB. They make large programs faster, and ' +
      'small uses of memory expensive.',
  ],
  steps: [
    {
      name: 'advise',
      title: 'Map 4 MiB and ask for huge pages',
      call: 'mmap(0x100000000, 4 MiB, …); madvise(memory, 4 MiB, MADV_HUGEPAGE)',
      operations: [
        mapAnonymous(place(0), (4 * MIB) / PAGE),
        call('madvise', [slot('memory'), 4 * MIB, MADV_HUGEPAGE], 'result'),
      ],
      answer: slot('result'),
      expected: [{kind: 'new', size: 4 * MIB, rss: 0}],
      about: ['A huge page begins at an address that is a multiple of 2 MiB, as this one is.'],
      why: () => ['The advice is only a flag of the region (VmFlags: hg).'],
    },
    {
      name: 'touch',
      title: 'Write one byte',
      call: 'memory[0] = 1',
      operations: [store(slot('memory'))],
      answer: slot('memory'),
      expected: [{kind: 'touched', rss: 2 * MIB}],
      about: ['How much will be resident?'],
      why: ({changes}: Observed) => [
        `One byte made ${sizeText(changes[0]?.delta['rss'] ?? 0)} resident. The counter AnonHugePages shows it.`,
      ],
      unsupported: ({changes}: Observed) =>
        (changes[0]?.delta['rss'] ?? 0) >= 2 * MIB
          ? undefined
          : `the kernel gave an ordinary page (${THP}: ${thpMode()})`,
    },
  ],
  further: ['kernel: Documentation/admin-guide/mm/transhuge.rst', 'Next: memmap demo mlock'],
};

function thpMode(): string {
  try {
    return readFileSync(THP, 'latin1').trim();
  } catch {
    return 'missing';
  }
}

export const mlock: Lesson = {
  name: 'mlock',
  title: 'mlock: memory that stays',
  teaches: 'locking pages in RAM, which fills them at once and splits the region',
  about: ['The kernel may write pages to swap. Secrets and real-time programs want theirs to stay in RAM.'],
  steps: [
    {
      name: 'mmap',
      title: 'Map eight pages',
      call: 'mmap(0x100000000, 8 * 4096, …)',
      operations: [mapAnonymous(place(0), 8)],
      answer: slot('memory'),
      expected: [{kind: 'new', size: 8 * PAGE, rss: 0}],
      about: ['Nothing resident.'],
      why: () => ['As always.'],
    },
    {
      name: 'lock',
      title: 'Lock two of them',
      call: 'mlock(memory + 3 * 4096, 2 * 4096)',
      operations: [call('mlock', [slot('memory', 3 * PAGE), 2 * PAGE], 'result')],
      answer: slot('result'),
      expected: [{kind: 'split', size: 0, rss: 2 * PAGE}],
      about: ['Pages that are to stay in RAM must be in RAM first.'],
      why: () => [
        'Both pages are resident, though nobody touched them. And one region has become three with the ' +
          'same permissions: "locked" is a flag of a region (VmFlags: lo), which the listing of maps does not show. ' +
          'So a line can be split for a reason that only smaps shows.',
      ],
    },
    {
      name: 'unlock',
      title: 'And unlock them',
      call: 'munlock(memory + 3 * 4096, 2 * 4096)',
      operations: [call('munlock', [slot('memory', 3 * PAGE), 2 * PAGE], 'result')],
      answer: slot('result'),
      expected: [{kind: 'merged', size: 0}],
      about: ['The flag is cleared.'],
      why: () => ['All alike again, so one region again. The pages stay resident.'],
    },
  ],
  further: ['man 2 mlock, man 2 getrlimit (RLIMIT_MEMLOCK)', 'Next: memmap demo names'],
};

export const names: Lesson = {
  name: 'names',
  title: 'Names for anonymous memory',
  teaches: 'how a program can say what its memory is for',
  about: [
    'Anonymous memory has no name, so nobody can tell what it is for. Since Linux 5.17 a program may give it one.',
  ],
  texts: {region_name: 'lesson'},
  steps: [
    {
      name: 'mmap',
      title: 'Map eight pages',
      call: 'mmap(0x100000000, 8 * 4096, …)',
      operations: [mapAnonymous(place(0), 8)],
      answer: slot('memory'),
      expected: [{kind: 'new', name: '', size: 8 * PAGE}],
      about: ['A line without a name.'],
      why: () => ['As always.'],
    },
    {
      name: 'name',
      title: 'Call it "lesson"',
      call: 'prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, memory, 8 * 4096, "lesson")',
      operations: [call('prctl', [PR_SET_VMA, 0, slot('memory'), 8 * PAGE, address('region_name')], 'result')],
      answer: slot('result'),
      expected: [{kind: 'renamed', name: '[anon:lesson]', size: 0}],
      about: ['Android, Go, and some allocators do this.'],
      why: () => ['The same memory with a name. Neighbours with different names are not merged.'],
      unsupported: ({result}) =>
        /^0xf{13,}/.test(result) ? 'this kernel was built without CONFIG_ANON_VMA_NAME' : undefined,
    },
  ],
  further: ['man 2 PR_SET_VMA', 'The list of lessons: memmap demo'],
};
