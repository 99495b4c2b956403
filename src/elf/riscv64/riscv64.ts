/*
 * The riscv64 machine, as far as a small program without a C library needs it: rv64im, that is the base instructions
 * and multiplication. All instructions have 32 bits (no compressed ones), so every Linux machine runs them.
 *
 * Registers: 31 of 64 bits, and zero. They are named after their use in calls: ra the return address, sp the stack
 * pointer, a0 to a7 arguments and results, s0 to s11 what a called function preserves, t0 to t6 what it need not
 * preserve. There are no flags: a branch compares two registers itself. Instructions that end in w work on the lower 32
 * bits and fill the upper half with the sign of the result, even where it is unsigned.
 *
 * Start of a process (fs/binfmt_elf.c, create_elf_tables): the kernel jumps to the entry point with sp pointing at the
 * argument count; above it are the pointers argv[0], argv[1], ..., a null pointer, and the environment. sp is a
 * multiple of 16 and should stay so. Nobody has set gp: code that a linker has "relaxed" would need it, ours does not.
 *
 * Calls (RISC-V psABI, "Integer Calling Convention"): arguments and results in a0 to a7. A call puts the return address
 * into ra, not on the stack, so a function that calls another saves ra first.
 *
 * System calls (arch/riscv/kernel/entry.S): the number in a7, arguments in a0 to a5, then `ecall`. The result is in a0;
 * -4095 to -1 is an error, the negative errno. All other registers are preserved. The numbers are those of
 * include/uapi/asm-generic/unistd.h, the same as on aarch64.
 *
 * The names are those of the manual; the destination operand comes first. All functions are pure; all throw a
 * RangeError for operands that the machine does not have.
 */
import type {Instruction} from '../assemble.ts';
import {
  AUIPC,
  BRANCH,
  branchField,
  formI,
  formR,
  formU,
  JAL,
  JALR,
  jumpField,
  load,
  LUI,
  OP,
  OP_32,
  OP_IMM,
  OP_IMM_32,
  rd,
  rs1,
  rs2,
  store,
  SYSTEM,
} from './encode.ts';
import {type Memory, ra, type Register, zero} from './operands.ts';
import {word, wordTo} from '../word.ts';

/** to = a + b; a - b; a & b; a | b; a ^ b. */
export const add = registers(OP, 0x000);
export const sub = registers(OP, 0x100);
export const and = registers(OP, 0x007);
export const or = registers(OP, 0x006);
export const xor = registers(OP, 0x004);
/** Shifts by the lower six bits of b: left; right with zeros; right with the sign. */
export const sll = registers(OP, 0x001);
export const srl = registers(OP, 0x005);
export const sra = registers(OP, 0x105);
/** to = 1 if a < b, else 0; signed; unsigned. */
export const slt = registers(OP, 0x002);
export const sltu = registers(OP, 0x003);

/**
 * to = a * b; a / b and the remainder, signed and unsigned. Division by zero does not trap: the quotient is all ones,
 * the remainder a.
 */
export const mul = registers(OP, 0x008);
export const div = registers(OP, 0x00c);
export const divu = registers(OP, 0x00d);
export const rem = registers(OP, 0x00e);
export const remu = registers(OP, 0x00f);

/** The same with the lower 32 bits. */
export const addw = registers(OP_32, 0x000);
export const subw = registers(OP_32, 0x100);
export const sllw = registers(OP_32, 0x001);
export const srlw = registers(OP_32, 0x005);
export const sraw = registers(OP_32, 0x105);
export const mulw = registers(OP_32, 0x008);
export const divw = registers(OP_32, 0x00c);
export const divuw = registers(OP_32, 0x00d);
export const remw = registers(OP_32, 0x00e);
export const remuw = registers(OP_32, 0x00f);

/** to = a + a number, and so on. Numbers are -2048 to 2047, even where the comparison is unsigned. */
export const addi = number(OP_IMM, 0);
export const slti = number(OP_IMM, 2);
export const sltiu = number(OP_IMM, 3);
export const xori = number(OP_IMM, 4);
export const ori = number(OP_IMM, 6);
export const andi = number(OP_IMM, 7);
export const addiw = number(OP_IMM_32, 0);

/** Shift by a number of bits, up to 63; with w, up to 31. */
export const slli = shift(OP_IMM, 1, 64);
export const srli = shift(OP_IMM, 5, 64);
export const srai = shift(OP_IMM, 5, 64, 0x400);
export const slliw = shift(OP_IMM_32, 1, 32);
export const srliw = shift(OP_IMM_32, 5, 32);
export const sraiw = shift(OP_IMM_32, 5, 32, 0x400);

/** to = value * 4096, sign-extended from 32 bits; the same + the address of this instruction. The value has 20 bits. */
export const lui = (to: Register, value: number): Instruction => formU(LUI, to, value);
export const auipc = (to: Register, value: number): Instruction => formU(AUIPC, to, value);

/** Loads one, two, four or eight bytes, sign-extended, or with u, zero-extended. */
export const lb = (to: Register, from: Memory): Instruction => load(0, to, from);
export const lh = (to: Register, from: Memory): Instruction => load(1, to, from);
export const lw = (to: Register, from: Memory): Instruction => load(2, to, from);
export const ld = (to: Register, from: Memory): Instruction => load(3, to, from);
export const lbu = (to: Register, from: Memory): Instruction => load(4, to, from);
export const lhu = (to: Register, from: Memory): Instruction => load(5, to, from);
export const lwu = (to: Register, from: Memory): Instruction => load(6, to, from);

/** Stores the lower one, two, four or all eight bytes of a register. */
export const sb = (from: Register, to: Memory): Instruction => store(0, from, to);
export const sh = (from: Register, to: Memory): Instruction => store(1, from, to);
export const sw = (from: Register, to: Memory): Instruction => store(2, from, to);
export const sd = (from: Register, to: Memory): Instruction => store(3, from, to);

/**
 * What other machines have their own instructions for: copies; inverts the bits; 0 - x; 1 if x is zero; 1 if x is not
 * zero; does nothing.
 */
export const mv = (to: Register, from: Register): Instruction => addi(to, from, 0);
export const not = (to: Register, from: Register): Instruction => xori(to, from, -1);
export const neg = (to: Register, from: Register): Instruction => sub(to, zero, from);
export const seqz = (to: Register, from: Register): Instruction => sltiu(to, from, 1);
export const snez = (to: Register, from: Register): Instruction => sltu(to, zero, from);
export const nop = (): Instruction => addi(zero, zero, 0);

/** What comes before it in memory is seen by all processors before what comes after it: loads and stores alike. */
export const fence = (): Instruction => word(0x0ff0000f);

/** Enters the kernel; SIGTRAP; SIGILL. */
export const ecall = (): Instruction => word(SYSTEM);
export const ebreak = (): Instruction => word(0x100000 | SYSTEM);
export const unimp = (): Instruction => word(0xc0001073);

/**
 * Sets a register to any 64-bit number, in one to eight instructions, the same ones as GNU as: 32 bits take lui and
 * addiw; wider numbers take their upper part, shifted left, plus 12 more bits. As addi treats its 12 bits as signed,
 * the part above them is one larger where they are negative.
 */
export function li(to: Register, value: number | bigint): Instruction[] {
  const whole = BigInt(value);
  if (whole < -(1n << 63n) || whole >= 1n << 64n) throw new RangeError(`${value} does not fit 64 bits`);
  const signed = BigInt.asIntN(64, whole);
  const lower = BigInt.asIntN(12, signed);
  return signed === lower ? [addi(to, zero, Number(lower))] : build(to, signed);
}

// --- internal ---

function build(to: Register, value: bigint): Instruction[] {
  const lower = Number(BigInt.asIntN(12, value));
  const upper = BigInt.asIntN(64, value - BigInt(lower));
  if (value === BigInt.asIntN(32, value)) {
    const low = (from: Register): Instruction => addiw(to, from, lower);
    if (upper === 0n) return [low(zero)];
    const high = lui(to, Number(BigInt.asUintN(20, upper >> 12n)));
    return lower === 0 ? [high] : [high, low(to)];
  }
  let by = 12;
  while (((upper >> BigInt(by)) & 1n) === 0n) by++;
  const shifted = [...build(to, upper >> BigInt(by)), slli(to, to, by)];
  return lower === 0 ? shifted : [...shifted, addi(to, to, lower)];
}

function registers(opcode: number, funct: number) {
  return (to: Register, a: Register, b: Register): Instruction => formR(opcode, funct, to, a, b);
}

function number(opcode: number, funct3: number) {
  return (to: Register, a: Register, value: number): Instruction => formI(opcode, funct3, to, a, value);
}

/** The number of bits is in the lower part of the field; the upper part belongs to the operation. */
function shift(opcode: number, funct3: number, bits: number, upper = 0) {
  return (to: Register, a: Register, by: number): Instruction => {
    if (!Number.isInteger(by) || by < 0 || by >= bits) throw new RangeError(`cannot shift ${bits} bits by ${by}`);
    return formI(opcode, funct3, to, a, upper + by);
  };
}

/*
 * How riscv64 branches, and how it finds addresses: always by distance from the instruction itself. Branches reach 4
 * KiB and jumps 1 MiB; `call` and `la` reach 2 GiB with two instructions. Longer forms do not exist: GNU as replaces a
 * branch that does not reach by two instructions, we throw a RangeError.
 */
/** If equal; if not. Within 4 KiB, like all that follow. */
export const beq = compare(0);
export const bne = compare(1);
/** Signed: if a < b, if a >= b. */
export const blt = compare(4);
export const bge = compare(5);
/** Unsigned: if a < b, if a >= b. */
export const bltu = compare(6);
export const bgeu = compare(7);

/** If zero, if not. */
export const beqz = (a: Register, to: string): Instruction => beq(a, zero, to);
export const bnez = (a: Register, to: string): Instruction => bne(a, zero, to);
/** If a > b, if a <= b, signed and unsigned: the same with the registers swapped. */
export const bgt = (a: Register, b: Register, to: string): Instruction => blt(b, a, to);
export const ble = (a: Register, b: Register, to: string): Instruction => bge(b, a, to);
export const bgtu = (a: Register, b: Register, to: string): Instruction => bltu(b, a, to);
export const bleu = (a: Register, b: Register, to: string): Instruction => bgeu(b, a, to);

/** Jumps to a label, with the address of the next instruction in `link`. Within 1 MiB. */
export function jal(link: Register, to: string): Instruction {
  return wordTo(JAL | rd(link), to, (there, here) => jumpField(there - here));
}

/** Jumps to the address in a register + disp (12 bits), with the address of the next instruction in `link`. */
export function jalr(link: Register, to: Register, disp = 0): Instruction {
  return formI(JALR, 0, link, to, disp);
}

/** Jumps to a label, or to the address in a register. */
export const j = (to: string): Instruction => jal(zero, to);
export const jr = (to: Register): Instruction => jalr(zero, to);
/** Jumps to the address in ra: returns. */
export const ret = (): Instruction => jr(ra);

/** Calls a function within 2 GiB: auipc and jalr. */
export function call(to: string): Instruction {
  return twoWords(ra, jalr(ra, ra), to);
}

/** Puts the address of a label within 2 GiB into a register: auipc and addi. */
export function la(to: Register, label: string, plus = 0): Instruction {
  return twoWords(to, addi(to, to, 0), label, plus);
}

// --- internal ---

function compare(funct3: number) {
  return (a: Register, b: Register, to: string): Instruction =>
    wordTo(BRANCH | (funct3 << 12) | rs2(b) | rs1(a), to, (there, here) => branchField(there - here));
}

/**
 * auipc, and an instruction that adds the lower 12 bits of the distance. These are signed, so the upper 20 bits are one
 * larger where they are negative; and they count from the auipc, not from the instruction that holds them.
 */
function twoWords(base: Register, second: Instruction, label: string, plus = 0): Instruction {
  const first = AUIPC | rd(base);
  const addend = second.bytes.reduce((sum, byte, i) => sum + byte * 256 ** i, 0);
  const link = (to: number, at: number): number[] => {
    const distance = to - at;
    const upper = Math.floor((distance + 0x800) / 0x1000);
    if (upper < -0x80000 || upper >= 0x80000) throw new RangeError(`${distance} bytes are too far away`);
    const lower = distance - upper * 0x1000;
    return [...word(first | (upper << 12)).bytes, ...word(addend | (lower << 20)).bytes];
  };
  const bytes = [...word(first).bytes, ...second.bytes];
  return {kind: 'instruction', bytes, align: 4, fixup: {label, plus, link}};
}
