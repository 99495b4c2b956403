/*
 * The fields that aarch64 instructions share (Arm ARM, chapter C4). Registers have five bits: Rd (the destination) or
 * Rt (what is loaded or stored) at bit 0, Rn at 5, Ra at 10, Rm at 16. `sf`, bit 31, says 64 bits in place of 32.
 *
 * Register 31 is the stack pointer where an instruction makes addresses, and zero elsewhere; which it is, is fixed for
 * each field of each instruction. So each field is asked for by one of two functions.
 */
import {type Bits, type Register, wzr, xzr} from './operands.ts';
import type {Instruction} from '../assemble.ts';
import {word} from '../word.ts';

/** The places of the register fields. */
export const RD = 0;
export const RN = 5;
export const RA = 10;
export const RM = 16;

/** A register where number 31 is zero. Throws a RangeError for the stack pointer. */
export function orZero(register: Register, place: number): number {
  if (register.isStack) throw new RangeError('the stack pointer cannot stand here');
  return register.number << place;
}

/** A register where number 31 is the stack pointer. Throws a RangeError for zero. */
export function orStack(register: Register, place: number): number {
  if (register.number === 31 && !register.isStack) throw new RangeError('the zero register cannot stand here');
  return register.number << place;
}

/** The bit sf for operands that all must have as many bits. Throws a RangeError if they don't. */
export function sf(first: Register, ...others: readonly Register[]): number {
  for (const {bits} of others) {
    if (bits !== first.bits) throw new RangeError(`${first.bits} bits and ${bits} bits do not go together`);
  }
  return first.bits === 64 ? 0x80000000 : 0;
}

/**
 * The fields N, immr and imms of a number that logical instructions take, in their places (bits 22, 16, 10), or
 * undefined if they don't take it. The number is unsigned, of so many bits as the register has.
 *
 * Such a number is one pattern of 2, 4, 8, 16, 32 or 64 bits, again and again; and the pattern is a row of ones,
 * rotated. imms has the length of the row, less one, and by its leading bits the size of the pattern; immr says by how
 * much the row is rotated to the right. 0 and all ones can't be said (Arm ARM, DecodeBitMasks).
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

/** A number as the bits of a register, unsigned. Throws a RangeError if it has more bits, signed and unsigned. */
export function whole(value: number | bigint, bits: Bits): bigint {
  const number = BigInt(value);
  if (number < -(1n << BigInt(bits - 1)) || number >= 1n << BigInt(bits)) {
    throw new RangeError(`${value} does not fit ${bits} bits`);
  }
  return BigInt.asUintN(bits, number);
}

/** The zero register with as many bits as this one. */
export function zero({bits}: Register): Register {
  return bits === 64 ? xzr : wzr;
}

/** A number of bits to shift by. Throws a RangeError if it is not less than the register has. */
export function shift(by: number, bits: Bits): number {
  if (!Number.isInteger(by) || by < 0 || by >= bits) throw new RangeError(`cannot shift ${bits} bits by ${by}`);
  return by;
}

/** An instruction that makes a register out of two others. */
export function two(fixed: number) {
  return (to: Register, a: Register, b: Register): Instruction =>
    word(sf(to, a, b) | fixed | orZero(b, RM) | orZero(a, RN) | orZero(to, RD));
}
