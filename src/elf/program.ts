import {EM_X86_64} from './elf.ts';

/** What the file must say about the processor it is for. */
export interface Machine {
  /** e_machine of elf(5) */
  readonly machine: number;
  /**
   * The alignment of segments in bytes: the largest page size the machine's kernels use. The kernel maps whole pages,
   * so a segment's place in the file and in memory must agree in their remainder by it.
   */
  readonly pageSize: number;
}

/** x86-64 has one page size for mappings of files: 4 KiB. */
export const X64: Machine = {machine: EM_X86_64, pageSize: 0x1000};

/** A name for an address. Tools show it in place of the number: nm, objdump, gdb, perf. */
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
   * The size in memory, in bytes; without it, as many as the file holds. What is more is zero at the start and is
   * described by a section `.bss`. Only a writable segment may have more.
   */
  readonly memorySize?: number;
}

/** All a caller decides about an executable; layout.ts works out the rest. */
export interface Program {
  readonly machine: Machine;
  /** Where the page with the headers is mapped; read-only. Segments follow it, in ascending order. */
  readonly base: number;
  readonly segments: readonly Segment[];
  /** The address of the first instruction. */
  readonly entry: number;
  readonly symbols: readonly ProgramSymbol[];
}
