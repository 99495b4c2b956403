import type {Lesson} from '../lesson.ts';
import {mapFile, PAGE, place, PROT_READ, PROT_READ_WRITE} from './mman.ts';
import {address, call, load, slot, store} from '../program/program.ts';

const AT_FDCWD = -100;
const O_RDONLY = 0;

const open = call('openat', [AT_FDCWD, address('own_file'), O_RDONLY, 0], 'file');

export const file: Lesson = {
  name: 'file',
  title: 'Files in memory: private and shared',
  teaches: 'mapping a file, and what copy-on-write does to it',
  about: [
    'A file can be mapped: its pages appear in memory, and reading memory reads the file. This is how ' +
      'programs and libraries get into memory. The helper maps its own file.',
  ],
  texts: {own_file: '/proc/self/exe'},
  steps: [
    {
      name: 'private',
      title: 'Map one page of the file, privately',
      call: 'mmap(0x100000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0x4000)',
      operations: [
        open,
        mapFile(place(0), 1, {protection: PROT_READ_WRITE, isShared: false, file: slot('file'), offset: 4 * PAGE}),
      ],
      answer: slot('memory'),
      expected: [{kind: 'new', size: PAGE}],
      about: ['MAP_PRIVATE: what we write is ours alone, and the file does not change.'],
      why: () => [
        'A line with the name of the file, its device and inode, and the offset at which the region begins: 00004000.',
      ],
    },
    {
      name: 'read',
      title: 'Read one byte of it',
      call: 'x = memory[0]',
      operations: [load(slot('memory'))],
      answer: slot('memory'),
      expected: [{kind: 'touched', rss: PAGE}],
      about: ['The page is in the page cache already, since the program itself was loaded from it.'],
      why: () => [
        'Resident now, and no memory was needed for it: our page is the page of the page cache. It is ' +
          'counted as resident for everybody who maps it; PSS divides it by their number.',
      ],
    },
    {
      name: 'write',
      title: 'Write one byte to it',
      call: 'memory[0] = 1',
      operations: [store(slot('memory'))],
      answer: slot('memory'),
      expected: [{kind: 'touched', rss: 0}],
      about: ['We may write, but the file must stay as it is.'],
      why: () => [
        'As much is resident as before, but it is a different page: the kernel made a copy for us alone ' +
          '(copy-on-write). It is anonymous and private dirty now, though the line still has the name of the file.',
      ],
    },
    {
      name: 'shared',
      title: 'Map a page of it again, shared',
      call: 'mmap(0x100200000, 4096, PROT_READ, MAP_SHARED, fd, 0x4000)',
      operations: [
        mapFile(place(1), 1, {protection: PROT_READ, isShared: true, file: slot('file'), offset: 4 * PAGE}, 'shared'),
      ],
      answer: slot('shared'),
      expected: [{kind: 'new', size: PAGE}],
      about: [
        'MAP_SHARED: what anybody writes to the file is seen here, and what is written here goes to the ' +
          'file (we only read).',
      ],
      why: () => ['`r--s`: the s stands for shared. Our private copy does not show here.'],
    },
  ],
  further: ['man 2 mmap (MAP_PRIVATE, MAP_SHARED)', 'Next: memmap demo shared'],
};

export const shared: Lesson = {
  name: 'shared',
  title: 'Shared memory',
  teaches: 'memory with a file that has no name: memfd, and why it says "(deleted)"',
  about: [
    'To share memory, processes map the same file. The file needs no disk: memfd_create makes a file in ' +
      'memory, which goes away with its last user.',
  ],
  texts: {memfd_name: 'lesson'},
  steps: [
    {
      name: 'map',
      title: 'Make a file of eight pages in memory, and map it',
      call: 'fd = memfd_create("lesson", 0); ftruncate(fd, 8 * 4096); mmap(0x100000000, …, MAP_SHARED, fd, 0)',
      operations: [
        call('memfd_create', [address('memfd_name'), 0], 'file'),
        call('ftruncate', [slot('file'), 8 * PAGE]),
        mapFile(place(0), 8, {protection: PROT_READ_WRITE, isShared: true, file: slot('file')}),
      ],
      answer: slot('memory'),
      expected: [{kind: 'new', name: '/memfd:lesson (deleted)', size: 8 * PAGE, rss: 0}],
      about: ['It will have a name in the listing, with a word after it.'],
      why: () => [
        '"(deleted)" says that no directory has an entry for this file. For a memfd this is always so, and normal.',
      ],
    },
    {
      name: 'write',
      title: 'Write to one page',
      call: 'memory[0] = 1',
      operations: [store(slot('memory'))],
      answer: slot('memory'),
      expected: [{kind: 'touched', rss: PAGE}],
      about: ['As everywhere, a page becomes resident when it is touched.'],
      why: () => ['Resident, but not anonymous: it belongs to the file. In /proc/PID/status it counts as RssShmem.'],
    },
    {
      name: 'again',
      title: 'Map the file a second time',
      call: 'second = mmap(0x100200000, …, MAP_SHARED, fd, 0); x = second[0]',
      operations: [
        mapFile(place(1), 8, {protection: PROT_READ_WRITE, isShared: true, file: slot('file')}, 'second'),
        load(slot('second')),
      ],
      answer: slot('second'),
      expected: [{kind: 'new', name: '/memfd:lesson (deleted)', size: 8 * PAGE}],
      about: ['Another process would do the same with its own descriptor. We do it ourselves, and read the byte.'],
      why: () => [
        'Two addresses, one page: it counts as resident twice, once in each region. Sums of RSS over ' +
          'regions or processes count shared memory more than once; sums of PSS do not.',
      ],
    },
  ],
  further: ['man 2 memfd_create, man 7 shm_overview', 'Next: memmap demo cow'],
};
