import type {Word} from '../word.ts';

interface Flag {
  readonly meaning: string;
  readonly traps?: string;
  readonly since?: string;
  readonly related?: readonly string[];
}

/**
 * VmFlags: fs/proc/task_mmu.c, show_smap_vma_flags(); the flags themselves are in include/linux/mm.h. All codes that a kernel
 * has ever printed; without `since`: as old as the line itself.
 */
const FLAGS: Readonly<Record<string, Flag>> = {
  rd: {meaning: 'Readable.', related: ['mr', 'perms']},
  wr: {meaning: 'Writable.', related: ['mw', 'perms']},
  ex: {meaning: 'Executable.', related: ['me', 'perms']},
  sh: {
    meaning: 'Shared: writes go to the file or to the shared memory behind it, and others see them.',
    traps:
      'A MAP_SHARED mapping of a file that was opened for reading has ms but not sh, and yet an s in its permissions.',
    related: ['ms', 's'],
  },
  mr: {meaning: 'May be made readable with mprotect(2).', related: ['rd', 'mprotect']},
  mw: {
    meaning: 'May be made writable with mprotect(2).',
    traps: 'A shared mapping of a file that was opened for reading lacks it, and so can never be written through.',
    related: ['wr', 'mprotect'],
  },
  me: {
    meaning: 'May be made executable with mprotect(2).',
    traps: 'A file on a file system that is mounted noexec lacks it.',
    related: ['ex', 'mprotect'],
  },
  ms: {meaning: 'May be shared: MAP_SHARED was asked for.', related: ['sh', 's']},
  gd: {
    meaning: 'Grows downwards by itself when a program touches memory right below it: the main stack.',
    traps: 'The kernel keeps a gap of 1 MiB free below it (stack_guard_gap), which no line of maps shows.',
    related: ['[stack]', 'RLIMIT_STACK', 'VmStk'],
  },
  pf: {
    meaning: "Maps page frames directly, without the kernel's own bookkeeping of pages: memory of a device, or [vvar].",
    traps: 'Its pages are in no counter: Rss is 0 though it can be read.',
    related: ['io', 'mm', 'device'],
  },
  dw: {
    meaning: 'The mapped file must not be written to by others (ETXTBSY), since it is being executed.',
    since: '3.8, gone in 5.15',
    related: ['text'],
  },
  lo: {meaning: 'Locked into RAM with mlock(2): all its pages stay resident.', related: ['Locked', 'VmLck', 'mlock']},
  lf: {
    meaning:
      'Locked on fault: pages stay in RAM once they were touched, but are not brought in at once (mlock2(2), MLOCK_ONFAULT).',
    since: '4.4, which printed ?? for it; the code came later',
    related: ['lo', 'mlock'],
  },
  io: {meaning: 'Memory-mapped input and output: registers or memory of a device.', related: ['pf', 'device']},
  sr: {
    meaning: 'The program said that it reads in order (MADV_SEQUENTIAL): the kernel reads further ahead.',
    related: ['rr', 'madvise'],
  },
  rr: {
    meaning: 'The program said that it reads here and there (MADV_RANDOM): the kernel does not read ahead.',
    related: ['sr', 'madvise'],
  },
  dc: {meaning: 'Not given to a child by fork(2) (MADV_DONTFORK).', related: ['wf', 'fork', 'madvise']},
  de: {
    meaning: 'Can not be made larger with mremap(2): mappings of devices and special mappings of the kernel.',
    related: ['mremap'],
  },
  ac: {
    meaning: 'Accounted: its size is charged against what the machine may promise (Committed_AS of /proc/meminfo).',
    traps: 'It is charged when it is mapped, whether or not it is ever touched.',
    related: ['nr', 'overcommit'],
  },
  nr: {
    meaning: 'No reserve: its size is not charged against what the machine may promise (MAP_NORESERVE).',
    traps:
      'Runtimes reserve many GiB this way: it is address space only. It is ignored where overcommit is forbidden (mode 2).',
    related: ['ac', 'overcommit', 'reserved'],
  },
  ht: {
    meaning: 'Pages of the hugetlb pool (MAP_HUGETLB, or a file of hugetlbfs).',
    traps: 'Rss and Pss do not count them.',
    related: ['hugetlb', 'Private_Hugetlb'],
  },
  sf: {
    meaning:
      'Synchronous page faults (MAP_SYNC): a write to persistent memory is durable once the processor has flushed it.',
    since: '4.15',
  },
  nl: {
    meaning: 'Non-linear: pages of the file in another order (remap_file_pages(2)).',
    since: '3.8, gone in 4.0',
    related: ['Nonlinear'],
  },
  ar: {
    meaning:
      'A flag that means something else on each architecture; on x86 it concerns how memory of devices is cached.',
  },
  wf: {
    meaning:
      'Wiped on fork: a child gets zeros in its place (MADV_WIPEONFORK). Keys and states of random generators are kept so.',
    since: '4.14',
    related: ['dc', 'fork', 'madvise'],
  },
  dd: {meaning: 'Left out of core dumps (MADV_DONTDUMP).', related: ['madvise']},
  bt: {
    meaning: 'Branch target identification: indirect jumps may land only where the code allows it (arm64, PROT_BTI).',
    since: '5.8',
  },
  sd: {
    meaning: 'Soft-dirty: the region is new, or was changed as a whole, since the soft-dirty bits were cleared.',
    traps: 'Only where the kernel has CONFIG_MEM_SOFT_DIRTY. Merging two regions can lose or spread it.',
    since: '3.13',
    related: ['soft-dirty', 'clear_refs'],
  },
  mm: {meaning: 'Mixed map: ordinary pages and bare page frames side by side.', related: ['pf']},
  hg: {
    meaning: 'The program asked for transparent huge pages here (MADV_HUGEPAGE).',
    related: ['nh', 'huge page', 'AnonHugePages'],
  },
  nh: {
    meaning: 'The program asked for no transparent huge pages here (MADV_NOHUGEPAGE).',
    related: ['hg', 'huge page'],
  },
  mg: {meaning: 'Its pages may be merged with others of the same content (MADV_MERGEABLE).', related: ['KSM']},
  um: {
    meaning: 'userfaultfd(2) is told when a page is missing, and supplies it.',
    since: '4.3',
    related: ['uw', 'ui', 'userfaultfd'],
  },
  uw: {
    meaning: 'userfaultfd(2) is told of writes to pages that it protected.',
    since: '4.3',
    related: ['um', 'ui', 'userfaultfd'],
  },
  ui: {
    meaning: 'userfaultfd(2) is told of minor faults: the page is there, but not yet in the page tables.',
    since: '5.13',
    related: ['um', 'uw', 'userfaultfd'],
  },
  mt: {meaning: 'Memory tagging: each 16 bytes carry a tag that pointers must match (arm64, PROT_MTE).', since: '5.10'},
  ss: {
    meaning: 'A shadow stack: a second stack of return addresses, which ordinary writes can not change.',
    since: '6.6',
    related: ['stack'],
  },
  dp: {
    meaning:
      'Droppable: the kernel may throw the pages away at any time, and they read as zeros again (MAP_DROPPABLE, for the getrandom of the vdso).',
    since: '6.11',
    related: ['[vdso]'],
  },
  sl: {
    meaning: 'Sealed with mseal(2): the region can not be unmapped, moved, or given other permissions.',
    since: '6.10',
    related: ['mprotect'],
  },
  gu: {
    meaning:
      'The region may have guard pages inside it (MADV_GUARD_INSTALL): touching one is a fault, though it is part of a readable region.',
    since: '6.19, and later versions of 6.18',
    related: ['guard', 'guard region'],
  },
  mp: {meaning: 'Bounds tables of Intel MPX.', since: '3.19, gone in 5.6'},
  '??': {
    meaning: 'A flag of the kernel that has no code.',
    traps: 'It can be there more than once: each stands for another flag.',
  },
};

/** All codes that memmap knows. */
export const FLAG_CODES: readonly string[] = Object.keys(FLAGS);

/** What a code says of a region, in one sentence; undefined for a code that memmap doesn't know. */
export const flagMeaning = (code: string): string | undefined =>
  Object.hasOwn(FLAGS, code) ? FLAGS[code]!.meaning : undefined;

export const FLAG_WORDS: readonly Word[] = Object.entries(FLAGS).map(([code, {meaning, traps, since, related}]) => ({
  names: [code],
  group: 'flag',
  unit: 'none: it is set or not',
  meaning,
  traps,
  since: since ?? '3.8',
  source: 'proc_pid_smaps(5); fs/proc/task_mmu.c, show_smap_vma_flags()',
  related: [...(related ?? []), 'VmFlags'],
}));
