import type {Word} from '../word.ts';

const SOURCE = 'proc_pid_status(5); fs/proc/task_mmu.c, task_mem()';

const line = (word: Omit<Word, 'group' | 'unit' | 'source'> & {unit?: string; source?: string}): Word => ({
  group: 'status',
  unit: 'KiB (the kernel prints "kB"); bytes in memmap\'s JSON',
  source: SOURCE,
  ...word,
});

const LAGS =
  'Before Linux 6.16 or so the kernel adds it up in batches, so it can lag behind by some hundred KiB a thread or processor; smaps is exact.';

/** status: the lines on memory. They are absent for kernel threads and zombies, which have none. */
export const STATUS_MEMORY_WORDS: readonly Word[] = [
  line({
    names: ['VmPeak'],
    meaning: 'The largest address space that the process ever had.',
    traps: 'Address space, not memory. For memory see VmHWM.',
    related: ['VmSize', 'VmHWM'],
  }),
  line({
    names: ['VmSize', 'VSZ', 'VIRT', 'virtual memory size'],
    meaning:
      'The address space of the process: the sizes of all its regions together. Tools call it VSZ, VIRT or vsize.',
    traps:
      'It is what the process may touch, not what it uses: hundreds of GiB are no fault by themselves. The [vsyscall] page is not in it, so it is 4 KiB less than the sum of maps on x86-64.',
    related: ['VmRSS', 'Size', 'RLIMIT_AS'],
  }),
  line({
    names: ['VmLck'],
    meaning: 'The size of the regions that are locked into RAM with mlock(2).',
    related: ['Locked', 'lo', 'VmPin', 'RLIMIT_MEMLOCK'],
  }),
  line({
    names: ['VmPin'],
    meaning:
      'Pages that may not even be moved, since something needs them at their physical place: buffers for RDMA, or for a device of a virtual machine.',
    since: '3.2',
    related: ['VmLck'],
  }),
  line({
    names: ['VmHWM', 'peak', 'high water mark'],
    meaning: 'The most memory that was ever resident: the peak of VmRSS.',
    traps: `Whoever writes 5 to clear_refs sets it back. It can miss a short peak by as much as VmRSS lags. ${LAGS}`,
    related: ['VmRSS', 'VmPeak', 'clear_refs'],
  }),
  line({
    names: ['VmRSS'],
    meaning: 'The resident memory of the whole process: RssAnon + RssFile + RssShmem.',
    traps: `Shared pages count in full, and hugetlb pages do not count at all. ${LAGS}`,
    related: ['Rss', 'Pss', 'RssAnon', 'RssFile', 'RssShmem', 'HugetlbPages'],
  }),
  line({
    names: ['RssAnon'],
    meaning:
      'Resident memory that belongs to no file: heap, stacks, copied pages. It is the best single number for what a process costs, as it can only be swapped out, not dropped.',
    traps: LAGS,
    since: '4.5',
    related: ['Anonymous', 'VmRSS', 'RssFile', 'RssShmem'],
  }),
  line({
    names: ['RssFile'],
    meaning: 'Resident pages of mapped files: programs, libraries, data.',
    traps: `Most of it is shared with the page cache, and clean: the kernel can drop it. ${LAGS}`,
    since: '4.5',
    related: ['VmRSS', 'page cache', 'RssAnon'],
  }),
  line({
    names: ['RssShmem'],
    meaning: 'Resident pages of shared memory: SysV, POSIX, tmpfs, memfd, MAP_SHARED|MAP_ANONYMOUS.',
    traps: `Each process that maps it counts it in full: twenty database workers show the same buffers twenty times. ${LAGS}`,
    since: '4.5',
    related: ['VmRSS', 'shared', 'Pss_Shmem'],
  }),
  line({
    names: ['VmData'],
    meaning:
      'Address space of all private writable regions but the main stack: data and bss of the program and of all libraries, heap, anonymous memory, thread stacks.',
    traps:
      'Neither memory (it is address space) nor only "the data segment". RLIMIT_DATA is held against it since Linux 4.7.',
    related: ['RLIMIT_DATA', 'VmStk', 'RssAnon'],
  }),
  line({
    names: ['VmStk'],
    meaning: 'Address space of the main stack: the regions that grow by themselves.',
    traps: 'Stacks of other threads are not in it: they are ordinary anonymous memory, in VmData.',
    related: ['[stack]', 'gd', 'thread-stack', 'RLIMIT_STACK'],
  }),
  line({
    names: ['VmExe'],
    meaning: 'Address space of the machine code of the executable itself.',
    related: ['VmLib', 'text'],
  }),
  line({
    names: ['VmLib'],
    meaning: 'Address space of all other executable regions that are not writable: the machine code of libraries.',
    traps: 'Only their code: data of libraries is in VmData. Code that was made at run time (JIT) counts here too.',
    related: ['VmExe', 'text', 'jit'],
  }),
  line({
    names: ['VmPTE'],
    meaning: 'Memory that the kernel uses for the page tables of this process.',
    traps:
      'Not in VmRSS or Pss: it comes on top. About 2 KiB a resident MiB, more where memory is touched here and there. Since 4.15 all levels are in it.',
    since: '2.6.10',
    related: ['page table', 'VmPMD', 'VmRSS'],
  }),
  line({
    names: ['VmPMD'],
    meaning: 'Memory for the second level of page tables.',
    since: '4.0, gone in 4.15 (now part of VmPTE)',
    related: ['VmPTE'],
  }),
  line({
    names: ['VmSwap'],
    meaning: 'How much private anonymous memory is out on swap.',
    traps: `Shared memory on swap is not in it. ${LAGS}`,
    since: '2.6.34',
    related: ['Swap', 'SwapPss', 'RssAnon'],
  }),
  line({
    names: ['HugetlbPages'],
    meaning: 'Memory of the hugetlb pool that the process maps.',
    traps: 'Not in VmRSS: it comes on top.',
    since: '4.4',
    related: ['hugetlb', 'Private_Hugetlb', 'Shared_Hugetlb'],
  }),
];
