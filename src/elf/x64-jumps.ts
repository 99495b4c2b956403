/* Where x86-64 goes on: jumps, calls and returns. Distances to labels are worked out by assemble.ts. */
import type {Instruction, Jump} from './assemble.ts';
import {modrm, plain, withDistance} from './x64-encode.ts';
import type {Memory, Register} from './x64-operands.ts';

/** Goes on at a label, or at the address in a register or in memory. */
export function jmp(to: string): Jump;
export function jmp(to: Register | Memory): Instruction;
export function jmp(to: string | Register | Memory): Jump | Instruction {
  if (typeof to === 'string') return {kind: 'jump', short: [0xeb], long: [0xe9], label: to};
  return through(to, 4);
}

/** Pushes the address of the next instruction, then goes on as jmp does. There is no short form. */
export function call(to: string | Register | Memory): Instruction {
  if (typeof to !== 'string') return through(to, 2);
  return withDistance(plain(0xe8, 0, 0, 0, 0), 1, to);
}

/** Pops an address and goes on there. */
export const ret = (): Instruction => plain(0xc3);

/** If equal (zero), if not. */
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
/** If negative, if not; on signed overflow, if none. */
export const js = conditional(0x8);
export const jns = conditional(0x9);
export const jo = conditional(0x0);
export const jno = conditional(0x1);

// --- internal ---

/** The condition is the last four bits of both opcodes. */
function conditional(condition: number) {
  return (to: string): Jump => ({kind: 'jump', short: [0x70 + condition], long: [0x0f, 0x80 + condition], label: to});
}

/** A jump through a register or memory. It is 64 bits wide without saying so. */
function through(to: Register | Memory, extension: number): Instruction {
  if ((to.bits ?? 64) !== 64) throw new RangeError('addresses have 64 bits');
  return modrm({opcode: [0xff], reg: extension, rm: to, wide: false});
}
