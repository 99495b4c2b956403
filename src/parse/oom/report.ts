/** What bounds the memory that ran out: enum oom_constraint, include/linux/oom.h. */
export type OomScope = 'machine' | 'cgroup' | 'cpuset' | 'mempolicy' | 'unknown';

/** A process that the kernel killed, as its last line says. Memory in bytes. */
export interface Victim {
  readonly pid: number;
  readonly name: string;
  readonly uid?: number;
  /** total-vm: address space. */
  readonly size?: number;
  readonly anon?: number;
  readonly file?: number;
  readonly shmem?: number;
  readonly pageTables?: number;
  readonly scoreAdj?: number;
  /** Until Linux 5.0: 1000 is all memory. */
  readonly score?: number;
}

/** A row of the kernel's table of tasks. Memory in bytes; absent where the kernel's table has no such column. */
export interface OomTask {
  readonly pid: number;
  readonly uid: number;
  readonly name: string;
  readonly size: number;
  readonly rss: number;
  readonly anon?: number;
  readonly file?: number;
  readonly shmem?: number;
  readonly pageTables?: number;
  readonly swap?: number;
  readonly scoreAdj?: number;
}

/** How much of a kind of memory was used, and its limit; bytes. A limit that is absent is none. */
export interface Charge {
  readonly usage: number;
  readonly limit?: number;
  /** How often the limit was hit. */
  readonly failures?: number;
}

/** One report of the kernel's OOM killer: mm/oom_kill.c, mm/memcontrol.c, mm/show_mem.c. Memory in bytes. */
export interface OomReport {
  /** When, as the log prints it; '' if it doesn't. */
  readonly at: string;
  /** The number of its first line in the log, from 1. */
  readonly line: number;
  /** Who asked for memory; undefined where the log begins later. */
  readonly invoker?: {
    readonly name: string;
    /** As printed, such as `GFP_KERNEL`. */
    readonly gfp: string;
    /** It asked for 2^order pages in a row. */
    readonly order: number;
    readonly scoreAdj?: number;
  };
  readonly scope: OomScope;
  /** The cgroup that was at its limit. */
  readonly cgroup?: string;
  /** That of the task which was chosen. */
  readonly taskCgroup?: string;
  /** By what they are: `memory`, `memory+swap`, `kmem`, `swap`. */
  readonly charges: Readonly<Record<string, Charge>>;
  /** memory.stat of the cgroup, or the counters of the machine; by the kernel's names. */
  readonly memory: Readonly<Record<string, number>>;
  readonly tasks: readonly OomTask[];
  readonly victims: readonly Victim[];
  /** Why nobody was killed, as the kernel says it. */
  readonly failure?: string;
  /** Bytes of a page. */
  readonly pageSize: number;
  /** Nothing in the report says how large a page is: 4 KiB is assumed. */
  readonly isPageAssumed: boolean;
  /** Its beginning or its end is not in the log. */
  readonly isCut: boolean;
}
