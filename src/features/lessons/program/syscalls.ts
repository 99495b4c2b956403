/**
 * Numbers of system calls: x86-64's own (arch/x86/entry/syscalls/syscall_64.tbl), and those that newer machines share
 * (include/uapi/asm-generic/unistd.h: aarch64, riscv64).
 */
const NUMBERS = {
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  mmap: [9, 222],
  mprotect: [10, 226],
  munmap: [11, 215],
  brk: [12, 214],
  mremap: [25, 216],
  madvise: [28, 233],
  getpid: [39, 172],
  clone: [56, 220],
  exit: [60, 93],
  wait4: [61, 260],
  ftruncate: [77, 46],
  getppid: [110, 173],
  mlock: [149, 228],
  munlock: [150, 229],
  prctl: [157, 167],
  exit_group: [231, 94],
  openat: [257, 56],
  pipe2: [293, 59],
  memfd_create: [319, 279],
} as const;

export type SyscallName = keyof typeof NUMBERS;

export type Architecture = 'x64' | 'arm64' | 'riscv64';

export const syscallNumber = (name: SyscallName, architecture: Architecture): number =>
  NUMBERS[name][architecture === 'x64' ? 0 : 1];
