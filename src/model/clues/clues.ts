import type {OtherAllocator} from '../heap/allocator.ts';
import type {Descriptors} from '../host/descriptors.ts';
import {hex} from '../region.ts';
import {ABSENT} from '../columns/columns.ts';
import type {Regions} from '../columns/regions.ts';

/**
 * What the kernel and the files say about an address space besides its regions: enough to tell what each region is for,
 * and saved with a snapshot, so that another machine can tell the same. All addresses are plain numbers of bytes; those
 * that aren't whole pages are exact below 2^53, as all addresses of user space on today's machines are.
 */
export interface Clues {
  /** Bytes of a page: AT_PAGESZ of /proc/PID/auxv. */
  readonly pageSize?: number | undefined;
  /**
   * Fields 26–28 and 45–51 of proc_pid_stat(5). Absent where the reader may not trace the process: the kernel hides
   * them.
   */
  readonly marks?: Marks | undefined;
  /** /proc/PID/auxv, getauxval(3): where the kernel put the program, its interpreter and the vdso. */
  readonly auxv?: AuxiliaryVector | undefined;
  readonly threads?: readonly Thread[] | undefined;
  /** The ELF files that are mapped, by region name; what their program headers say. */
  readonly files?: Readonly<Record<string, ElfClue>> | undefined;
  /**
   * Of mapped files whose names end in " (deleted)": is that the kernel's remark (true), or part of the name (false)?
   */
  readonly deleted?: Readonly<Record<string, boolean>> | undefined;
  /** /proc/PID/limits, the soft ones but for hardData, in bytes; null is unlimited. */
  readonly limits?: Limits | undefined;
  /** /proc/sys/vm/max_map_count: how many regions a process may have. */
  readonly maxMapCount?: number | undefined;
  /** What a JVM says of itself: the counters of its /tmp/hsperfdata_USER/PID, in bytes. */
  readonly jvm?: JvmClue | undefined;
  /** Of the effective capabilities those that lift limits on memory. */
  readonly capabilities?: Capabilities | undefined;
  readonly machine?: Machine | undefined;
  readonly cgroup?: CgroupClue | undefined;
  /** Of a core file. */
  readonly signal?: SignalClue | undefined;
  /** What its open descriptors hold; absent where nobody asked, or /proc/PID/fd may not be read. */
  readonly descriptors?: Descriptors | undefined;
  readonly ksm?: Ksm | undefined;
}

/** What kernel samepage merging did: /proc/PID/ksm_stat, in bytes. */
export interface Ksm {
  /** Pages that are merged with others of the same content. */
  readonly merged: number;
  /** Pages of zeroes that became the zero page. Since Linux 6.6. */
  readonly zero?: number;
  /** What it saves, less what the kernel's books about it take: negative where it costs more. Since Linux 6.1. */
  readonly profit?: number;
}

interface JvmClue {
  /**
   * What metaspace has, the class space included: as of a while ago, since the JVM doesn't always keep it up to date.
   */
  readonly metaspace: number;
}

/**
 * CapEff of /proc/PID/status. The kernel asks for both in the first user namespace (capable(), kernel/capability.c): in
 * another one they lift nothing.
 */
export interface Capabilities {
  /** No limit of locked memory: can_do_mlock(), mm/mlock.c. */
  readonly ipcLock: boolean;
  /** May use the admin reserve in mode 2 of vm.overcommit_memory: __vm_enough_memory(), mm/util.c. */
  readonly sysAdmin: boolean;
}

/** What of the machine bounds the memory of each process, at the moment of the snapshot; sizes in bytes. */
export interface Machine {
  /** The kernel's, such as `6.18`. */
  readonly release?: string;
  /** MemTotal and SwapTotal of /proc/meminfo. */
  readonly ram?: number;
  readonly swap?: number;
  /** CommitLimit and Committed_AS of /proc/meminfo. */
  readonly commitLimit?: number;
  readonly committed?: number;
  /** vm.overcommit_memory: 0 a guess for each call, 1 no limit, 2 CommitLimit. */
  readonly overcommit?: number;
  /** vm.admin_reserve_kbytes and vm.user_reserve_kbytes. */
  readonly adminReserve?: number;
  readonly userReserve?: number;
  /** vm.mmap_min_addr: the lowest address that may be mapped. */
  readonly mmapMinAddr?: number;
  /** The pages that are kept free below a stack that grows: stack_guard_gap of the kernel's command line. */
  readonly stackGuardPages?: number;
  /** The kernel's parameter ignore_rlimit_data: RLIMIT_DATA bounds brk alone. */
  readonly ignoresDataLimit?: boolean;
}

/** The memory limits of the cgroup that a process's memory is charged to: cgroups(7). */
export interface CgroupClue {
  readonly version: 1 | 2;
  readonly path: string;
  /** Are all its ancestors seen, up to the root? */
  readonly isWhole: boolean;
  /** The limits that are set, its own first, then those of its ancestors; bytes. */
  readonly limits: ReadonlyArray<{
    readonly path: string;
    /** memory.max, or memory.limit_in_bytes of version 1. */
    readonly file: string;
    readonly limit: number;
    /** memory.current, or memory.usage_in_bytes of version 1: page cache too, which can be reclaimed. */
    readonly used: number;
  }>;
}

/** Bytes of a page where no source says it: what x86-64 always has, and most others. */
export const USUAL_PAGE = 4096;

/** Bytes of a page: as the auxiliary vector says, else KernelPageSize of smaps. */
export const pageSizeOf = (of: {readonly clues: Clues; readonly table: Regions}): number =>
  of.clues.pageSize ?? firstPageSize(of.table) ?? USUAL_PAGE;

function firstPageSize(table: Regions): number | undefined {
  const bytes = table.length > 0 ? table.counter('kernelPageSize')?.[0] : undefined;
  return bytes === ABSENT ? undefined : bytes;
}

export interface Marks {
  readonly startCode: number;
  readonly endCode: number;
  readonly startStack: number;
  readonly startData: number;
  readonly endData: number;
  /** Where the brk area begins; it may be empty, and then no region shows it. */
  readonly startBrk: number;
  readonly argStart: number;
  readonly argEnd: number;
  readonly envStart: number;
  readonly envEnd: number;
}

export interface AuxiliaryVector {
  /** AT_PHDR: the program headers of the executable, in memory. */
  readonly phdr?: number;
  /** AT_BASE: where the interpreter (ld.so) is mapped; 0 for a static program. */
  readonly base?: number;
  /** AT_ENTRY: the program's first instruction. */
  readonly entry?: number;
  /** AT_SYSINFO_EHDR: the vdso. */
  readonly vdso?: number;
  /** AT_EXECFN: the name by which the program was executed, at the top of its stack. */
  readonly execfn?: number;
}

/** What ended a process, or stopped it, when a core file was written: siginfo_t of sigaction(2). */
export interface SignalClue {
  readonly number: number;
  /** si_code; absent where only the number is known. */
  readonly code?: number;
  /** si_addr of a fault, in hex: it need not be an address of user space, so it may have all 64 bits. */
  readonly address?: string;
  /** Who sent it, where a process did. */
  readonly sender?: {readonly pid: number; readonly uid: number};
  /** The thread that got it. */
  readonly tid?: number;
}

export interface Thread {
  readonly tid: number;
  /** /proc/PID/task/TID/comm. */
  readonly name: string;
  /** The stack pointer of a thread that waits in the kernel (/proc/PID/task/TID/syscall); absent while it runs. */
  readonly stackPointer?: number | undefined;
}

/** The program headers of a mapped ELF file: elf(5). Bytes, file offsets and virtual addresses as in the file. */
export interface ElfClue {
  readonly segments: readonly ElfSegment[];
  /** PT_GNU_RELRO, as a range of the file's own virtual addresses. */
  readonly relro?: {readonly start: number; readonly end: number} | undefined;
  /** The allocator that it contains: looked for only in the program itself, and only where it has all its symbols. */
  readonly allocator?: OtherAllocator | undefined;
}

/** One PT_LOAD. */
export interface ElfSegment {
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  /** p_flags: PF_X 1, PF_W 2, PF_R 4. */
  readonly flags: number;
}

export interface Limits {
  readonly stack?: number | null;
  readonly data?: number | null;
  /** The hard limit: the kernel goes by it where the soft one is 0 (may_expand_vm(), mm/mmap.c). */
  readonly hardData?: number | null;
  readonly addressSpace?: number | null;
  readonly locked?: number | null;
}

/** The `clues` of a snapshot document: addresses and file offsets as hex strings, sizes as integers of bytes. */
export function cluesJSON(clues: Clues): Record<string, unknown> | undefined {
  if (Object.keys(clues).length === 0) return undefined;
  const {marks, auxv, threads, files} = clues;
  return {
    ...clues,
    marks: marks && inHex(marks),
    auxv: auxv && inHex(auxv),
    threads: threads?.map((thread) => ({
      ...thread,
      stackPointer: thread.stackPointer === undefined ? undefined : hex(thread.stackPointer),
    })),
    files: files && Object.fromEntries(Object.entries(files).map(([name, clue]) => [name, elfJSON(clue)])),
  };
}

const inHex = (addresses: object): Record<string, string> =>
  Object.fromEntries(Object.entries(addresses).map(([name, value]) => [name, hex(value as number)]));

const elfJSON = ({segments, relro, allocator}: ElfClue): Record<string, unknown> => ({
  segments: segments.map(({offset, address, ...rest}) => ({offset: hex(offset), address: hex(address), ...rest})),
  relro: relro && inHex(relro),
  allocator,
});
