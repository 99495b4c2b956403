import type {Architecture} from './hand/layout.ts';

/** A system call that changes an address space. */
interface MemoryCall {
  readonly name: string;
  /** Its number on x86-64, and where newer machines share their numbers; null where there is none. */
  readonly numbers: readonly [x64: number, others: number | null];
  /** How many arguments it takes. */
  readonly arity: number;
  /** What nearly all programs do. The others are watched where descriptors are not scarce. */
  readonly isCommon?: true;
}

/**
 * The system calls that are watched: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h. Not
 * here: what changes memory without a call of the process itself, such as a driver, or a growing stack.
 */
export const MEMORY_CALLS: readonly MemoryCall[] = [
  {name: 'mmap', numbers: [9, 222], arity: 6, isCommon: true},
  {name: 'munmap', numbers: [11, 215], arity: 2, isCommon: true},
  {name: 'brk', numbers: [12, 214], arity: 1, isCommon: true},
  {name: 'mprotect', numbers: [10, 226], arity: 3, isCommon: true},
  {name: 'mremap', numbers: [25, 216], arity: 5, isCommon: true},
  {name: 'madvise', numbers: [28, 233], arity: 3, isCommon: true},
  {name: 'shmat', numbers: [30, 196], arity: 3},
  {name: 'shmdt', numbers: [67, 197], arity: 1},
  {name: 'mlock', numbers: [149, 228], arity: 2},
  {name: 'munlock', numbers: [150, 229], arity: 2},
  {name: 'mlockall', numbers: [151, 230], arity: 1},
  {name: 'munlockall', numbers: [152, 231], arity: 0},
  {name: 'prctl', numbers: [157, 167], arity: 5},
  {name: 'io_setup', numbers: [206, 0], arity: 2},
  {name: 'io_destroy', numbers: [207, 1], arity: 1},
  {name: 'remap_file_pages', numbers: [216, 234], arity: 5},
  {name: 'mbind', numbers: [237, 235], arity: 6},
  {name: 'mlock2', numbers: [325, 284], arity: 3},
  {name: 'pkey_mprotect', numbers: [329, 288], arity: 4},
  {name: 'mseal', numbers: [462, 462], arity: 3},
];

/** @returns null if the machine has no such call */
export const numberOf = ({numbers}: MemoryCall, architecture: Architecture): number | null =>
  numbers[architecture === 'x64' ? 0 : 1];

/** Of prctl(2): KSM may merge all anonymous memory, or no longer (Linux 6.4). */
export const PR_SET_MEMORY_MERGE = 67n;

/** Those of prctl(2) that change memory; PR_SET_VMA with PR_SET_VMA_ANON_NAME names anonymous memory. */
export const MEMORY_OPTIONS: ReadonlySet<bigint> = new Set([0x53564d41n, PR_SET_MEMORY_MERGE]);

/** The name under which there is the tracepoint of a new thread or process, which has no enter: task_newtask. */
export const TASK = 'task';

/** The ids of a call's tracepoints, which a kernel gives out at boot: as it begins, and as it returns. */
export interface Tracepoint {
  readonly enter: number;
  readonly exit: number;
}

/** By the name of the call; `TASK` too. Calls that the kernel doesn't have are absent. */
export type Tracepoints = ReadonlyMap<string, Tracepoint>;
