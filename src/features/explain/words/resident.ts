import type {Word} from '../word.ts';

const SMAPS = 'proc_pid_smaps(5); Documentation/filesystems/proc.rst';

const counter = (word: Omit<Word, 'group' | 'unit' | 'source'>): Word => ({
  group: 'counter',
  unit: 'KiB (the kernel prints "kB"); bytes in memmap\'s JSON',
  source: SMAPS,
  ...word,
});

/** smaps: how large a region is, and how much of it is in RAM in which state. fs/proc/task_mmu.c, __show_smap(). */
export const RESIDENT_WORDS: readonly Word[] = [
  counter({
    names: ['Size'],
    meaning: 'The size of the region: its end minus its start. It is address space, a promise of memory, not memory.',
    traps: 'It says nothing of what the region costs. Sizes of many GiB with nothing behind them are common.',
    since: '2.6.14',
    related: ['Rss', 'VmSize', 'address space'],
  }),
  counter({
    names: ['KernelPageSize'],
    meaning:
      'The size of the pages that the kernel uses for this region: 4 KiB on most machines, 2 MiB or 1 GiB for hugetlb memory.',
    traps:
      'Transparent huge pages do not show here: it stays 4 KiB, and AnonHugePages counts them. It is a size, not an amount: memmap leaves it out of sums.',
    since: '2.6.29',
    related: ['MMUPageSize', 'page', 'AnonHugePages', 'ht'],
  }),
  counter({
    names: ['MMUPageSize'],
    meaning: 'The size of the pages that the processor uses for this region.',
    traps: 'It differs from KernelPageSize only on some PowerPC machines.',
    since: '2.6.29',
    related: ['KernelPageSize', 'page'],
  }),
  counter({
    names: ['Rss', 'resident', 'RSS', 'resident set size'],
    meaning:
      'How much of the region is in RAM now, through page tables of this process. A page that several processes map counts in full in each.',
    traps:
      'The sum over processes is more than the memory in use. Not counted: hugetlb pages, the zero page (memory that was only read), memory of devices, and what is swapped out.',
    since: '2.6.14',
    related: ['Pss', 'VmRSS', 'Private_Dirty', 'demand paging'],
  }),
  counter({
    names: ['Pss', 'PSS', 'proportional set size'],
    meaning:
      'The fair share of the resident memory: each page divided by the number of processes that map it. Summed over all processes it is the memory in use.',
    traps:
      'It changes when another process starts, ends or forks, without this one doing anything. The kernel rounds down in each region, so the sum over regions can be a little less than the Pss of smaps_rollup.',
    since: '2.6.25',
    related: ['Rss', 'USS', 'Pss_Dirty', 'SwapPss'],
  }),
  counter({
    names: ['Pss_Dirty'],
    meaning:
      'The part of Pss in dirty pages: what the kernel must keep or write out, and can not just drop. Pss minus Pss_Dirty is the clean part.',
    since: '6.0',
    related: ['Pss', 'dirty', 'Private_Dirty'],
  }),
  counter({
    names: ['Pss_Anon'],
    meaning: 'The part of Pss in anonymous pages. Only in smaps_rollup, since one region can be told by what it maps.',
    since: '5.4',
    related: ['Pss', 'Pss_File', 'Pss_Shmem', 'smaps_rollup'],
  }),
  counter({
    names: ['Pss_File'],
    meaning: 'The part of Pss in pages of files. Only in smaps_rollup.',
    since: '5.4',
    related: ['Pss', 'Pss_Anon', 'Pss_Shmem', 'smaps_rollup'],
  }),
  counter({
    names: ['Pss_Shmem'],
    meaning: 'The part of Pss in shared memory: tmpfs, SysV, memfd and MAP_SHARED|MAP_ANONYMOUS. Only in smaps_rollup.',
    since: '5.4',
    related: ['Pss', 'Pss_Anon', 'Pss_File', 'smaps_rollup'],
  }),
  counter({
    names: ['Shared_Clean'],
    meaning:
      'Resident pages that at least one more process maps now, and that are as they are on disk: the code of a library that many use.',
    traps:
      'Shared means "mapped by two or more processes now", not MAP_SHARED. When the others end, the same pages turn private.',
    since: '2.6.14',
    related: ['Private_Clean', 'Shared_Dirty', 'clean'],
  }),
  counter({
    names: ['Shared_Dirty'],
    meaning:
      'Resident pages that at least one more process maps now, and that were written to: shared memory, or the memory of a parent and its child after fork.',
    traps: 'After fork all memory of the parent moves from Private_Dirty to here, though nothing was copied yet.',
    since: '2.6.14',
    related: ['Private_Dirty', 'copy-on-write', 'dirty'],
  }),
  counter({
    names: ['Private_Clean'],
    meaning:
      'Resident pages that only this process maps now, and that are as they are on disk: the kernel can drop them at any time, and read them again.',
    traps: 'Pages given back with MADV_FREE count here too, until the kernel takes them.',
    since: '2.6.14',
    related: ['Shared_Clean', 'clean', 'LazyFree'],
  }),
  counter({
    names: ['Private_Dirty'],
    meaning:
      'Resident pages that only this process maps now, and that were written to: what it really costs, and what would come free if it ended.',
    traps:
      'A MAP_SHARED page that only one process uses counts as private. A freshly written file that is mapped can show here too, until its pages are on disk. What is swapped out is not in it.',
    since: '2.6.14',
    related: ['USS', 'Anonymous', 'Pss', 'Swap'],
  }),
  counter({
    names: ['Referenced'],
    meaning: 'Resident pages that are marked as used since the mark was last cleared.',
    traps:
      'The kernel clears marks when it needs memory, and whoever writes to clear_refs clears them too. By itself it is no measure of the working set.',
    since: '2.6.22',
    related: ['clear_refs', 'working set'],
  }),
  counter({
    names: ['Anonymous'],
    meaning:
      'Resident pages that belong to no file: heap, stack, and the private copies of file pages that were written to.',
    traps:
      'A region with a file name can have anonymous pages: those were copied on write. Pages of shared memory are not anonymous here: the kernel backs them by a file of its own.',
    since: 'about 2.6.36',
    related: ['copy-on-write', 'RssAnon', 'Private_Dirty'],
  }),
];
