/** The frame that a function with a frame pointer makes: the two words that it saves. Bytes from where it points to. */
interface FrameRecord {
  readonly returnAddress: number;
  readonly framePointer: number;
  /** sp of the caller; undefined where the record may be anywhere in the frame. */
  readonly stackPointer: number | undefined;
}

/** The registers of a machine as DWARF numbers them, and its calling convention. */
export interface Machine {
  /** e_machine: elf(5). */
  readonly elf: number;
  /** By DWARF number, as readelf and gdb write them. Only these are followed: no others have addresses. */
  readonly registers: readonly string[];
  readonly stackPointer: number;
  readonly framePointer: number;
  /** The register that a function finds its return address in; undefined where it is on the stack. */
  readonly link: number | undefined;
  /** The column of pc in expressions. */
  readonly programCounter: number | undefined;
  readonly record: FrameRecord;
  /** The DWARF number of each register of perf_event_open(2)'s sample_regs_user, in order; -1 is none; `pc` is pc. */
  readonly perf: ReadonlyArray<number | 'pc'>;
  /** Return addresses may be signed in the bits above 47 (pointer authentication). */
  readonly isSigned: boolean;
  /** What the loader begins with where that has no rules. */
  readonly firstCode?: readonly number[];
  /** Has a function made its frame pointer? @param bytes from where it begins to where it is */
  hasFrame(bytes: Uint8Array): boolean;
  /** Is what ends here a call? @param bytes the last 8 before a return address, or fewer */
  isCall(bytes: Uint8Array): boolean;
}

const numbered = (letter: string, count: number): string[] => Array.from({length: count}, (_, at) => `${letter}${at}`);

/** System V ABI, AMD64 Architecture Processor Supplement, figure 3.36. */
export const X64: Machine = {
  elf: 62,
  registers: ['rax', 'rdx', 'rcx', 'rbx', 'rsi', 'rdi', 'rbp', 'rsp', ...numbered('r', 16).slice(8), 'ra'],
  stackPointer: 7,
  framePointer: 6,
  link: undefined,
  programCounter: 16,
  record: {returnAddress: 8, framePointer: 0, stackPointer: 16},
  // arch/x86/include/uapi/asm/perf_regs.h: ax bx cx dx si di bp sp ip flags cs ss r8 … r15. Between ss and r8 are ds,
  // es, fs and gs, which can't be sampled in 64-bit mode (arch/x86/kernel/perf_regs.c).
  perf: [0, 3, 2, 1, 4, 5, 6, 7, 'pc', -1, -1, -1, 8, 9, 10, 11, 12, 13, 14, 15],
  isSigned: false,
  firstCode: [0x48, 0x89, 0xe7], // mov rdi, rsp: sysdeps/x86_64/dl-machine.h of glibc
  hasFrame: hasX64Frame,
  isCall: isX64Call,
};

/** DWARF for the Arm 64-bit Architecture, section 4.1. */
export const ARM64: Machine = {
  elf: 183,
  registers: [...numbered('x', 31), 'sp'],
  stackPointer: 31,
  framePointer: 29,
  link: 30,
  programCounter: 32,
  record: {returnAddress: 8, framePointer: 0, stackPointer: undefined},
  // arch/arm64/include/uapi/asm/perf_regs.h: x0 … x29 lr sp pc
  perf: [...numbered('', 32).map(Number), 'pc'],
  isSigned: true,
  hasFrame: hasArm64Frame,
  isCall: isArm64Call,
};

/** RISC-V ELF psABI, DWARF register numbers: x0 … x31, by their names in the calling convention. */
export const RISCV64: Machine = {
  elf: 243,
  registers: [
    ...'zero ra sp gp tp t0 t1 t2 s0 s1'.split(' '),
    ...numbered('a', 8),
    ...numbered('s', 12).slice(2),
    ...numbered('t', 7).slice(3),
  ],
  stackPointer: 2,
  framePointer: 8,
  link: 1,
  programCounter: undefined,
  record: {returnAddress: -8, framePointer: -16, stackPointer: 0},
  // arch/riscv/include/uapi/asm/perf_regs.h: pc ra sp gp tp t0-2 s0-1 a0-7 s2-11 t3-6
  perf: ['pc', ...numbered('', 32).map(Number).slice(1)],
  isSigned: false,
  hasFrame: hasRiscv64Frame,
  isCall: isRiscv64Call,
};

/** The machine of a file, by its e_machine; undefined where its registers aren't known here. */
export const machineOf = (elf: number): Machine | undefined => [X64, ARM64, RISCV64].find((each) => each.elf === elf);

const MASK = 0xffff;

/** A number of 64 bits from its halves; a signature in the bits above 47 is taken off where the machine has such. */
export const addressOf = (machine: Machine, low: number, high: number): number =>
  (machine.isSigned ? high & MASK : high) * 2 ** 32 + low;

/**
 * What perf_event_open(2) sampled with PERF_SAMPLE_REGS_USER of all registers of the machine.
 *
 * @param view the values, 8 bytes each, from `at` on; those that aren't in it are NaN
 * @returns pc, and the registers by DWARF number; numbers of 2^53 and more aren't exact, but no address either
 */
export function perfRegisters(machine: Machine, view: DataView, at: number): {pc: number; registers: Float64Array} {
  const registers = new Float64Array(machine.registers.length).fill(NaN);
  let pc = NaN;
  for (const [index, number] of machine.perf.entries()) {
    const place = at + index * 8;
    if (place + 8 > view.byteLength) break;
    const [low, high] = [view.getUint32(place, true), view.getUint32(place + 4, true)];
    if (number === 'pc') pc = high * 2 ** 32 + low;
    else if (number >= 0)
      registers[number] = number === machine.link ? addressOf(machine, low, high) : high * 2 ** 32 + low;
  }
  return {pc, registers};
}

/** Call rel32 (E8), and the forms of FF /2, with any addressing mode: Intel's manual, volume 2, CALL. */
function isX64Call(bytes: Uint8Array): boolean {
  const {length} = bytes;
  if (bytes[length - 5] === 0xe8) return true;
  for (let size = 2; size <= 7; size++) {
    if (bytes[length - size] !== 0xff) continue;
    const modes = bytes[length - size + 1]!;
    if (((modes >> 3) & 7) === 2 && lengthOfModes(modes, bytes[length - size + 2] ?? 0) === size - 1) return true;
  }
  return false;
}

/** Bytes of ModRM, SIB and displacement: Intel's manual, volume 2, section 2.1. */
function lengthOfModes(modes: number, scaled: number): number {
  const [mode, base] = [modes >> 6, modes & 7];
  if (mode === 3) return 1;
  const withSib = base === 4 ? 2 : 1;
  if (mode === 1) return withSib + 1;
  if (mode === 2) return withSib + 4;
  return withSib + (base === 5 || (base === 4 && (scaled & 7) === 5) ? 4 : 0);
}

const word = (bytes: Uint8Array): number =>
  bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true);

/** BL, BLR, and BLR with pointer authentication: Arm Architecture Reference Manual, C4.1.92. */
function isArm64Call(bytes: Uint8Array): boolean {
  const code = word(bytes);
  return code >>> 26 === 0x25 || (code & 0xfffffc1f) >>> 0 === 0xd63f0000 || (code & 0xfefff800) >>> 0 === 0xd63f0800;
}

/** JAL and JALR that link ra, and C.JALR: The RISC-V Instruction Set Manual, volume I. */
function isRiscv64Call(bytes: Uint8Array): boolean {
  const code = word(bytes);
  const isLong = (code & 0xfff) === 0xef || (code & 0x7fff) === 0xe7;
  const short = code >>> 16;
  return isLong || ((short & 0xf07f) === 0x9002 && (short & 0xf80) !== 0);
}

/** Are the bytes of one of some patterns in others? */
function contains(bytes: Uint8Array, patterns: ReadonlyArray<readonly number[]>): boolean {
  return patterns.some((pattern) => {
    for (let at = bytes.indexOf(pattern[0]!); at >= 0; at = bytes.indexOf(pattern[0]!, at + 1))
      if (pattern.every((byte, index) => bytes[at + index] === byte)) return true;
    return false;
  });
}

/** PUSH rbp and MOV rbp, rsp (in both encodings); what Go before 1.21 has: LEA rbp, [rsp + the size of the frame]. */
function hasX64Frame(bytes: Uint8Array): boolean {
  return contains(bytes, [
    [0x55, 0x48, 0x89, 0xe5],
    [0x55, 0x48, 0x8b, 0xec],
    [0x48, 0x8d, 0x6c, 0x24],
    [0x48, 0x8d, 0xac, 0x24],
  ]);
}

/** MOV x29, sp or ADD x29, sp, #imm. */
function hasArm64Frame(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length; at += 4)
    if ((view.getUint32(at, true) & 0xffc003ff) >>> 0 === 0x910003fd) return true;
  return false;
}

/** ADDI s0, sp, imm or C.ADDI4SPN s0, imm. */
function hasRiscv64Frame(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 2 <= bytes.length;) {
    const half = view.getUint16(at, true);
    const isLong = (half & 3) === 3;
    if (!isLong && half !== 0 && (half & 0xe01f) === 0) return true;
    if (isLong && at + 4 <= bytes.length && (view.getUint32(at, true) & 0xfffff) === 0x10413) return true;
    at += isLong ? 4 : 2;
  }
  return false;
}
