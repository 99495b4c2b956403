import {KIND_MEANINGS, KINDS, type Kind} from '../../../model/kind.ts';
import type {Word} from '../word.ts';

interface Kindly {
  readonly traps: string;
  readonly source: string;
  readonly related: readonly string[];
}

/** What surprises people about each kind of region, and where to read on. */
const MORE: Readonly<Record<Kind, Kindly>> = {
  text: {
    traps:
      'It is mapped from the file, so all processes that run the program share it. It can be dropped and read again at any time.',
    source: 'elf(5), PT_LOAD with PF_X',
    related: ['rodata', 'VmExe', 'VmLib', 'segment'],
  },
  rodata: {
    traps:
      'The first of these regions begins with the ELF header. Linkers since about 2018 put constants into regions of their own; before, they lay with the code.',
    source: 'elf(5), PT_LOAD with PF_R only',
    related: ['text', 'relro'],
  },
  relro: {
    traps:
      'It comes from the same segment as the data: mprotect cuts that in two once the linker is done. Its pages were written to, so each process has its own copy of them.',
    source: 'elf(5), PT_GNU_RELRO; ld(1), -z relro',
    related: ['data', 'mprotect', 'copy-on-write'],
  },
  data: {
    traps: "It is mapped privately from the file: pages that were never written to are still the file's, and shared.",
    source: 'elf(5), PT_LOAD with PF_W',
    related: ['bss', 'relro', 'copy-on-write', 'VmData'],
  },
  bss: {
    traps: 'It has no name in maps and no bytes in the file. The end of the last page of data belongs to it too.',
    source: 'elf(5), p_memsz beyond p_filesz',
    related: ['data', 'anon'],
  },
  heap: {
    traps:
      'malloc uses it for small blocks of the main thread only: large blocks (128 KiB and more, at first) come from mmap, and other threads have arenas. It shrinks only if the memory at its very top is free.',
    source: 'brk(2), malloc(3), mallopt(3)',
    related: ['brk', '[heap]', 'arena', 'anon'],
  },
  arena: {
    traps:
      'Each thread that waits for another arena may get a new one, up to 8 a processor: many threads can hold much freed memory. MALLOC_ARENA_MAX limits them. The part without access is reserved only.',
    source: 'malloc(3), mallopt(3), M_ARENA_MAX; glibc malloc/arena.c',
    related: ['heap', 'reserved', 'thread-stack'],
  },
  managed: {
    traps:
      'What the runtime calls "used" is less than what is resident: garbage that was not collected yet, and pages that were not given back, are in it.',
    source: 'the documentation of the runtime',
    related: ['jit', 'anon', 'reserved'],
  },
  jit: {
    traps:
      'Regions that may be written and executed at once (rwx) make attacks easier: most runtimes now switch between the two.',
    source: 'mprotect(2); the documentation of the runtime',
    related: ['text', 'managed', 'perms'],
  },
  stack: {
    traps:
      'It is as large as it ever was: the kernel lets it grow, and never shrinks it. The arguments and the environment lie at its top.',
    source: 'execve(2), getrlimit(2), RLIMIT_STACK',
    related: ['[stack]', 'gd', 'RLIMIT_STACK', 'thread-stack'],
  },
  'thread-stack': {
    traps:
      '8 MiB each by default, but only address space: what was never touched costs nothing. Since Linux 4.5 no name tells them.',
    source: 'pthread_create(3), pthread_attr_setstacksize(3)',
    related: ['stack', 'guard', '[stack:…]', 'Threads'],
  },
  guard: {
    traps:
      'Each is a region and counts against vm.max_map_count. Guards that were made with MADV_GUARD_INSTALL are no regions of their own and do not show in maps.',
    source: 'pthread_attr_setguardsize(3), mprotect(2)',
    related: ['thread-stack', 'reserved', 'gu', 'max_map_count'],
  },
  reserved: {
    traps: 'It makes VmSize look huge and costs nothing but a line in maps.',
    source: 'mmap(2), PROT_NONE, MAP_NORESERVE',
    related: ['nr', 'guard', 'VmSize', 'overcommit'],
  },
  anon: {
    traps:
      'Neighbours that are alike are merged into one region: a region is not an allocation, and the kernel does not know who asked for it.',
    source: 'mmap(2), MAP_ANONYMOUS; malloc(3)',
    related: ['Anonymous', 'arena', 'heap', '[anon:…]'],
  },
  file: {
    traps: 'Its pages are those of the page cache: resident here and counted as cache by free(1) at once.',
    source: 'mmap(2)',
    related: ['page cache', 'RssFile', '(deleted)'],
  },
  shared: {
    traps:
      'Each process that maps it counts it in full in its RSS. It lives on after the process, if it is a SysV segment or a file in /dev/shm.',
    source: 'shmget(2), shm_overview(7), mmap(2)',
    related: ['RssShmem', '/SYSV…', '/dev/zero', 'memfd', 'Pss'],
  },
  memfd: {
    traps:
      'Always shown as deleted, since it never had a name in a folder. Its memory lives as long as somebody has it open or mapped.',
    source: 'memfd_create(2)',
    related: ['/memfd:…', 'shared', 'RssShmem'],
  },
  hugetlb: {
    traps:
      'It was taken out of the pool when it was mapped or touched, and can not be swapped. A process can have GiB of it and a small RSS.',
    source: 'mmap(2), MAP_HUGETLB; Documentation/admin-guide/mm/hugetlbpage.rst',
    related: ['ht', 'HugetlbPages', 'Private_Hugetlb', 'huge page'],
  },
  vdso: {
    traps:
      'The same few pages in all processes, at a random address in each. No file holds it, and strace does not see calls that it answers.',
    source: 'vdso(7)',
    related: ['[vdso]', 'vvar', 'vsyscall'],
  },
  vvar: {
    traps: 'Its pages are not counted as resident, and debuggers can not read all of it.',
    source: 'vdso(7)',
    related: ['[vvar]', 'vdso', 'pf'],
  },
  vsyscall: {
    traps: "It lies in the kernel's half of the address space, is not in VmSize, and its code is emulated.",
    source: 'vdso(7); Documentation/admin-guide/kernel-parameters.txt, vsyscall=',
    related: ['[vsyscall]', 'vdso', 'VmSize'],
  },
  device: {
    traps: 'What is behind it is often no RAM at all: a GPU can show a huge size and an RSS of 0.',
    source: 'mmap(2); the documentation of the driver',
    related: ['pf', 'io'],
  },
  special: {
    traps: 'It costs memory of the kernel, which may or may not be counted as resident.',
    source: 'perf_event_open(2), io_uring_setup(2), packet(7)',
    related: ['device', 'shared', '[uprobes]'],
  },
};

export const KIND_WORDS: readonly Word[] = KINDS.map((kind) => ({
  names: [kind],
  group: 'kind',
  unit: 'none; memmap sums up the sizes and counters of its regions in bytes',
  meaning: `${KIND_MEANINGS[kind].charAt(0).toUpperCase()}${KIND_MEANINGS[kind].slice(1)}.`,
  ...MORE[kind],
}));
