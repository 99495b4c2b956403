/*
 * The fields that aarch64 instructions share (Arm ARM, chapter C4). Registers have five bits: Rd (the destination) or
 * Rt (what is loaded or stored) at bit 0, Rn at 5, Ra at 10, Rm at 16. `sf`, bit 31, selects 64 bits instead of 32.
 *
 * Register 31 is the stack pointer where an instruction computes addresses, and zero elsewhere; which of the two is
 * fixed for each field of each instruction. So there are two functions, and each field is encoded by one of them.
 */
import {type Bits, type Register, wzr, xzr} from './operands.ts';
import type {Instruction} from '../assemble.ts';
import {word} from '../word.ts';

/** The bit positions of the register fields. */
export const RD = 0;
export const RN = 5;
export const RA = 10;
export const RM = 16;

/** A register where number 31 is zero. Throws a RangeError for the stack pointer. */
export function orZero(register: Register, place: number): number {
  if (register.isStack) throw new RangeError('the stack pointer is not allowed here');
  return register.number << place;
}

/** A register where number 31 is the stack pointer. Throws a RangeError for zero. */
export function orStack(register: Register, place: number): number {
  if (register.number === 31 && !register.isStack) throw new RangeError('the zero register is not allowed here');
  return register.number << place;
}

/** The bit sf for operands that must all have the same width. Throws a RangeError if they don't. */
export function sf(first: Register, ...others: readonly Register[]): number {
  for (const {bits} of others) {
    if (bits !== first.bits) throw new RangeError(`operands of ${first.bits} and ${bits} bits do not go together`);
  }
  return first.bits === 64 ? 0x80000000 : 0;
}

/**
 * The fields N, immr and imms of a number that logical instructions take, at their positions (bits 22, 16, 10), or
 * undefined if they don't take it. The number is unsigned and as wide as the register.
 *
 * Such a number is one pattern of 2, 4, 8, 16, 32 or 64 bits, repeated; and the pattern is a run of ones, rotated. imms
 * holds the length of the run, less one, and in its leading bits the size of the pattern; immr says by how much the run
 * is rotated to the right. 0 and all ones can't be encoded (Arm ARM, DecodeBitMasks).
 */
export function bitmask(value: bigint, bits: Bits): number | undefined {
  for (let size = 2; size <= bits; size *= 2) {
    const pattern = BigInt.asUintN(size, value);
    const rest = Array.from({length: bits / size}, (_, i) => BigInt.asUintN(size, value >> BigInt(i * size)));
    if (rest.some((other) => other !== pattern)) continue;
    const ones = pattern.toString(2).replaceAll('0', '').length;
    const row = (1n << BigInt(ones)) - 1n;
    if (ones === 0 || ones === size) return undefined;
    for (let by = 0; by < size; by++) {
      const rotated = (row >> BigInt(by)) | BigInt.asUintN(size, row << BigInt(size - by));
      if (rotated !== pattern) continue;
      const imms = ((-2 * size) & 0x3f) | (ones - 1);
      return (size === 64 ? 1 << 22 : 0) | (by << 16) | (imms << 10);
    }
    return undefined;
  }
  return undefined;
}

/** A number as the bits of a register, unsigned. Throws a RangeError if it fits neither signed nor unsigned. */
export function whole(value: number | bigint, bits: Bits): bigint {
  const number = BigInt(value);
  if (number < -(1n << BigInt(bits - 1)) || number >= 1n << BigInt(bits)) {
    throw new RangeError(`${value} does not fit ${bits} bits`);
  }
  return BigInt.asUintN(bits, number);
}

/** The zero register of the same width as this one. */
export function zero({bits}: Register): Register {
  return bits === 64 ? xzr : wzr;
}

/** A number of bits to shift by. Throws a RangeError if it is not less than the width of the register. */
export function shift(by: number, bits: Bits): number {
  if (!Number.isInteger(by) || by < 0 || by >= bits) throw new RangeError(`cannot shift ${bits} bits by ${by}`);
  return by;
}

/** An instruction that computes a register from two others. */
export function two(fixed: number) {
  return (to: Register, a: Register, b: Register): Instruction =>
    word(sf(to, a, b) | fixed | orZero(b, RM) | orZero(a, RN) | orZero(to, RD));
}
