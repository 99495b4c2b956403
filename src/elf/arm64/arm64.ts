/*
 * The aarch64 machine, as far as a small program without a C library needs it.
 *
 * Registers: x0 to x30 of 64 bits, and sp, the stack pointer. The lower halves are w0, w1, ...; writing one clears the
 * upper half. xzr is always zero. Only loads and stores access memory; all other instructions work on registers and
 * small numbers, so a 64-bit address or number takes more than one instruction.
 *
 * Start of a process (fs/binfmt_elf.c, create_elf_tables): the kernel jumps to the entry point with sp pointing at the
 * argument count; above it are the pointers argv[0], argv[1], ..., a null pointer, and the environment. The other
 * registers are zero. sp must be a multiple of 16 whenever it is the base of a load or store, or the access raises
 * SIGBUS: eight bytes can't be pushed alone.
 *
 * Calls (AAPCS64 section 6): arguments and results in x0 to x7. `bl` puts the return address into x30, not on the
 * stack, so a function that calls another saves x30 first. x19 to x29 and sp are preserved by the called function. x16
 * and x17 may be overwritten on the way to it, and x18 is left alone.
 *
 * System calls (arch/arm64/kernel/syscall.c): the number in x8, arguments in x0 to x5, then `svc 0`. The result is in
 * x0; -4095 to -1 is an error, the negative errno. All other registers are preserved. The numbers are those of
 * include/uapi/asm-generic/unistd.h.
 *
 * The names are Arm's; the destination operand comes first. Where GNU as picks another instruction for a number that
 * the one written can't encode (`add` of -1 becomes `sub` of 1), so do we. All functions are pure; all throw a
 * RangeError for operands that the machine does not have.
 */
import {bitmask, orStack, orZero, RA, RD, RM, RN, sf, shift, two, whole, zero} from './encode.ts';
import type {Bits, Register} from './operands.ts';
import type {Instruction} from '../assemble.ts';
import {unsignedField, word} from '../word.ts';

/**
 * to = a + b; to = a - b; the same, setting the flags. b is a register, shifted left, or a number of 12 bits, or 24
 * bits of which the low 12 are zero.
 */
export const add = arithmetic(0, 0);
export const adds = arithmetic(0, 1);
export const sub = arithmetic(1, 0);
export const subs = arithmetic(1, 1);

/** Sets only the flags: of a - b; of a + b. */
export function cmp(a: Register, b: Register | number): Instruction {
  return subs(zero(a), a, b);
}
export function cmn(a: Register, b: Register | number): Instruction {
  return adds(zero(a), a, b);
}

/** to = 0 - from. */
export function neg(to: Register, from: Register): Instruction {
  return sub(to, zero(to), from);
}

/** to = a / b, unsigned; signed. Division by zero does not trap: the result is 0. */
export const udiv = two(0x1ac00800);
export const sdiv = two(0x1ac00c00);

/** to = c + a * b; to = c - a * b. With the quotient as a and the divisor as b, msub gives the remainder. */
export const madd = three(0x1b000000);
export const msub = three(0x1b008000);

/** to = a * b. */
export function mul(to: Register, a: Register, b: Register): Instruction {
  return madd(to, a, b, zero(to));
}

/** Enters the kernel. */
export const svc = (comment = 0): Instruction => word(0xd4000001 | (unsignedField(comment, 16) << 5));
/** SIGTRAP; SIGILL; nothing. The number is for whoever catches it. */
export const brk = (comment = 0): Instruction => word(0xd4200000 | (unsignedField(comment, 16) << 5));
export const udf = (comment = 0): Instruction => word(unsignedField(comment, 16));
export const nop = (): Instruction => word(0xd503201f);
/** What comes before it in memory is seen by all processors before what comes after it: loads and stores alike. */
export const dmb = (): Instruction => word(0xd5033bbf);

// --- internal ---

/**
 * Three forms: a number (12 bits, maybe shifted by 12), a register, and, for sp, a register with an "extend" that
 * changes nothing.
 */
function arithmetic(isSub: 0 | 1, flags: 0 | 1) {
  return (to: Register, a: Register, b: Register | number, left = 0): Instruction => {
    const destination = flags === 1 ? orZero : orStack;
    if (typeof b === 'number') {
      const operation = (b < 0 ? 1 - isSub : isSub) * 0x40000000 + flags * 0x20000000;
      const fixed = sf(to, a) | operation | 0x11000000;
      return word(fixed | small(Math.abs(b)) | orStack(a, RN) | destination(to, RD));
    }
    const fixed = sf(to, a, b) | (isSub * 0x40000000) | (flags * 0x20000000) | 0x0b000000 | orZero(b, RM);
    if (to.isStack || a.isStack) {
      const extended = 0x200000 | ((to.bits === 64 ? 3 : 2) << 13) | (upTo(left, 4) << 10);
      return word(fixed | extended | orStack(a, RN) | destination(to, RD));
    }
    return word(fixed | (shift(left, to.bits) << 10) | orZero(a, RN) | orZero(to, RD));
  };
}

/** The fields sh and imm12: a number of 12 bits, or one of 24 bits whose lower 12 are zero. */
function small(value: number): number {
  if (value <= 0xfff || value % 0x1000 !== 0) return unsignedField(value, 12) << 10;
  return 0x400000 | (unsignedField(value / 0x1000, 12) << 10);
}

function three(fixed: number) {
  return (to: Register, a: Register, b: Register, c: Register): Instruction =>
    word(sf(to, a, b, c) | fixed | orZero(b, RM) | orZero(c, RA) | orZero(a, RN) | orZero(to, RD));
}

function upTo(by: number, most: number): number {
  if (!Number.isInteger(by) || by < 0 || by > most)
    throw new RangeError(`cannot shift by ${by} with sp, only by ${most}`);
  return by;
}

/* What aarch64 does bit by bit: logical operations and shifts. */
/**
 * to = a & b; a | b; a ^ b; a & b, setting the flags. b is a register, shifted left, or a number that `bitmask` knows.
 */
export const and = logical(0);
export const orr = logical(1);
export const eor = logical(2);
export const ands = logical(3);

/** Sets only the flags of a & b. */
export function tst(a: Register, b: Register | number | bigint): Instruction {
  return ands(zero(a), a, b);
}

/** to = the bits of from, inverted. */
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
    if (fields === undefined) throw new RangeError(`${b} is not a number that logical instructions take`);
    return word(sf(to, a) | (operation << 29) | 0x12000000 | fields | orZero(a, RN) | destination(to, RD));
  };
}

/**
 * Moves bits `immr` to `imms` of a register: shifts by a number are aliases of this. 64-bit forms set both sf and N.
 */
function bitfield(fixed: number, to: Register, from: Register, immr: number, imms: number): Instruction {
  const n = to.bits === 64 ? 0x400000 : 0;
  return word(sf(to, from) | fixed | n | (immr << 16) | (imms << 10) | orZero(from, RN) | orZero(to, RD));
}

/* How aarch64 gets numbers into registers: 16 bits at a time, or a whole pattern at once. */
/**
 * A quarter of 64 bits, the most that one of these instructions can hold. Which quarter: a shift by 0, 16, 32 or 48.
 */
const QUARTER = 16;
const ONES = 0xffff;

/**
 * Sets 16 bits of a register and clears the rest; the same, with all bits inverted; sets 16 bits and keeps the rest.
 */
export const movz = wide(0x52800000);
export const movn = wide(0x12800000);
export const movk = wide(0x72800000);

/**
 * Copies a register, or sets it to a number that one instruction can produce: with movz, else movn, else orr, as GNU as
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
  if (fields === undefined) throw new RangeError(`no single instruction produces ${from}`);
  return word(sf(to) | 0x32000000 | fields | (31 << RN) | orStack(to, RD));
}

/**
 * Sets a register to any number of its width, in one to four instructions: the quarters that differ from the rest are
 * inserted one by one.
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
