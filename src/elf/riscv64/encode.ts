/*
 * How riscv64 puts an instruction into a word (RISC-V unprivileged ISA, chapter "RV32I", "Immediate Encoding
 * Variants"):
 *
 *   R  funct7 | rs2 | rs1 | funct3 | rd | opcode       registers only
 *   I  number, 12 bits | rs1 | funct3 | rd | opcode    one number; loads
 *   S  number | rs2 | rs1 | funct3 | number | opcode   stores
 *   B  as S, the number in units of two bytes          branches
 *   U  number, 20 bits | rd | opcode                   the upper part of a number of 32 bits
 *   J  as U, the number in units of two bytes          jumps
 *
 * Registers are at the same bits in all of them, and the highest bit of each number, its sign, is bit 31: that is why
 * the other bits of the numbers in B and J are so scattered.
 */
import type {Instruction} from '../assemble.ts';
import type {Memory, Register} from './operands.ts';
import {distanceField, signedField, unsignedField, word} from '../word.ts';

/** The opcodes, bits 0 to 6. The lowest two are ones: the word is not a compressed 16-bit instruction. */
const LOAD = 0x03;
export const OP_IMM = 0x13;
export const AUIPC = 0x17;
export const OP_IMM_32 = 0x1b;
const STORE = 0x23;
export const OP = 0x33;
export const LUI = 0x37;
export const OP_32 = 0x3b;
export const BRANCH = 0x63;
export const JALR = 0x67;
export const JAL = 0x6f;
export const SYSTEM = 0x73;

/** The register fields at their bit positions. */
export const rd = ({number}: Register): number => number << 7;
export const rs1 = ({number}: Register): number => number << 15;
export const rs2 = ({number}: Register): number => number << 20;

/** An instruction on registers. `funct` has funct7 above funct3, as the tables of the manual do: 0x20_0 is 0x100. */
export function formR(opcode: number, funct: number, to: Register, a: Register, b: Register): Instruction {
  return word(opcode | ((funct >> 3) << 25) | ((funct & 7) << 12) | rs2(b) | rs1(a) | rd(to));
}

/** An instruction on a register and a signed number of 12 bits. */
export function formI(opcode: number, funct3: number, to: Register, a: Register, value: number): Instruction {
  return word(opcode | (signedField(value, 12) << 20) | (funct3 << 12) | rs1(a) | rd(to));
}

/** A load: from the address into the register. */
export function load(funct3: number, to: Register, {base, disp}: Memory): Instruction {
  return formI(LOAD, funct3, to, base, disp);
}

/** A store: from the register to the address. */
export function store(funct3: number, from: Register, {base, disp}: Memory): Instruction {
  const field = signedField(disp, 12);
  return word(STORE | ((field >> 5) << 25) | ((field & 31) << 7) | (funct3 << 12) | rs2(from) | rs1(base));
}

/** An instruction on the upper 20 of 32 bits: `value` is those 20 bits, unsigned. */
export function formU(opcode: number, to: Register, value: number): Instruction {
  return word(opcode | (unsignedField(value, 20) << 12) | rd(to));
}

/** The number of a B instruction: a distance within 4 KiB. */
export function branchField(distance: number): number {
  const field = distanceField(distance, 12, 2) << 1;
  const upper = ((field >> 12) << 31) | (((field >> 5) & 0x3f) << 25);
  return upper | (((field >> 1) & 0xf) << 8) | (((field >> 11) & 1) << 7);
}

/** The number of a J instruction: a distance within 1 MiB. */
export function jumpField(distance: number): number {
  const field = distanceField(distance, 20, 2) << 1;
  const upper = ((field >> 20) << 31) | (((field >> 1) & 0x3ff) << 21);
  return upper | (((field >> 11) & 1) << 20) | (((field >> 12) & 0xff) << 12);
}
