import type {Architecture} from './hand/layout.ts';

/** How a processor's registers come with a sample: arch/…/include/uapi/asm/perf_regs.h. */
interface Registers {
  /** Names, in the order of the sample. */
  readonly names: readonly string[];
  /** Bits of those that are asked for (sample_regs_user). */
  readonly mask: bigint;
  /** Where, among `names`, the arguments of a system call are. */
  readonly args: readonly number[];
  /** Where the instruction and the stack pointer are. */
  readonly ip: number;
  readonly sp: number;
  /**
   * Is the first argument still there when the call returns? On aarch64 and riscv64 the result overwrites it (x0, a0),
   * so it has to be seen when the call begins.
   */
  readonly keepsFirst: boolean;
}

const numbered = (letter: string, from: number, to: number): string[] =>
  Array.from({length: to - from + 1}, (_, i) => `${letter}${from + i}`);

const X64 = ['ax', 'bx', 'cx', 'dx', 'si', 'di', 'bp', 'sp', 'ip', 'flags', 'cs', 'ss', ...numbered('r', 8, 15)];
const ARM64 = [...numbered('x', 0, 29), 'lr', 'sp', 'pc'];
const RISCV64 = [
  'pc',
  'ra',
  'sp',
  'gp',
  'tp',
  ...numbered('t', 0, 2),
  ...numbered('s', 0, 1),
  ...numbered('a', 0, 7),
  ...numbered('s', 2, 11),
  ...numbered('t', 3, 6),
];

const at = (names: readonly string[], ...wanted: string[]): number[] => wanted.map((name) => names.indexOf(name));

/** The registers of each machine. On x86-64 the segment registers ds, es, fs and gs are left out. */
export const REGISTERS: Readonly<Record<Architecture, Registers>> = {
  x64: {
    names: X64,
    mask: 0xff0fffn,
    args: at(X64, 'di', 'si', 'dx', 'r10', 'r8', 'r9'),
    ip: X64.indexOf('ip'),
    sp: X64.indexOf('sp'),
    keepsFirst: true,
  },
  arm64: {
    names: ARM64,
    mask: (1n << 33n) - 1n,
    args: at(ARM64, 'x0', 'x1', 'x2', 'x3', 'x4', 'x5'),
    ip: ARM64.indexOf('pc'),
    sp: ARM64.indexOf('sp'),
    keepsFirst: false,
  },
  riscv64: {
    names: RISCV64,
    mask: (1n << 32n) - 1n,
    args: at(RISCV64, 'a0', 'a1', 'a2', 'a3', 'a4', 'a5'),
    ip: RISCV64.indexOf('pc'),
    sp: RISCV64.indexOf('sp'),
    keepsFirst: false,
  },
};
