/* What aarch64 instructions work on: registers and places in memory. */

/** How many bits of a register an instruction uses. */
export type Bits = 32 | 64;

/** A general-purpose register, or its lower 32 bits. */
export interface Register {
  readonly kind: 'register';
  /** 0 to 31. The machine's number 31 is the stack pointer to some instructions and zero to others. */
  readonly number: number;
  readonly bits: Bits;
  /** Which of the two number 31 means here. */
  readonly isStack: boolean;
}

/** A place in memory: base + disp, or base + index. */
export interface Memory {
  readonly kind: 'memory';
  readonly base: Register;
  /** in bytes */
  readonly disp: number;
  readonly index?: Register;
  /** The index counts units of what is loaded or stored, not bytes. */
  readonly isScaled?: boolean;
  /** When base += disp happens, if at all. If after the access, the address is just base. */
  readonly update?: 'before' | 'after';
}

/** The 64-bit registers. x29 is the frame pointer, x30 (lr) holds the return address. */
export const x0 = register(0, 64);
export const x1 = register(1, 64);
export const x2 = register(2, 64);
export const x3 = register(3, 64);
export const x4 = register(4, 64);
export const x5 = register(5, 64);
export const x6 = register(6, 64);
export const x7 = register(7, 64);
export const x8 = register(8, 64);
export const x9 = register(9, 64);
export const x10 = register(10, 64);
export const x11 = register(11, 64);
export const x12 = register(12, 64);
export const x13 = register(13, 64);
export const x14 = register(14, 64);
export const x15 = register(15, 64);
export const x16 = register(16, 64);
export const x17 = register(17, 64);
export const x18 = register(18, 64);
export const x19 = register(19, 64);
export const x20 = register(20, 64);
export const x21 = register(21, 64);
export const x22 = register(22, 64);
export const x23 = register(23, 64);
export const x24 = register(24, 64);
export const x25 = register(25, 64);
export const x26 = register(26, 64);
export const x27 = register(27, 64);
export const x28 = register(28, 64);
export const x29 = register(29, 64);
export const x30 = register(30, 64);
/** Reads as zero; what is written to it is lost. */
export const xzr = register(31, 64);
/** The stack pointer: must be a multiple of 16 whenever it is the base of an access. */
export const sp = register(31, 64, true);

/** Their lower 32 bits. Writing one sets the upper half of the whole register to zero. */
export const w0 = register(0, 32);
export const w1 = register(1, 32);
export const w2 = register(2, 32);
export const w3 = register(3, 32);
export const w4 = register(4, 32);
export const w5 = register(5, 32);
export const w6 = register(6, 32);
export const w7 = register(7, 32);
export const w8 = register(8, 32);
export const w9 = register(9, 32);
export const w10 = register(10, 32);
export const w11 = register(11, 32);
export const w12 = register(12, 32);
export const w13 = register(13, 32);
export const w14 = register(14, 32);
export const w15 = register(15, 32);
export const w16 = register(16, 32);
export const w17 = register(17, 32);
export const w18 = register(18, 32);
export const w19 = register(19, 32);
export const w20 = register(20, 32);
export const w21 = register(21, 32);
export const w22 = register(22, 32);
export const w23 = register(23, 32);
export const w24 = register(24, 32);
export const w25 = register(25, 32);
export const w26 = register(26, 32);
export const w27 = register(27, 32);
export const w28 = register(28, 32);
export const w29 = register(29, 32);
export const w30 = register(30, 32);
export const wzr = register(31, 32);
export const wsp = register(31, 32, true);

/** `[base, disp]` */
export function at(base: Register, disp = 0): Memory {
  return {kind: 'memory', base, disp};
}

/** `[base, index]`, in bytes; scaled, `[base, index, lsl 2]` for four bytes and `lsl 3` for eight. */
export function indexed(base: Register, index: Register, isScaled = false): Memory {
  return {kind: 'memory', base, disp: 0, index, isScaled};
}

/** `[base, disp]!`: first base += disp, then the access. With a negative disp and sp: push. */
export function before(base: Register, disp: number): Memory {
  return {kind: 'memory', base, disp, update: 'before'};
}

/** `[base], disp`: first the access, then base += disp. With a positive disp and sp: pop. */
export function after(base: Register, disp: number): Memory {
  return {kind: 'memory', base, disp, update: 'after'};
}

// --- internal ---

function register(number: number, bits: Bits, isStack = false): Register {
  return {kind: 'register', number, bits, isStack};
}
