/**
 * What a region is for. A closed set: every region has exactly one of these, decided by `classify` in one place.
 * The words are what `memmap explain KIND` and docs/kinds.md say.
 */
export const KIND_MEANINGS = {
  text: 'machine code of the executable or of a library',
  rodata: 'constants and tables of the executable or of a library, read only',
  relro: 'what the dynamic linker filled in and then made read only (RELRO): addresses of functions and of variables',
  data: 'initialised variables of the executable or of a library',
  bss: 'variables that start as zero: anonymous memory after the data of the executable or of a library',
  heap: 'the brk area, which the kernel labels [heap]: where malloc of the main thread begins',
  arena:
    "what malloc hands out besides [heap]: glibc's blocks of 64 MiB of address space, or the pools of other allocators",
  managed:
    'the heap of a language runtime (V8, the JVM, Go), which collects its garbage itself, and the tables ' +
    'that the runtime keeps about it',
  jit: 'machine code made while the program runs',
  stack: "the main thread's stack, which the kernel lets grow downwards",
  'thread-stack': "another thread's stack",
  guard: 'a few pages without access, to catch whoever overruns the end of a stack or of a heap',
  reserved: 'addresses kept free for later: no access, and no memory behind them',
  anon: 'other memory without a file: large blocks of malloc, and what programs map themselves',
  file: "a mapped file that isn't a program",
  shared: 'memory that processes can share: SysV, POSIX, or MAP_SHARED|MAP_ANONYMOUS',
  memfd: 'memory of memfd_create(2): a file that has no name in any directory',
  hugetlb: 'huge pages of the hugetlb pool, which RSS and PSS do not count',
  vdso: "code that the kernel gives each process, so that asking for the time isn't a system call",
  vvar: 'data of the kernel that the code in the vdso reads',
  vsyscall: 'an old page of the kernel for a few calls, at a fixed address',
  device: 'a mapping of a device',
  special: 'other objects of the kernel (perf buffers, io_uring, uprobes, sockets)',
} as const;

export type Kind = keyof typeof KIND_MEANINGS;

export const KINDS = Object.keys(KIND_MEANINGS) as readonly Kind[];
