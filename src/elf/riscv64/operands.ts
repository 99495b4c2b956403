/* What riscv64 instructions work on: registers, by the names of the psABI, and places in memory. */

/** A register of 64 bits. */
export interface Register {
  readonly kind: 'register';
  /** 0 to 31, the machine's own number: x0 is zero, x2 is sp. */
  readonly number: number;
}

/** A place in memory: base + disp. The machine has no index. */
export interface Memory {
  readonly kind: 'memory';
  readonly base: Register;
  /** in bytes, -2048 to 2047 */
  readonly disp: number;
}

/** Reads as zero; what is written to it is lost. */
export const zero = register(0);
/**
 * Return address, stack pointer; and two that belong to the system: the pointers to the globals of the program and of
 * the thread.
 */
export const ra = register(1);
export const sp = register(2);
export const gp = register(3);
export const tp = register(4);
/** Arguments and results. The number of a system call is in a7. */
export const a0 = register(10);
export const a1 = register(11);
export const a2 = register(12);
export const a3 = register(13);
export const a4 = register(14);
export const a5 = register(15);
export const a6 = register(16);
export const a7 = register(17);
/** Temporary: a called function may overwrite them. */
export const t0 = register(5);
export const t1 = register(6);
export const t2 = register(7);
export const t3 = register(28);
export const t4 = register(29);
export const t5 = register(30);
export const t6 = register(31);
/** Saved: a called function preserves them. s0 is also the frame pointer. */
export const s0 = register(8);
export const s1 = register(9);
export const s2 = register(18);
export const s3 = register(19);
export const s4 = register(20);
export const s5 = register(21);
export const s6 = register(22);
export const s7 = register(23);
export const s8 = register(24);
export const s9 = register(25);
export const s10 = register(26);
export const s11 = register(27);

/** `disp(base)` */
export function at(base: Register, disp = 0): Memory {
  return {kind: 'memory', base, disp};
}

// --- internal ---

function register(number: number): Register {
  return {kind: 'register', number};
}
