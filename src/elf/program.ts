import {EM_AARCH64, EM_RISCV, EM_X86_64} from './file/elf.ts';

/** What the file must say about the processor it is for. */
export interface Machine {
  /** e_machine of elf(5) */
  readonly machine: number;
  /**
   * The alignment of segments in bytes: the largest page size the machine's kernels use. The kernel maps whole pages,
   * so a segment's file offset and address must be congruent modulo this.
   */
  readonly pageSize: number;
  /** e_flags of elf(5): what the psABI says there about the code. */
  readonly flags: number;
  /** Where functions may begin: multiples of this, in bytes. */
  readonly codeAlign: number;
  /** The end of the addresses that a program may have on every kernel for the machine. */
  readonly addressesEnd: number;
  /** What a program says that is linked with the GNU C library at run time. */
  readonly glibc: GlibcABI;
}

/** The psABI's and glibc's own: where its loader is, and how it is asked for the address of a function. */
interface GlibcABI {
  /**
   * PT_INTERP: glibc installs its loader under this path on every system (shlib-versions, the ABI lists of its wiki).
   */
  readonly interpreter: string;
  /** e_flags, where they differ from those of a static program. */
  readonly flags: number;
  /** The relocation that stores the address of a symbol in 64 bits. */
  readonly addressOf: number;
}

/**
 * x86-64 has one page size for mappings of files: 4 KiB. With four levels of page tables, user addresses end one page
 * below 2^47 (TASK_SIZE).
 */
export const X64: Machine = {
  machine: EM_X86_64,
  pageSize: 0x1000,
  flags: 0,
  codeAlign: 1,
  addressesEnd: 0x7fff_ffff_f000,
  glibc: {interpreter: '/lib64/ld-linux-x86-64.so.2', flags: 0, addressOf: 6}, // R_X86_64_GLOB_DAT
};

/**
 * aarch64 kernels have pages of 4, 16 or 64 KiB, so segments are aligned to 64 KiB, as GNU ld does. The psABI defines
 * no flags. User addresses have at least 39 bits (CONFIG_ARM64_VA_BITS; 36 only for experts).
 */
export const ARM64: Machine = {
  machine: EM_AARCH64,
  pageSize: 0x10000,
  flags: 0,
  codeAlign: 4,
  addressesEnd: 2 ** 39,
  glibc: {interpreter: '/lib/ld-linux-aarch64.so.1', flags: 0, addressOf: 1025}, // R_AARCH64_GLOB_DAT
};

/**
 * riscv64 kernels have pages of 4 KiB today; segments are aligned to 64 KiB so that the file outlives that, and has the
 * same layout as on aarch64. Flags 0 are what GNU as sets for rv64im: no compressed instructions (EF_RISCV_RVC), no
 * floating point registers in calls (EF_RISCV_FLOAT_ABI_SOFT). User addresses have at least 38 bits (Sv39). glibc of
 * distributions is lp64d, and its loader loads nothing without EF_RISCV_FLOAT_ABI_DOUBLE.
 */
export const RISCV64: Machine = {
  machine: EM_RISCV,
  pageSize: 0x10000,
  flags: 0,
  codeAlign: 4,
  addressesEnd: 2 ** 38,
  glibc: {interpreter: '/lib/ld-linux-riscv64-lp64d.so.1', flags: 4, addressOf: 2}, // R_RISCV_64
};

/** All supported machines. */
export const MACHINES: readonly Machine[] = [X64, ARM64, RISCV64];

/** A name for an address. Tools such as nm, objdump, gdb and perf show it in place of the number. */
export interface ProgramSymbol {
  readonly name: string;
  readonly address: number;
  /** in bytes */
  readonly size: number;
  readonly type: 'func' | 'object';
}

/** One stretch of memory with one set of permissions: what one PT_LOAD maps. */
export interface Segment {
  /** The name of the section that describes the bytes, for instance `.text`. */
  readonly name: string;
  /** The address of the first byte. */
  readonly vaddr: number;
  /** PF_R, PF_W and PF_X of elf.ts, added up. */
  readonly flags: number;
  /** What the file holds. */
  readonly bytes: Uint8Array;
  /**
   * The size in memory, in bytes; if absent, as many as the file holds. What exceeds the file's bytes is zero at the
   * start and is described by a section `.bss`. Only a writable segment may have such an excess.
   */
  readonly memorySize?: number;
}

/** What the loader of the C library does before the first instruction: it maps libraries, and stores addresses. */
export interface Linked {
  /** Libraries by their DT_SONAME, such as `libc.so.6`. */
  readonly libraries: readonly string[];
  /** Functions of these libraries, and the address of the 8 writable bytes where each one's address is to be. */
  readonly imports: ReadonlyArray<{readonly name: string; readonly at: number}>;
}

/** All that a caller decides about an executable; layout.ts works out the rest. */
export interface Program {
  readonly machine: Machine;
  /** Where the page with the headers is mapped; read-only. Segments follow it, in ascending order. */
  readonly base: number;
  readonly segments: readonly Segment[];
  /** The address of the first instruction. */
  readonly entry: number;
  readonly symbols: readonly ProgramSymbol[];
  /** Absent in a static program. */
  readonly linked?: Linked;
}
