/*
 * What a trace is asked, and what it tells. Times are CLOCK_MONOTONIC in ns, as process.hrtime() has them. Processes
 * that the watched process made may be reported too: see `pid`.
 */

interface Happened {
  readonly pid: number;
  readonly tid: number;
  readonly time: number;
}

/** A place in a program, as far as it was seen: what an unwinder needs. */
export interface Place {
  /** The user's registers, in the order of REGISTERS (machine.ts). Absent for what no user's code did. */
  readonly registers: BigUint64Array | undefined;
  /** Bytes from the stack pointer upwards. They may be secrets: unwind them, and drop them. */
  readonly stack: Uint8Array | undefined;
  /** Return addresses by frame pointers, innermost first: the kernel's own, which cross what has no unwind tables. */
  readonly chain: readonly number[] | undefined;
}

/** A system call that changes memory, as it returns. */
export interface Call extends Happened, Place {
  readonly kind: 'call';
  readonly name: string;
  /** As many as the call has; 64 bits each, unsigned. Undefined where the machine's way of seeing them missed them. */
  readonly args: readonly bigint[] | undefined;
  /** An address, 0, or the negative errno. */
  readonly result: number;
}

/** One page fault of this many is sampled. */
export interface Fault extends Happened, Place {
  readonly kind: 'fault';
  readonly address: number;
  /** Where in the program. */
  readonly ip: number;
  /** Bytes; undefined where the kernel doesn't say (before Linux 5.11), or no longer knew. */
  readonly pageSize: number | undefined;
  /** How many faults it stands for. */
  readonly every: number;
}

/**
 * The kernel mapped something: for mmap, brk, mprotect, shmat and exec, for a stack that grows, for a driver. Its range
 * is that of the whole region, which may be wider than what was just mapped.
 */
export interface Mapped extends Happened {
  readonly kind: 'mapped';
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  readonly inode: number;
  readonly prot: number;
  readonly flags: number;
  /** A path in the process's own mount namespace, `//anon`, `[heap]`, `[stack]`. */
  readonly file: string;
}

/** Another program, in the same process: execve(2). */
export interface Exec extends Happened {
  readonly kind: 'exec';
  readonly comm: string;
}

/** A thread (its `pid` is the parent's) or a process began, or ended. */
export interface Task extends Happened {
  readonly kind: 'fork' | 'exit';
  readonly parent: {readonly pid: number; readonly tid: number};
}

/**
 * A process was made that has the same memory, not a copy: CLONE_VM of clone(2) without CLONE_THREAD. `briefly`: until
 * it executes a program, while the thread that made it waits (CLONE_VFORK).
 */
export interface Shared extends Happened {
  readonly kind: 'shared';
  readonly child: number;
  readonly briefly: boolean;
}

export type TraceEvent = Call | Fault | Mapped | Exec | Task | Shared;

export interface TraceOptions {
  /** Is told all that happens, in the order of its time, with a delay of some ms. */
  readonly onEvent: (event: TraceEvent) => void;
  /** How much of each stack is copied, in bytes: 16 KiB reach the root in 99 of 100 of Node's stacks. */
  readonly stackBytes?: number;
  /** Reports one of this many page faults too. */
  readonly faultsEvery?: number;
  /** Watches processes that it makes as well: their making takes longer then, by a ms or so. */
  readonly withChildren?: boolean;
  /** The path of the hand's program; by default the one for this machine. */
  readonly hand?: string;
  /** Takes arguments where calls begin, as it must be on other machines than x86-64. */
  readonly seesEnter?: boolean;
  /** Descriptors above which rare calls are left out, and then the process's cgroup is watched. */
  readonly mostDescriptors?: number;
}

/** Whatever watches the memory calls of a process. */
export interface Watching {
  /** What a reader of the events should know, a sentence each. */
  readonly notes: readonly string[];
  /** Tells all that has happened up to now. @returns false if the helper has ended */
  sync(): Promise<boolean>;
  /**
   * Up to when calls were lost, ns; 0: none were. What a call did that returned before, one that was lost may have
   * undone since.
   */
  lostUntil(): Promise<number>;
  /** Ends it: the rest is reported, and what there was. The process runs on. It may be called twice. */
  stop(): Promise<TraceEnd>;
}

/** What a trace saw, at its end. */
export interface TraceEnd {
  /**
   * By the name of the call; only those that there were. `counted` is the kernel's count, and null if the helper was
   * killed before it could be read.
   */
  readonly calls: Readonly<Record<string, {readonly counted: number | null; readonly seen: number}>>;
  /** Calls that were counted and not reported; null if that isn't known. */
  readonly lost: number | null;
  /** Calls that were reported without a stack: there were too many at once, or they were not of user mode. */
  readonly stackless: number;
  /** `seen` is how many samples, each of which stands for `every`. */
  readonly faults?: {readonly counted: number | null; readonly seen: number; readonly every: number};
}
