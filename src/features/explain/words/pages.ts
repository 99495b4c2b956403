import type {Word} from '../word.ts';

const SMAPS = 'proc_pid_smaps(5); Documentation/filesystems/proc.rst';

const counter = (word: Omit<Word, 'group' | 'unit' | 'source'> & {unit?: string}): Word => ({
  group: 'counter',
  unit: 'KiB (the kernel prints "kB"); bytes in memmap\'s JSON',
  source: SMAPS,
  ...word,
});

/** smaps: special pages, swap, locks, and the lines that are no amounts. fs/proc/task_mmu.c, __show_smap(), show_smap(). */
export const PAGE_WORDS: readonly Word[] = [
  counter({
    names: ['KSM'],
    meaning:
      'Pages that the kernel merged with others of the same content (kernel samepage merging), because a program asked for it with MADV_MERGEABLE.',
    traps: 'Merged pages that are all zero are not counted.',
    since: '6.6',
    related: ['mg'],
  }),
  counter({
    names: ['LazyFree'],
    meaning:
      'Pages that the program gave back with madvise(MADV_FREE). The kernel takes them when it needs memory; until then they still count as resident.',
    traps: 'So resident memory may not fall after free. The number is kept lazily and can be too low.',
    since: '4.12',
    related: ['MADV_FREE', 'Private_Clean'],
  }),
  counter({
    names: ['AnonHugePages'],
    meaning: 'Anonymous memory in transparent huge pages of the size of a page table (2 MiB on x86-64).',
    traps:
      'Huge pages of other sizes (mTHP, since 6.8) do not show. One touch of a byte can make 2 MiB resident at once.',
    since: '2.6.38',
    related: ['huge page', 'hg', 'nh', 'THPeligible'],
  }),
  counter({
    names: ['ShmemPmdMapped'],
    meaning: 'Shared memory (tmpfs, memfd, MAP_SHARED|MAP_ANONYMOUS) that is mapped by huge pages.',
    since: '4.8',
    related: ['AnonHugePages', 'huge page'],
  }),
  counter({
    names: ['FilePmdMapped'],
    meaning: 'Memory of files that is mapped by huge pages.',
    since: '5.4',
    related: ['AnonHugePages', 'huge page'],
  }),
  counter({
    names: ['Shared_Hugetlb'],
    meaning: 'Pages of the hugetlb pool in this region that other processes map too.',
    traps: 'Not in Rss, Pss, or any other counter: this memory comes on top.',
    since: '4.4',
    related: ['hugetlb', 'Private_Hugetlb', 'HugetlbPages'],
  }),
  counter({
    names: ['Private_Hugetlb'],
    meaning: 'Pages of the hugetlb pool in this region that only this process maps.',
    traps: 'Not in Rss, Pss, or any other counter: this memory comes on top.',
    since: '4.4',
    related: ['hugetlb', 'Shared_Hugetlb', 'HugetlbPages'],
  }),
  counter({
    names: ['Swap'],
    meaning: 'How much of the region is out on swap. Reading it brings it back, which takes a disk access a page.',
    traps: 'For shared memory it counts what of the shared object is out on swap, whoever put it there.',
    since: '2.6.26',
    related: ['SwapPss', 'VmSwap', 'Rss'],
  }),
  counter({
    names: ['SwapPss'],
    meaning: 'The fair share of what is out on swap: each page divided by the number of processes that have it.',
    traps: 'Shared memory on swap is in Swap, but not here.',
    since: '4.3',
    related: ['Swap', 'Pss'],
  }),
  counter({
    names: ['Locked'],
    meaning:
      'Memory that is locked into RAM with mlock(2): it will not be swapped out. Counted by fair share, as Pss is.',
    traps: 'It can be less than the size of the locked region, where other processes map the same pages.',
    since: 'about 2.6.39',
    related: ['lo', 'VmLck', 'RLIMIT_MEMLOCK', 'mlock'],
  }),
  counter({
    names: ['THPeligible'],
    unit: '1 (yes) or 0 (no)',
    meaning: 'Could this region get transparent huge pages, with the settings of now?',
    traps: 'It says "could", not "has": AnonHugePages says how much it has.',
    since: '5.0',
    related: ['huge page', 'AnonHugePages', 'hg', 'nh'],
  }),
  counter({
    names: ['ProtectionKey'],
    unit: 'number of a key, 0 to 15',
    meaning:
      'The memory protection key of the region: a thread can take away its own access to all regions with one key, without a system call.',
    traps:
      'Only where processor and kernel have protection keys. The region can be unreadable for a thread though its permissions say r.',
    since: '4.6',
    related: ['perms', 'mprotect'],
  }),
  counter({
    names: ['Nonlinear'],
    meaning: 'Pages of a file that were mapped out of order with remap_file_pages(2).',
    since: '3.7, gone in 4.0',
    related: ['nl'],
  }),
  counter({
    names: ['Name'],
    unit: 'none',
    meaning:
      "Android's name of an anonymous region, such as [anon:libc_malloc]: kernels before 5.17 print it as a line of smaps instead of as the name.",
    since: 'kernels of Android only',
    related: ['[anon:…]'],
  }),
  counter({
    names: ['VmFlags'],
    unit: 'none',
    meaning:
      'What the kernel has noted about the region, as two-letter codes: permissions, what may become permitted, advice, accounting. memmap explain CODE says what one means.',
    traps: 'Their order differs between kernels, and codes come and go. ?? is a note that has no code.',
    since: '3.8',
    related: ['rd', 'ac', 'nr', 'gd', 'lo'],
  }),
];
