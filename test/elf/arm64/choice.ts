/* The registers of aarch64 for lists of forms. */
import * as operands from '../../../src/elf/arm64/operands.ts';
import type {Bits, Register} from '../../../src/elf/arm64/operands.ts';
import type {Form} from '../assemblers.ts';
import {registersOf, type Named} from '../combine.ts';

/** All registers, or a few: the first, the last, number 31, and two between. */
export type Choice = 'all' | 'few';

/** The sizes of registers, in bits. */
export const SIZES: readonly Bits[] = [64, 32];

/** The registers that instructions have where number 31 is zero, in the order of their numbers. */
export function registers(bits: Bits, choice: Choice): Named<Register>[] {
  return every(bits, choice).filter(([, {isStack}]) => !isStack);
}

/** The same where number 31 is the stack pointer. */
export function withStack(bits: Bits, choice: Choice): Named<Register>[] {
  return every(bits, choice).filter(([, {number, isStack}]) => number !== 31 || isStack);
}

/** Adds a form to a list. */
export function push(out: Form[], text: string, item: Form['item']): void {
  out.push({text, item});
}

// --- internal ---

const FEW = [0, 7, 21, 30, 31];

function every(bits: Bits, choice: Choice): Named<Register>[] {
  return registersOf<Register>(operands)
    .filter(([, register]) => register.bits === bits && (choice === 'all' || FEW.includes(register.number)))
    .sort(([, a], [, b]) => a.number - b.number);
}
