/* What the tracer asks of the kernel, in numbers: x86-64. */

/** arch/x86/entry/syscalls/syscall_64.tbl */
export const READ = 0;
export const RT_SIGACTION = 13;
export const RT_SIGRETURN = 15;
export const SETITIMER = 38;
export const SENDTO = 44;
export const WAIT4 = 61;
export const PTRACE = 101;
export const PRCTL = 157;
export const CLOCK_GETTIME = 228;
export const EXIT_GROUP = 231;
export const PROCESS_VM_READV = 310;

/** sys/ptrace.h */
export const GETREGS = 12;
export const SYSCALL = 24;
export const GETEVENTMSG = 0x4201;
export const SEIZE = 0x4206;
export const INTERRUPT = 0x4207;
export const LISTEN = 0x4208;
export const GET_SYSCALL_INFO = 0x420e;
export const TRACESYSGOOD = 1;
export const TRACECLONE = 8;
export const TRACEEXEC = 0x10;
export const EVENT_CLONE = 3;
export const EVENT_EXEC = 4;
export const EVENT_STOP = 128;

/** struct ptrace_syscall_info: its size, where `arch` is, and PTRACE_SYSCALL_INFO_EXIT in `op`. */
export const INFO_SIZE = 88;
export const INFO_ARCH = 4;
export const INFO_EXIT = 2;
export const AUDIT_ARCH_X86_64 = 0xc000003e;

export const WNOHANG = 1;
export const WALL = 0x40000000;
export const STOPPED = 0x7f;
export const SIGKILL = 9;
export const SIGTRAP = 5;
/** A stop at a system call: PTRACE_O_TRACESYSGOOD. */
export const SYSCALL_STOP = SIGTRAP + 0x80;
export const SIGUSR1 = 10;
export const SIGALRM = 14;
export const SA_RESTORER = 0x04000000;
export const MSG_NOSIGNAL = 0x4000;
export const PR_SET_PDEATHSIG = 1;
export const CLOCK_MONOTONIC = 1;
export const PROT_EXEC = 4;
export const EINTR = 4;
