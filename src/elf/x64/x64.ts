/*
 * The x86-64 machine, as far as a small program without a C library needs it.
 *
 * Registers: sixteen of 64 bits. rsp is the stack pointer; the stack grows down, and push and call write below it. The
 * lower halves are eax, ebx, ...; writing one clears the upper half, so `mov(eax, 5)` is a short way to set rax.
 *
 * Start of a process (psABI section 3.4.1): the kernel jumps to the entry point with rsp pointing at the argument
 * count; above it are the pointers argv[0], argv[1], ..., a null pointer, and the environment. The contents of the
 * other registers are unspecified.
 *
 * System calls (psABI section A.2.1): the number in rax, arguments in rdi, rsi, rdx, r10, r8, r9, then `syscall`. The
 * result is in rax; -4095 to -1 is an error, the negative errno. rcx and r11 are overwritten (the instruction keeps the
 * return address and the flags there); all other registers are preserved. Function calls use rcx where system calls use
 * r10.
 *
 * Where the machine has more than one encoding for an instruction, we choose as GNU as does: the shortest form, and of
 * two equally short ones the one with the source register in reg. The names are Intel's; the destination operand comes
 * first. All functions are pure; all throw a RangeError for operands that the machine does not have.
 */
import type {Instruction, Jump} from '../assemble.ts';
import {littleEndian} from '../bytes.ts';
import {bitsOf, fitsByte, modrm, plain, shortForm, signed, withDistance} from './encode.ts';
import {al, cl, eax, type Memory, rax, type Register} from './operands.ts';

type Place = Register | Memory;

/** Copies. A 64-bit number that 32 signed bits can't express may be a bigint; only registers take it. */
export function mov(to: Place, from: Place | number | bigint): Instruction {
  if (typeof from === 'object') {
    const bits = bitsOf(to, from);
    const small = bits === 8 ? 0 : 1;
    const wide = bits === 64;
    if (from.kind === 'register') return modrm({opcode: [0x88 + small], reg: from, rm: to, wide});
    return modrm({opcode: [0x8a + small], reg: registerOf(to), rm: from, wide});
  }
  const bits = bitsOf(to);
  if (to.kind === 'register' && bits === 64 && !fits32(from)) return shortForm(0xb8, to, true, littleEndian(from, 8));
  const value = signed(Number(BigInt.asIntN(64, BigInt(from))), bits);
  if (to.kind === 'register' && bits === 8) return shortForm(0xb0, to, false, littleEndian(value, 1));
  if (to.kind === 'register' && bits === 32) return shortForm(0xb8, to, false, littleEndian(value, 4));
  const opcode = bits === 8 ? 0xc6 : 0xc7;
  return modrm({
    opcode: [opcode],
    reg: 0,
    rm: to,
    wide: bits === 64,
    immediate: littleEndian(value, bits === 8 ? 1 : 4),
  });
}

/** Loads one byte into a 32- or 64-bit register, zero-extended. */
export const movzx = widening([0x0f, 0xb6]);
/** Loads one byte into a 32- or 64-bit register, sign-extended. */
export const movsx = widening([0x0f, 0xbe]);

/** Puts the address itself into a register; no memory is read. */
export function lea(to: Register, address: Memory): Instruction {
  if (to.bits === 8) throw new RangeError('lea needs a 32- or 64-bit register');
  return modrm({opcode: [0x8d], reg: to, rm: address, wide: to.bits === 64});
}

/**
 * to += from; to |= from; add with carry; subtract with borrow; to &= from; to -= from; to ^= from; only the flags of
 * to - from.
 */
export const add = arithmetic(0);
export const or = arithmetic(1);
export const adc = arithmetic(2);
export const sbb = arithmetic(3);
export const and = arithmetic(4);
export const sub = arithmetic(5);
export const xor = arithmetic(6);
export const cmp = arithmetic(7);

/** Sets only the flags of a & b. */
export function test(a: Place, b: Register | number): Instruction {
  const bits = bitsOf(a, typeof b === 'number' ? a : b);
  const wide = bits === 64;
  const small = bits === 8 ? 0 : 1;
  if (typeof b !== 'number') return modrm({opcode: [0x84 + small], reg: b, rm: a, wide});
  const immediate = littleEndian(signed(b, bits), bits === 8 ? 1 : 4);
  if (isAccumulator(a)) return plain(...(wide ? [0x48] : []), 0xa8 + small, ...immediate);
  return modrm({opcode: [0xf6 + small], reg: 0, rm: a, wide, immediate});
}

/** One operand: inverts the bits; 0 - x; x + 1; x - 1. */
export const not = unary(0xf6, 2);
export const neg = unary(0xf6, 3);
export const inc = unary(0xfe, 0);
export const dec = unary(0xfe, 1);

/** rdx:rax = rax * x, unsigned; signed. */
export const mul = unary(0xf6, 4);
export const imul = unary(0xf6, 5);
/** rax = rdx:rax / x and rdx the remainder, unsigned; signed. A quotient that rax can't hold raises SIGFPE. */
export const div = unary(0xf6, 6);
export const idiv = unary(0xf6, 7);

/** Shifts by a number of bits or by cl: left; right with zeros; right with the sign. */
export const shl = shift(4);
export const shr = shift(5);
export const sar = shift(7);

/** rsp -= 8, then stores 64 bits there: a register, a qword of memory, or a number of 32 signed bits. */
export function push(from: Place | number): Instruction {
  if (typeof from === 'number') {
    const value = signed(from, 64);
    return fitsByte(value) ? plain(0x6a, ...littleEndian(value, 1)) : plain(0x68, ...littleEndian(value, 4));
  }
  only64(from);
  return from.kind === 'register'
    ? shortForm(0x50, from, false)
    : modrm({opcode: [0xff], reg: 6, rm: from, wide: false});
}

/** Loads 64 bits from rsp, then rsp += 8. */
export function pop(to: Place): Instruction {
  only64(to);
  return to.kind === 'register' ? shortForm(0x58, to, false) : modrm({opcode: [0x8f], reg: 0, rm: to, wide: false});
}

/** Enters the kernel. */
export const syscall = (): Instruction => plain(0x0f, 0x05);
/** Does nothing; a hint for loops that wait. */
export const nop = (): Instruction => plain(0x90);
export const pause = (): Instruction => plain(0xf3, 0x90);
/** SIGTRAP; SIGILL. */
export const int3 = (): Instruction => plain(0xcc);
export const ud2 = (): Instruction => plain(0x0f, 0x0b);
/** Fills rdx with the sign of rax, before idiv. */
export const cqo = (): Instruction => plain(0x48, 0x99);
/** rcx times: copies the byte at rsi to rdi; stores al at rdi. rdi and rsi move on, upwards as long as DF is clear. */
export const repMovsb = (): Instruction => plain(0xf3, 0xa4);
export const repStosb = (): Instruction => plain(0xf3, 0xaa);

// --- internal ---

/** The eight operations that share one opcode scheme (Intel SDM volume 2, appendix A.4, and ModRM group 1). */
function arithmetic(operation: number) {
  return (to: Place, from: Place | number): Instruction => {
    const bits = bitsOf(to, typeof from === 'number' ? to : from);
    const wide = bits === 64;
    const base = operation * 8 + (bits === 8 ? 0 : 1);
    if (typeof from !== 'number') {
      if (from.kind === 'register') return modrm({opcode: [base], reg: from, rm: to, wide});
      return modrm({opcode: [base + 2], reg: registerOf(to), rm: from, wide});
    }
    const value = signed(from, bits);
    const short = bits === 8 || fitsByte(value);
    const immediate = littleEndian(value, short ? 1 : 4);
    if (isAccumulator(to) && (bits === 8 || !short)) return plain(...(wide ? [0x48] : []), base + 4, ...immediate);
    const opcode = bits === 8 ? 0x80 : short ? 0x83 : 0x81;
    return modrm({opcode: [opcode], reg: operation, rm: to, wide, immediate});
  };
}

function unary(opcode: number, extension: number) {
  return (place: Place): Instruction => {
    const bits = bitsOf(place);
    return modrm({opcode: [opcode + (bits === 8 ? 0 : 1)], reg: extension, rm: place, wide: bits === 64});
  };
}

function shift(extension: number) {
  return (place: Place, by: number | typeof cl): Instruction => {
    const bits = bitsOf(place);
    const form = {reg: extension, rm: place, wide: bits === 64};
    const small = bits === 8 ? 0 : 1;
    if (typeof by !== 'number') {
      if (by !== cl) throw new RangeError('shifts are by a number or by cl');
      return modrm({...form, opcode: [0xd2 + small]});
    }
    if (!Number.isInteger(by) || by < 0 || by >= bits) throw new RangeError(`cannot shift ${bits} bits by ${by}`);
    if (by === 1) return modrm({...form, opcode: [0xd0 + small]});
    return modrm({...form, opcode: [0xc0 + small], immediate: [by]});
  };
}

function widening(opcode: readonly number[]) {
  return (to: Register, from: Place): Instruction => {
    if (to.bits === 8 || from.bits !== 8) throw new RangeError('this widens one byte to 32 or 64 bits');
    return modrm({opcode, reg: to, rm: from, wide: to.bits === 64});
  };
}

/** rax, eax, al: some instructions have a shorter form for them. */
function isAccumulator(place: Place): boolean {
  return place === rax || place === eax || place === al;
}

function registerOf(place: Place): Register {
  if (place.kind === 'memory') throw new RangeError('one operand must be a register');
  return place;
}

function only64(place: Place): void {
  if ((place.bits ?? 64) !== 64) throw new RangeError('the stack holds 64-bit values');
}

/**
 * Whether the 64 bits of a number are the sign extension of its low 32: those of 2^64 - 1 are, as they equal those of
 * -1.
 */
function fits32(value: number | bigint): boolean {
  return (value >= -0x80000000 && value <= 0x7fffffff) || (value >= 2n ** 64n - 2n ** 31n && value < 2n ** 64n);
}

/* How x86-64 branches: jumps, calls and returns. Distances to labels are worked out by assemble.ts. */
/** Jumps to a label, or to the address in a register or in memory. */
export function jmp(to: string): Jump;
export function jmp(to: Register | Memory): Instruction;
export function jmp(to: string | Register | Memory): Jump | Instruction {
  if (typeof to === 'string') return {kind: 'jump', short: [0xeb], long: [0xe9], label: to};
  return through(to, 4);
}

/** Pushes the address of the next instruction, then jumps as jmp does. There is no short form. */
export function call(to: string | Register | Memory): Instruction {
  if (typeof to !== 'string') return through(to, 2);
  return withDistance(plain(0xe8, 0, 0, 0, 0), 1, to);
}

/** Pops an address and jumps there. */
export const ret = (): Instruction => plain(0xc3);

/** If equal (zero); if not. */
export const je = conditional(0x4);
export const jne = conditional(0x5);
/** Unsigned: below, above or equal, below or equal, above. Below is also "carry". */
export const jb = conditional(0x2);
export const jae = conditional(0x3);
export const jbe = conditional(0x6);
export const ja = conditional(0x7);
/** Signed: less, greater or equal, less or equal, greater. */
export const jl = conditional(0xc);
export const jge = conditional(0xd);
export const jle = conditional(0xe);
export const jg = conditional(0xf);
/** If negative; if not; on signed overflow; if none. */
export const js = conditional(0x8);
export const jns = conditional(0x9);
export const jo = conditional(0x0);
export const jno = conditional(0x1);

// --- internal ---

/** The condition is the last four bits of both opcodes. */
function conditional(condition: number) {
  return (to: string): Jump => ({kind: 'jump', short: [0x70 + condition], long: [0x0f, 0x80 + condition], label: to});
}

/** A jump through a register or memory. It is 64 bits wide without a prefix. */
function through(to: Register | Memory, extension: number): Instruction {
  if ((to.bits ?? 64) !== 64) throw new RangeError('addresses have 64 bits');
  return modrm({opcode: [0xff], reg: extension, rm: to, wide: false});
}
