import type {Word} from '../word.ts';

const idea = (word: Omit<Word, 'group' | 'unit'> & {unit?: string}): Word => ({group: 'idea', unit: 'none', ...word});

const CONCEPTS = 'Documentation/admin-guide/mm/concepts.rst';

/** Words of the field: what memory is, and how it comes to be. */
export const MEMORY_WORDS: readonly Word[] = [
  idea({
    names: ['address space'],
    meaning: 'All addresses that a process may use: its regions, and the holes between them. Each process has its own.',
    traps: 'Mapped is not resident: most of a large address space has no memory behind it.',
    source: CONCEPTS,
    related: ['region', 'VmSize', 'hole'],
  }),
  idea({
    names: ['region', 'mapping', 'VMA', 'virtual memory area'],
    meaning: 'One line of /proc/PID/maps: a range of addresses with one set of permissions and one thing behind it.',
    traps: 'The kernel merges neighbours that are alike and cuts regions at will: a region is not an allocation.',
    source: 'proc_pid_maps(5); include/linux/mm_types.h, vm_area_struct',
    related: ['address space', 'merged', 'max_map_count'],
  }),
  idea({
    names: ['page'],
    unit: '4096 bytes on most machines; 16384 or 65536 on some arm64 and PowerPC',
    meaning:
      'The smallest piece of memory that the processor and the kernel deal with. Addresses, sizes and permissions of regions are whole pages.',
    source: `${CONCEPTS}; getconf PAGESIZE`,
    related: ['page table', 'huge page', 'KernelPageSize'],
  }),
  idea({
    names: ['page table', 'page tables', 'PTE', 'PMD'],
    meaning:
      'What the processor looks up at each access: which page of RAM an address stands for, and what is permitted. A tree of tables of 4 KiB; the lowest entries are PTEs, those above PMDs.',
    traps: 'They take memory themselves, outside of RSS.',
    source: 'Documentation/mm/page_tables.rst',
    related: ['VmPTE', 'page fault'],
  }),
  idea({
    names: ['page fault', 'minor fault', 'major fault'],
    meaning:
      'The processor finds no entry for an address, or no permission, and asks the kernel. A minor fault needs no disk, a major fault does; where nothing is mapped the process gets SIGSEGV.',
    source: CONCEPTS,
    related: ['demand paging', 'copy-on-write', 'hole'],
  }),
  idea({
    names: ['demand paging', 'lazy allocation', 'zero page'],
    meaning:
      'Memory is set aside page by page, when it is first touched. Reading untouched anonymous memory shows a shared page of zeros; only writing gets a page of its own.',
    traps: 'malloc of 1 GiB costs nothing until it is written to.',
    source: CONCEPTS,
    related: ['Rss', 'touched', 'overcommit'],
  }),
  idea({
    names: ['copy-on-write', 'COW'],
    meaning:
      'Private memory that two have in common is copied page by page, when one of them writes: file pages by a process, and all memory after fork.',
    traps:
      'So the memory of a child grows while it only "uses" what it got. Reference counts in objects are writes too.',
    source: 'fork(2), mmap(2), MAP_PRIVATE',
    related: ['fork', 'Private_Dirty', 'Anonymous', 'exclusive'],
  }),
  idea({
    names: ['fork'],
    meaning: 'The child gets a copy of the address space, but the pages are shared until one of the two writes.',
    source: 'fork(2)',
    related: ['copy-on-write', 'dc', 'wf'],
  }),
  idea({
    names: ['USS', 'unique set size'],
    unit: 'bytes',
    meaning: 'Private_Clean + Private_Dirty: the resident pages that only this process maps.',
    traps: 'After fork it is nearly 0 for parent and child, as all is shared between the two.',
    source: 'smem(8); computed from smaps',
    related: ['Private_Dirty', 'Private_Clean', 'Pss'],
  }),
  idea({
    names: ['working set'],
    meaning:
      'The pages that a process really uses in some time. Resident memory is at least that as long as RAM is plenty, and often much more.',
    source: 'proc_pid_clear_refs(5)',
    related: ['Referenced', 'Rss'],
  }),
  idea({
    names: ['dirty'],
    meaning:
      'Written to since it came from its file, or without a file at all: the kernel must write it out before it can take the page.',
    source: CONCEPTS,
    related: ['clean', 'Private_Dirty'],
  }),
  idea({
    names: ['clean'],
    meaning: 'As it is on disk: the kernel can drop the page at any time, and read it again.',
    source: CONCEPTS,
    related: ['dirty', 'page cache'],
  }),
  idea({
    names: ['anonymous', 'anonymous memory'],
    meaning: 'Memory without a file behind it: it begins as zeros, and can only go to swap.',
    source: 'mmap(2), MAP_ANONYMOUS',
    related: ['anon', 'Anonymous', 'heap', 'swap'],
  }),
  idea({
    names: ['page cache', 'cache'],
    meaning: 'Pages of files in RAM, kept by the kernel for all processes. A mapped file is a window on it.',
    source: CONCEPTS,
    related: ['RssFile', 'clean', 'file'],
  }),
  idea({
    names: ['swap'],
    meaning: 'Disk (or compressed RAM) where anonymous pages go when RAM is short.',
    source: 'swapon(2)',
    related: ['Swap', 'VmSwap', 'swappiness'],
  }),
  idea({
    names: ['huge page', 'THP', 'transparent huge pages'],
    meaning:
      'A page of 2 MiB (x86-64) instead of 512 small ones: fewer lookups, but resident memory comes in large pieces. Transparent: the kernel does it by itself or on advice.',
    traps: 'Not the same as hugetlb pages, which come from a pool and are counted apart.',
    source: 'Documentation/admin-guide/mm/transhuge.rst',
    related: ['AnonHugePages', 'hg', 'nh', 'hugetlb'],
  }),
  idea({
    names: ['hole', 'gap'],
    meaning:
      'Addresses between two regions, where nothing is mapped. An access there is a SIGSEGV; new mappings go there.',
    source: 'mmap(2)',
    related: ['address space', 'page fault', 'guard'],
  }),
  idea({
    names: ['fragmentation'],
    meaning:
      'Free memory in pieces that are too small, or that share their pages with memory in use: it stays resident though the program freed it.',
    source: 'malloc(3), malloc_trim(3)',
    related: ['arena', 'heap', 'LazyFree'],
  }),
  idea({
    names: ['leak', 'memory leak'],
    meaning: 'Memory that a program no longer uses and never gives back.',
    traps: 'Growth alone is no proof: caches, arenas and garbage collectors grow to a plateau.',
    source: 'malloc(3)',
    related: ['fragmentation', 'Private_Dirty'],
  }),
  idea({
    names: ['OOM killer', 'OOM'],
    meaning:
      'When no memory is left, or a cgroup is at its limit, the kernel ends a process: mostly the one with the most resident memory, swap and page tables.',
    source: 'proc_pid_oom_score_adj(5)',
    related: ['overcommit', 'cgroup', 'RssAnon'],
  }),
  idea({
    names: ['cgroup', 'memory.max'],
    meaning:
      'A group of processes with a limit of memory; containers are limited so. Page cache and memory of the kernel count too.',
    traps: 'Its sum is not the sum of RSS: shared pages count once, for who touched them first.',
    source: 'cgroups(7); Documentation/admin-guide/cgroup-v2.rst',
    related: ['OOM killer', 'Pss'],
  }),
];
