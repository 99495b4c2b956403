/*
 * How aarch64 loads and stores. A displacement counts in units of what is loaded or stored, upwards, up to 4095 of
 * them; one that is not a multiple, or is negative, is in bytes and reaches 256 (Arm calls these forms ldur and stur;
 * GNU as picks them on its own, and so do we).
 */
import {orStack, orZero, RA, RD, RM, RN} from './encode.ts';
import type {Bits, Memory, Register} from './operands.ts';
import type {Instruction} from '../assemble.ts';
import {distanceField, signedField, word} from '../word.ts';

/** The operation, bits 22 and 23: a store, a load that zero-extends, a load that sign-extends to 64 bits. */
const STORE = 0;
const LOAD = 1;
const LOAD_SIGNED = 2;

/** Loads or stores four or eight bytes, the width of the register. */
export const ldr = access(LOAD);
export const str = access(STORE);
/** One byte, in the lower bits of a 32-bit register; a load sets the rest to zero. */
export const ldrb = access(LOAD, 0, 32);
export const strb = access(STORE, 0, 32);
/** Two bytes, in the same way. */
export const ldrh = access(LOAD, 1, 32);
export const strh = access(STORE, 1, 32);
/** Loads one byte, or four, into a 64-bit register, sign-extended. */
export const ldrsb = access(LOAD_SIGNED, 0, 64);
export const ldrsw = access(LOAD_SIGNED, 2, 64);

/** Loads or stores two registers, the first at the address, the second right after it. No index. */
export const ldp = pair(0x28400000);
export const stp = pair(0x28000000);

// --- internal ---

/** @param size the logarithm (base 2) of the number of bytes; if absent, the width of the register */
function access(operation: number, size?: number, bits?: Bits) {
  return (register: Register, memory: Memory): Instruction => {
    if (register.bits !== (bits ?? register.bits)) throw new RangeError(`this needs a register of ${bits} bits`);
    const log = size ?? (register.bits === 64 ? 3 : 2);
    const fixed = (log << 30) | 0x38000000 | (operation << 22) | orZero(register, RD) | base(memory);
    return word(fixed | place(memory, log, register));
  };
}

/** The fields for the address: bit 24 for a displacement in units, bit 21 for an index, else bits 10 and 11. */
function place(memory: Memory, log: number, register: Register): number {
  const {disp, index, isScaled = false, update} = memory;
  if (index) {
    if (index.bits !== 64) throw new RangeError('addresses are made of 64-bit registers');
    if (isScaled && log === 0) throw new RangeError('an index of single bytes cannot be scaled');
    return 0x206800 | orZero(index, RM) | (isScaled ? 0x1000 : 0);
  }
  if (update) {
    checkUpdate(memory, register);
    return (signedField(disp, 9) << 12) | (update === 'before' ? 0xc00 : 0x400);
  }
  const count = disp / 2 ** log;
  if (Number.isInteger(count) && count >= 0 && count <= 0xfff) return 0x1000000 | (count << 10);
  return signedField(disp, 9) << 12;
}

function pair(fixed: number) {
  return (first: Register, second: Register, memory: Memory): Instruction => {
    if (first.bits !== second.bits) throw new RangeError('both registers of a pair must have the same width');
    if (fixed === 0x28400000 && first.number === second.number)
      throw new RangeError('a pair must be two different registers');
    if (memory.index) throw new RangeError('a pair has no index');
    checkUpdate(memory, first, second);
    const wide = first.bits === 64;
    const how = memory.update === 'after' ? 0x800000 : memory.update === 'before' ? 0x1800000 : 0x1000000;
    const disp = distanceField(memory.disp, 7, wide ? 8 : 4) << 15;
    const registers = orZero(first, RD) | orZero(second, RA) | base(memory);
    return word((wide ? 0x80000000 : 0) | fixed | how | disp | registers);
  };
}

function base({base}: Memory): number {
  if (base.bits !== 64) throw new RangeError('addresses are made of 64-bit registers');
  return orStack(base, RN);
}

/**
 * The machine does not define what a register holds that is loaded or stored and updated as the base at the same time.
 */
function checkUpdate({base, update}: Memory, ...registers: readonly Register[]): void {
  if (update && registers.some(({number, isStack}) => number === base.number && isStack === base.isStack)) {
    throw new RangeError('the base cannot be updated and loaded or stored in one instruction');
  }
}
