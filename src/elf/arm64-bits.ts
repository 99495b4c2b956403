/* What aarch64 does bit by bit: logic and shifts. */
import {bitmask, orStack, orZero, RD, RM, RN, sf, shift, two, whole, zero} from './arm64-encode.ts';
import type {Register} from './arm64-operands.ts';
import type {Instruction} from './assemble.ts';
import {word} from './word.ts';

/** to = a & b; a | b; a ^ b; a & b with flags. b is a register, shifted left, or a number that `bitmask` knows. */
export const and = logical(0);
export const orr = logical(1);
export const eor = logical(2);
export const ands = logical(3);

/** Only the flags of a & b. */
export function tst(a: Register, b: Register | number | bigint): Instruction {
  return ands(zero(a), a, b);
}

/** to = the bits of from, flipped. */
export function mvn(to: Register, from: Register): Instruction {
  return word(sf(to, from) | 0x2a200000 | orZero(from, RM) | (31 << RN) | orZero(to, RD));
}

/** Shifts by a register or a number of bits: left; right with zeros; right with the sign. */
export function lsl(to: Register, from: Register, by: Register | number): Instruction {
  if (typeof by !== 'number') return left(to, from, by);
  const amount = shift(by, to.bits);
  return bitfield(0x53000000, to, from, (to.bits - amount) % to.bits, to.bits - 1 - amount);
}
export function lsr(to: Register, from: Register, by: Register | number): Instruction {
  if (typeof by !== 'number') return right(to, from, by);
  return bitfield(0x53000000, to, from, shift(by, to.bits), to.bits - 1);
}
export function asr(to: Register, from: Register, by: Register | number): Instruction {
  if (typeof by !== 'number') return signedRight(to, from, by);
  return bitfield(0x13000000, to, from, shift(by, to.bits), to.bits - 1);
}

// --- internal ---

const left = two(0x1ac02000);
const right = two(0x1ac02400);
const signedRight = two(0x1ac02800);

function logical(operation: number) {
  return (to: Register, a: Register, b: Register | number | bigint, left = 0): Instruction => {
    const destination = operation === 3 ? orZero : orStack;
    if (typeof b === 'object') {
      const fixed = sf(to, a, b) | (operation << 29) | 0x0a000000 | orZero(b, RM);
      return word(fixed | (shift(left, to.bits) << 10) | orZero(a, RN) | orZero(to, RD));
    }
    const fields = bitmask(whole(b, to.bits), to.bits);
    if (fields === undefined) throw new RangeError(`${b} is no number that logical instructions take`);
    return word(sf(to, a) | (operation << 29) | 0x12000000 | fields | orZero(a, RN) | destination(to, RD));
  };
}

/** Bits `immr` to `imms` of a register, moved: what shifts by a number are short for. 64 bits say so twice. */
function bitfield(fixed: number, to: Register, from: Register, immr: number, imms: number): Instruction {
  const n = to.bits === 64 ? 0x400000 : 0;
  return word(sf(to, from) | fixed | n | (immr << 16) | (imms << 10) | orZero(from, RN) | orZero(to, RD));
}
