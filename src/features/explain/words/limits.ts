import type {Word} from '../word.ts';

const limit = (word: Omit<Word, 'group' | 'unit' | 'source'>): Word => ({
  group: 'limit',
  unit: 'bytes; a limit of each process, in /proc/PID/limits and ulimit (which takes KiB)',
  source: 'getrlimit(2), prlimit(1)',
  ...word,
});

const setting = (word: Omit<Word, 'group' | 'source'> & {source?: string}): Word => ({
  group: 'limit',
  source: 'Documentation/admin-guide/sysctl/vm.rst',
  ...word,
});

/** What memory a process may have: its own limits, and settings of the machine in /proc/sys. */
export const LIMIT_WORDS: readonly Word[] = [
  limit({
    names: ['RLIMIT_AS', 'Max address space', 'ulimit -v'],
    meaning: 'The most address space: mmap and brk fail with ENOMEM beyond.',
    traps:
      'Address space, not memory. Runtimes that reserve much at their start (JVM, Go, V8, sanitizers) fail under it though they use little.',
    related: ['VmSize', 'reserved'],
  }),
  limit({
    names: ['RLIMIT_DATA', 'Max data size', 'ulimit -d'],
    meaning: 'The most data: brk, and since Linux 4.7 private writable mmap too, fail with ENOMEM beyond.',
    traps: 'It is held against VmData, which is address space.',
    related: ['VmData', 'brk'],
  }),
  limit({
    names: ['RLIMIT_STACK', 'Max stack size', 'ulimit -s'],
    meaning:
      'How far the main stack may grow, 8 MiB by default: beyond, the process gets SIGSEGV. It is also the size of new thread stacks in glibc.',
    traps:
      'A quarter of it is the room for arguments and environment. It also decides how far below the stack mmap begins.',
    related: ['stack', 'thread-stack', 'gd'],
  }),
  limit({
    names: ['RLIMIT_MEMLOCK', 'Max locked memory', 'ulimit -l'],
    meaning: 'How much memory may be locked into RAM without privilege.',
    related: ['mlock', 'VmLck', 'Locked'],
  }),
  limit({
    names: ['RLIMIT_RSS', 'Max resident set', 'ulimit -m'],
    meaning: 'Meant as the most resident memory.',
    traps: 'Without effect since Linux 2.4.30. To limit memory use a cgroup.',
    related: ['cgroup', 'Rss'],
  }),
  setting({
    names: ['max_map_count', 'vm.max_map_count'],
    unit: 'number of regions a process; 65530 by default, 1048576 on several distributions',
    meaning:
      'How many regions a process may have. At the limit mmap fails with ENOMEM, and so does munmap or mprotect that would cut a region in two.',
    traps:
      'The error says "cannot allocate memory" though there is plenty. Guards, and advice or permissions on parts of a region, use it up.',
    related: ['region', 'split', 'guard'],
  }),
  setting({
    names: ['overcommit_memory', 'vm.overcommit_memory', 'overcommit'],
    unit: '0, 1 or 2',
    meaning:
      'How much memory the kernel promises: 0 refuses only what can obviously not be had, 1 refuses nothing, 2 promises no more than swap and a part of RAM (overcommit_ratio).',
    traps:
      'With 0 or 1 malloc hardly ever fails: it is the first touch that finds no memory, and then the OOM killer ends a process.',
    related: ['ac', 'nr', 'demand paging', 'OOM killer'],
    source: 'Documentation/mm/overcommit-accounting.rst; proc_sys_vm(5)',
  }),
  setting({
    names: ['randomize_va_space', 'kernel.randomize_va_space'],
    unit: '0, 1 or 2',
    meaning: 'Are addresses random (ASLR)? 0 no; 1 stack, mmap area and vdso; 2 the start of brk too.',
    related: ['ASLR', 'start_brk'],
    source: 'Documentation/admin-guide/sysctl/kernel.rst',
  }),
  setting({
    names: ['mmap_min_addr', 'vm.mmap_min_addr'],
    unit: 'address; 65536 as a rule',
    meaning: 'The lowest address that may be mapped without privilege.',
    traps: 'It is why following a null pointer is a fault, also at p->field.',
    related: ['hole'],
  }),
  setting({
    names: ['swappiness', 'vm.swappiness'],
    unit: '0 to 200; 60 by default',
    meaning: 'When memory is short: how readily the kernel swaps out anonymous pages, rather than drop pages of files.',
    related: ['swap', 'page cache'],
  }),
  setting({
    names: ['ptrace_scope', 'Yama', 'kernel.yama.ptrace_scope'],
    unit: '0 to 3',
    meaning:
      'Who may attach with a debugger: 0 anybody to their own processes, 1 only parents, 2 only the administrator, 3 nobody.',
    traps: 'It does not concern reading maps and smaps, which need a weaker right.',
    source: 'Documentation/admin-guide/LSM/Yama.rst; ptrace(2)',
  }),
];
