/*
 * How aarch64 branches, and how it finds addresses: always by distance from the instruction itself. Branches reach 128
 * MiB, conditional ones 1 MiB, those that test one bit 32 KiB; longer forms do not exist.
 */
import {orZero, RD, RN, sf} from './encode.ts';
import type {Register} from './operands.ts';
import type {Instruction} from '../assemble.ts';
import {distanceField, unsignedField, word, wordTo} from '../word.ts';

/** Branches to a label; the same, with the address of the next instruction in x30. Within 128 MiB. */
export const b = (to: string): Instruction => wordTo(0x14000000, to, branch(26, 0));
export const bl = (to: string): Instruction => wordTo(0x94000000, to, branch(26, 0));

/** Branches to the address in a register; the same, with the address of the next instruction in x30. */
export const br = through(0xd61f0000);
export const blr = through(0xd63f0000);
/** Branches to the address in x30: returns. */
export const ret = (): Instruction => word(0xd65f03c0);

/** If equal (zero); if not. Within 1 MiB, like all that follow. */
export const beq = conditional(0x0);
export const bne = conditional(0x1);
/** Unsigned: higher or same, lower, higher, lower or same. Higher or same is also "carry". */
export const bhs = conditional(0x2);
export const blo = conditional(0x3);
export const bhi = conditional(0x8);
export const bls = conditional(0x9);
/** Signed: greater or equal, less, greater, less or equal. */
export const bge = conditional(0xa);
export const blt = conditional(0xb);
export const bgt = conditional(0xc);
export const ble = conditional(0xd);
/** If negative; if not; on signed overflow; if none. */
export const bmi = conditional(0x4);
export const bpl = conditional(0x5);
export const bvs = conditional(0x6);
export const bvc = conditional(0x7);

/** If a register is zero; if not. The flags are unchanged. */
export const cbz = onZero(0x34000000);
export const cbnz = onZero(0x35000000);
/** If one bit of a register is zero; if not. Within 32 KiB. */
export const tbz = onBit(0x36000000);
export const tbnz = onBit(0x37000000);

/** Puts the address of a label into a register. Within 1 MiB. */
export function adr(to: Register, label: string, plus = 0): Instruction {
  return wordTo(0x10000000 | address(to), label, (there, here) => inTwoParts(there - here), plus);
}

/**
 * Puts the address of the 4 KiB block that holds a label into a register; within 4 GiB. (That is not the kernel's page,
 * which may be larger.) `addLow` adds the rest.
 */
export function adrp(to: Register, label: string, plus = 0): Instruction {
  const block = (at: number): number => Math.floor(at / 0x1000);
  // Bit 31 of the opcode makes it count in blocks.
  return wordTo(0x90000000 | address(to), label, (there, here) => inTwoParts(block(there) - block(here)), plus);
}

/** to = from + the lower 12 bits of a label's address: `add to, from, :lo12:label`. */
export function addLow(to: Register, from: Register, label: string, plus = 0): Instruction {
  const fixed = sf(to, from) | 0x11000000 | orZero(from, RN) | address(to);
  return wordTo(fixed, label, (there) => (there % 0x1000) << 10, plus);
}

// --- internal ---

/** A distance in words, in a field of `width` bits at bit `place`. */
function branch(width: number, place: number) {
  return (to: number, at: number): number => distanceField(to - at, width, 4) << place;
}

function conditional(condition: number) {
  return (to: string): Instruction => wordTo(0x54000000 | condition, to, branch(19, 5));
}

function onZero(fixed: number) {
  return (register: Register, to: string): Instruction =>
    wordTo(sf(register) | fixed | orZero(register, RD), to, branch(19, 5));
}

/** The bit number has its highest bit where other instructions have sf, and the rest at bit 19. */
function onBit(fixed: number) {
  return (register: Register, bit: number, to: string): Instruction => {
    if (unsignedField(bit, 6) >= register.bits) throw new RangeError(`there is no bit ${bit} in ${register.bits}`);
    const number = ((bit >> 5) << 31) | ((bit & 31) << 19);
    return wordTo(number | fixed | orZero(register, RD), to, branch(14, 5));
  };
}

function through(fixed: number) {
  return (register: Register): Instruction => word(fixed | (address(register) << RN));
}

/** The lowest two bits of a 21-bit number are at bit 29, the others at bit 5. */
function inTwoParts(distance: number): number {
  const field = distanceField(distance, 21, 1);
  return ((field & 3) << 29) | ((field >> 2) << 5);
}

function address(register: Register): number {
  if (register.bits !== 64) throw new RangeError('addresses have 64 bits');
  return orZero(register, RD);
}
