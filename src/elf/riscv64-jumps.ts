/*
 * Where riscv64 goes on, and how it finds addresses: all by distance from the instruction itself. Branches reach 4 KiB and
 * jumps 1 MiB; `call` and `la` reach 2 GiB with two instructions. There are no longer forms: GNU as makes two
 * instructions of a branch that does not reach, we throw a RangeError.
 */
import type {Instruction} from './assemble.ts';
import {addi} from './riscv64.ts';
import {AUIPC, BRANCH, branchField, formI, JAL, JALR, jumpField, rd, rs1, rs2} from './riscv64-encode.ts';
import {ra, zero, type Register} from './riscv64-operands.ts';
import {word, wordTo} from './word.ts';

/** If equal, if not. Within 4 KiB, as all that follow. */
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

/** Goes on at a label, with the address of the next instruction in `link`. Within 1 MiB. */
export function jal(link: Register, to: string): Instruction {
  return wordTo(JAL | rd(link), to, (there, here) => jumpField(there - here));
}

/** Goes on at the address in a register + disp (12 bits), with the address of the next instruction in `link`. */
export function jalr(link: Register, to: Register, disp = 0): Instruction {
  return formI(JALR, 0, link, to, disp);
}

/** Goes on at a label, or at the address in a register. */
export const j = (to: string): Instruction => jal(zero, to);
export const jr = (to: Register): Instruction => jalr(zero, to);
/** Goes on at the address in ra: returns. */
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
 * auipc, and an instruction that adds the lower 12 bits of the distance. These are signed, so the upper 20 are one more
 * where they are negative; and they count from the auipc, not from the instruction that has them.
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
