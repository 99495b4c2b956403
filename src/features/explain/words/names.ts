import type {Word} from '../word.ts';

const name = (word: Omit<Word, 'group' | 'unit' | 'source'> & {source?: string}): Word => ({
  group: 'name',
  unit: 'none',
  source: 'proc_pid_maps(5); fs/proc/task_mmu.c, get_vma_name()',
  ...word,
});

/** Names in /proc/PID/maps that are no files one can open. `…` stands for whatever is there. */
export const NAME_WORDS: readonly Word[] = [
  name({
    names: ['[heap]'],
    meaning: 'The brk area: what lies between where the program break began and where it is.',
    traps: 'It can take several lines, after mprotect, or be absent. It is not all that malloc has.',
    related: ['heap', 'brk', 'start_brk'],
  }),
  name({
    names: ['[stack]'],
    meaning: 'The stack of the first thread.',
    traps: 'After mprotect on a part of it, the lower parts lose the name. Stacks of other threads have no name.',
    related: ['stack', 'thread-stack', 'gd'],
  }),
  name({
    names: ['[stack:…]'],
    meaning: 'The stack of the thread with this id.',
    since: '3.4, gone in 4.5',
    related: ['thread-stack'],
  }),
  name({
    names: ['[vdso]'],
    meaning: 'Code that the kernel puts into each process, so that asking for the time is no system call.',
    source: 'vdso(7)',
    related: ['vdso', '[vvar]'],
  }),
  name({
    names: ['[vvar]'],
    meaning: 'Data of the kernel that the code in [vdso] reads, such as the clock.',
    source: 'vdso(7)',
    related: ['vvar', '[vdso]'],
  }),
  name({
    names: ['[vvar_vclock]'],
    meaning: 'The part of [vvar] with clocks of a hypervisor, split off as a region of its own.',
    since: 'about 6.13',
    source: 'vdso(7)',
    related: ['vvar', '[vvar]'],
  }),
  name({
    names: ['[vsyscall]'],
    meaning:
      'A page of the kernel with the oldest form of fast system calls, at the same address in all processes (x86-64).',
    traps:
      "Listed last, above all memory of the process, and not in VmSize. It can't be read: it is only there to be called.",
    source: 'vdso(7)',
    related: ['vsyscall', '[vdso]'],
  }),
  name({
    names: ['[vectors]', '[sigpage]'],
    meaning:
      'Pages of the kernel in processes on 32-bit ARM: helper functions, and the code that returns from signals.',
    related: ['vsyscall'],
  }),
  name({
    names: ['[anon:…]'],
    meaning: 'Anonymous private memory that the program gave a name, with prctl(PR_SET_VMA_ANON_NAME).',
    traps:
      'Any program can choose any name. Only where the kernel has CONFIG_ANON_VMA_NAME. Memory with two names is not merged.',
    since: '5.17 (Android: before)',
    source: 'prctl(2), PR_SET_VMA; proc_pid_maps(5)',
    related: ['anon', '[anon_shmem:…]'],
  }),
  name({
    names: ['[anon_shmem:…]'],
    meaning: 'Anonymous shared memory that the program gave a name.',
    since: '6.2',
    source: 'prctl(2), PR_SET_VMA; proc_pid_maps(5)',
    related: ['shared', '[anon:…]'],
  }),
  name({
    names: ['[uprobes]'],
    meaning: 'A page where the kernel runs instructions of the program that a probe stands on.',
    traps: 'It can lie above [stack].',
    source: 'Documentation/trace/uprobetracer.rst',
    related: ['special'],
  }),
  name({
    names: ['[uprobes-trampoline]'],
    meaning: 'A page near the code that fast probes jump through.',
    since: '6.18',
    source: 'Documentation/trace/uprobetracer.rst',
    related: ['special', '[uprobes]'],
  }),
  name({
    names: ['[rollup]'],
    meaning: 'The one line of smaps_rollup: its range is from the first region to the last.',
    since: '4.14',
    source: 'proc_pid_smaps(5)',
    related: ['smaps_rollup'],
  }),
  name({
    names: ['/memfd:…'],
    meaning: 'Memory of memfd_create(2), under the name that the program gave it. It always says (deleted).',
    traps: 'The name is for people only: two can be the same.',
    since: '3.17',
    source: 'memfd_create(2)',
    related: ['memfd', '(deleted)'],
  }),
  name({
    names: ['/SYSV…'],
    meaning: 'A segment of SysV shared memory. The eight digits are its key; the inode is its id, as ipcs -m shows it.',
    traps: 'It says (deleted) from its birth on. It stays after all processes have left it, until ipcrm.',
    source: 'shmget(2), sysvipc(7)',
    related: ['shared', '(deleted)'],
  }),
  name({
    names: ['/dev/zero'],
    meaning:
      'With (deleted): memory that a process shares with its children (MAP_SHARED|MAP_ANONYMOUS). Without: a private mapping of /dev/zero, which is anonymous memory, the old way.',
    source: 'mmap(2), zero(4)',
    related: ['shared', 'anon'],
  }),
  name({
    names: ['/anon_hugepage'],
    meaning: 'Memory of the hugetlb pool without a file (MAP_HUGETLB).',
    source: 'mmap(2), MAP_HUGETLB',
    related: ['hugetlb', 'ht'],
  }),
  name({
    names: ['/secretmem'],
    meaning: 'Memory that not even the kernel maps for itself (memfd_secret(2)).',
    traps: 'It counts as locked.',
    since: '5.14',
    source: 'memfd_secret(2)',
    related: ['memfd', 'Locked'],
  }),
  name({
    names: ['/[aio]'],
    meaning: 'The ring in which the kernel puts the results of asynchronous I/O.',
    source: 'io_setup(2)',
    related: ['special'],
  }),
  name({
    names: ['anon_inode:…'],
    meaning: 'An object of the kernel without a file: [perf_event], [io_uring], bpf-map.',
    traps: 'Most of them share one inode number.',
    source: 'perf_event_open(2), io_uring_setup(2), bpf(2)',
    related: ['special'],
  }),
  name({
    names: ['socket:…'],
    meaning: 'A socket that is mapped: the ring of a packet capture, or zero-copy TCP.',
    source: 'packet(7)',
    related: ['special'],
  }),
  name({
    names: ['(deleted)'],
    meaning:
      'The file was deleted, or replaced by another of the same name, after it was mapped. Its content lives on until nobody has it mapped or open.',
    traps:
      'After an update it means that old code is still running: restart the process. A file whose real name ends so looks the same, and shared memory is shown so from its birth on.',
    source: 'proc_pid_maps(5), unlink(2)',
    related: ['renamed', '/memfd:…', 'file'],
  }),
];
