/* How aarch64 gets numbers into registers: 16 bits at a time, or a pattern at once. */
import {bitmask, orStack, orZero, RD, RM, RN, sf, whole} from './arm64-encode.ts';
import {add} from './arm64.ts';
import type {Bits, Register} from './arm64-operands.ts';
import type {Instruction} from './assemble.ts';
import {unsignedField, word} from './word.ts';

/** A quarter of 64 bits, the most that one of these instructions can say. Which one: a shift by 0, 16, 32 or 48. */
const QUARTER = 16;
const ONES = 0xffff;

/** Sets 16 bits of a register and clears the rest; the same, all flipped; sets 16 bits and leaves the rest. */
export const movz = wide(0x52800000);
export const movn = wide(0x12800000);
export const movk = wide(0x72800000);

/**
 * Copies a register, or sets it to a number that one instruction can make: with movz, else movn, else orr, as GNU as
 * does. For other numbers there is `constant`.
 */
export function mov(to: Register, from: Register | number | bigint): Instruction {
  if (typeof from === 'object') {
    if (to.isStack || from.isStack) return add(to, from, 0);
    return word(sf(to, from) | 0x2a000000 | orZero(from, RM) | (31 << RN) | orZero(to, RD));
  }
  const value = whole(from, to.bits);
  for (const [move, background] of [
    [movz, 0],
    [movn, ONES],
  ] as const) {
    const different = quarters(value, to.bits).filter(({bits}) => bits !== background);
    const {bits, shift} = different[0] ?? {bits: background, shift: 0};
    if (different.length <= 1) return move(to, bits ^ background, shift);
  }
  const fields = bitmask(value, to.bits);
  if (fields === undefined) throw new RangeError(`no single instruction makes ${from}`);
  return word(sf(to) | 0x32000000 | fields | (31 << RN) | orStack(to, RD));
}

/**
 * Sets a register to any number of as many bits as it has, in one to four instructions: the quarters that differ from
 * the rest are put in one by one.
 */
export function constant(to: Register, value: number | bigint): Instruction[] {
  const bits = whole(value, to.bits);
  const parts = quarters(bits, to.bits);
  const [zeros, ones] = [0, ONES].map((background) => parts.filter(({bits}) => bits !== background));
  const isMostlyOnes = (ones?.length ?? 0) < (zeros?.length ?? 0);
  const [first, ...rest] = (isMostlyOnes ? ones : zeros) ?? [];
  if (rest.length === 0 || bitmask(bits, to.bits) !== undefined) return [mov(to, bits)];
  const {bits: start, shift} = first ?? {bits: 0, shift: 0};
  return [
    isMostlyOnes ? movn(to, start ^ ONES, shift) : movz(to, start, shift),
    ...rest.map((part) => movk(to, part.bits, part.shift)),
  ];
}

// --- internal ---

function wide(fixed: number) {
  return (to: Register, value: number, shift = 0): Instruction => {
    const quarter = shift / QUARTER;
    if (!Number.isInteger(quarter) || shift < 0 || shift >= to.bits) throw new RangeError(`cannot shift by ${shift}`);
    return word(sf(to) | fixed | (quarter << 21) | (unsignedField(value, QUARTER) << 5) | orZero(to, RD));
  };
}

function quarters(value: bigint, bits: Bits): {bits: number; shift: number}[] {
  return Array.from({length: bits / QUARTER}, (_, i) => {
    const shift = i * QUARTER;
    return {bits: Number((value >> BigInt(shift)) & BigInt(ONES)), shift};
  });
}
