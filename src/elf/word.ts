/*
 * Instructions that are 32-bit words, as on aarch64 and riscv64: all of one length, each at a multiple of four bytes.
 * Registers and numbers are fields of the word; a number must fit its field, so it is checked here.
 */
import type {Instruction} from './assemble.ts';
import {littleEndian} from './bytes.ts';

/**
 * The instruction that is this word. Both machines store it least significant byte first, whatever the byte order of
 * data.
 */
export function word(value: number): Instruction {
  return {kind: 'instruction', bytes: littleEndian(value >>> 0, 4), align: 4};
}

/**
 * The instruction that is this word, once `field` has inserted the distance to a label.
 *
 * @param field the bits that encode the way from address `at` to address `to`; throws a RangeError if that is too far
 */
export function wordTo(value: number, label: string, field: (to: number, at: number) => number, plus = 0): Instruction {
  const link = (to: number, at: number): readonly number[] => word(value | field(to, at)).bytes;
  return {...word(value), fixup: {label, plus, link}};
}

/** A signed number as a field of `width` bits, in two's complement. Throws a RangeError if it does not fit. */
export function signedField(value: number, width: number): number {
  const limit = 2 ** (width - 1);
  if (!Number.isInteger(value) || value < -limit || value >= limit) {
    throw new RangeError(`${value} does not fit ${width} signed bits`);
  }
  return value & (2 ** width - 1);
}

/** An unsigned number as a field of `width` bits. Throws a RangeError if it does not fit. */
export function unsignedField(value: number, width: number): number {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** width) {
    throw new RangeError(`${value} does not fit ${width} unsigned bits`);
  }
  return value;
}

/**
 * A distance as a field of `width` bits, in units of `unit` bytes, in either direction.
 *
 * @throws RangeError if it is not a multiple of the unit, or further than the field can hold
 */
export function distanceField(distance: number, width: number, unit: number): number {
  const reach = 2 ** (width - 1) * unit;
  if (distance % unit !== 0) throw new RangeError(`${distance} bytes are not a multiple of ${unit}`);
  if (distance < -reach || distance >= reach) {
    throw new RangeError(`${distance} bytes are too far away: the instruction reaches ${-reach} to ${reach - unit}`);
  }
  return signedField(distance / unit, width);
}
