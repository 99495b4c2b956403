/*
 * The aarch64 machine, as far as a small program without a C library meets it.
 *
 * Registers: x0 to x30 of 64 bits, and sp, the stack pointer. The lower halves are w0, w1, ...; writing one clears the
 * upper half. xzr is always zero. Only loads and stores touch memory; the rest works on registers and small numbers, so
 * an address or a number of 64 bits takes more than one instruction.
 *
 * Start of a process (fs/binfmt_elf.c, create_elf_tables): the kernel jumps to the entry point with sp at the argument
 * count; above it are the pointers argv[0], argv[1], ..., a null pointer, the environment. The registers are zero. sp
 * must be a multiple of 16 whenever it is the base of a load or store, or the access is SIGBUS: eight bytes can't be
 * pushed alone.
 *
 * Calls (AAPCS64 section 6): arguments and results in x0 to x7. `bl` puts the return address into x30, not on the stack,
 * so a function that calls another saves x30 first. x19 to x29 and sp are kept by the called function. x16 and x17 may be
 * overwritten on the way to it, and x18 is left alone.
 *
 * System calls (arch/arm64/kernel/syscall.c): the number in x8, arguments in x0 to x5, then `svc 0`. The result comes in
 * x0; -4095 to -1 is an error, the negative errno. All else is kept. The numbers are those of
 * include/uapi/asm-generic/unistd.h.
 *
 * The names are Arm's, operands go destination first. Where GNU as takes another instruction for a number that the one
 * written can't say (`add` of -1 is `sub` of 1), so do we. All functions are pure; all throw a RangeError for operands
 * that the machine does not have.
 */
import {orStack, orZero, RA, RD, RM, RN, sf, shift, two, zero} from './arm64-encode.ts';
import type {Register} from './arm64-operands.ts';
import type {Instruction} from './assemble.ts';
import {unsignedField, word} from './word.ts';

/** to = a + b; to = a - b; the same with flags. b is a register, shifted left, or a number of 12 bits, or 24 with 12 zeros. */
export const add = arithmetic(0, 0);
export const adds = arithmetic(0, 1);
export const sub = arithmetic(1, 0);
export const subs = arithmetic(1, 1);

/** Only the flags of a - b; of a + b. */
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

/** to = a / b, unsigned; signed. Division by zero is no trap: the result is 0. */
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

// --- internal ---

/** Three forms: a number (12 bits, maybe shifted by 12), a register, and for sp, a register "extended" by nothing. */
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

/** The fields sh and imm12: a number of 12 bits, or one of 24 whose lower 12 are zero. */
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
