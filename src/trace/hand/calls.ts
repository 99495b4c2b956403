import type {Architecture} from './layout.ts';

/**
 * Numbers of the system calls that the hand makes: x86-64's own (arch/x86/entry/syscalls/syscall_64.tbl), and those
 * that newer machines share (include/uapi/asm-generic/unistd.h: aarch64, riscv64).
 */
const NUMBERS = {
  read: [0, 63],
  write: [1, 64],
  close: [3, 57],
  mmap: [9, 222],
  ioctl: [16, 29],
  prctl: [157, 167],
  restart_syscall: [219, 128],
  exit_group: [231, 94],
  openat: [257, 56],
  ppoll: [271, 73],
  perf_event_open: [298, 241],
  prlimit64: [302, 261],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
} as const;

export type HandCall = keyof typeof NUMBERS;

export const handCall = (name: HandCall, architecture: Architecture): number =>
  NUMBERS[name][architecture === 'x64' ? 0 : 1];
