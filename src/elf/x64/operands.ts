/* What x86-64 instructions work on: registers and places in memory. */

/** How many bits an operand has. (16-bit operands exist too; nothing here needs them.) */
export type Bits = 8 | 32 | 64;

/** A general-purpose register, or its lower 32 or 8 bits. */
export interface Register {
  readonly kind: 'register';
  /** 0 to 15, the machine's own number: rax is 0, rsp 4, r8 8. */
  readonly number: number;
  readonly bits: Bits;
}

/** A place in memory: base + index * scale + disp, an absolute address, or a label. */
export interface Memory {
  readonly kind: 'memory';
  /** Unknown until `byte`, `dword`, `qword`, or a register as the other operand says so. */
  readonly bits?: Bits;
  readonly base?: Register;
  readonly index?: Register;
  readonly scale: 1 | 2 | 4 | 8;
  /** in bytes, signed 32 bits */
  readonly disp: number;
  readonly label?: string;
}

/** The 64-bit registers. */
export const rax = register(0, 64);
export const rcx = register(1, 64);
export const rdx = register(2, 64);
export const rbx = register(3, 64);
export const rsp = register(4, 64);
export const rbp = register(5, 64);
export const rsi = register(6, 64);
export const rdi = register(7, 64);
export const r8 = register(8, 64);
export const r9 = register(9, 64);
export const r10 = register(10, 64);
export const r11 = register(11, 64);
export const r12 = register(12, 64);
export const r13 = register(13, 64);
export const r14 = register(14, 64);
export const r15 = register(15, 64);

/** Their lower 32 bits. Writing one sets the upper half of the whole register to zero. */
export const eax = register(0, 32);
export const ecx = register(1, 32);
export const edx = register(2, 32);
export const ebx = register(3, 32);
export const esp = register(4, 32);
export const ebp = register(5, 32);
export const esi = register(6, 32);
export const edi = register(7, 32);
export const r8d = register(8, 32);
export const r9d = register(9, 32);
export const r10d = register(10, 32);
export const r11d = register(11, 32);
export const r12d = register(12, 32);
export const r13d = register(13, 32);
export const r14d = register(14, 32);
export const r15d = register(15, 32);

/** Their lower 8 bits. Writing one keeps the rest of the register. */
export const al = register(0, 8);
export const cl = register(1, 8);
export const dl = register(2, 8);
export const bl = register(3, 8);
export const spl = register(4, 8);
export const bpl = register(5, 8);
export const sil = register(6, 8);
export const dil = register(7, 8);
export const r8b = register(8, 8);
export const r9b = register(9, 8);
export const r10b = register(10, 8);
export const r11b = register(11, 8);
export const r12b = register(12, 8);
export const r13b = register(13, 8);
export const r14b = register(14, 8);
export const r15b = register(15, 8);

/** `[base + disp]` */
export function at(base: Register, disp = 0): Memory {
  return {kind: 'memory', base: address(base), scale: 1, disp};
}

/** `[base + index * scale + disp]`. rsp can't be an index: its number there means "no index". */
export function indexed(base: Register, index: Register, scale: Memory['scale'] = 1, disp = 0): Memory {
  if (index.number === rsp.number) throw new RangeError('rsp cannot be an index');
  return {kind: 'memory', base: address(base), index: address(index), scale, disp};
}

/** `[address]`, for addresses that fit 31 bits. */
export function absolute(address: number): Memory {
  return {kind: 'memory', scale: 1, disp: address};
}

/** `[rip + label + plus]`: a label's memory, found by its distance from here. objdump shows it with its name. */
export function rip(label: string, plus = 0): Memory {
  return {kind: 'memory', scale: 1, disp: plus, label};
}

/** One, four or eight bytes of memory: for instructions in which no register determines the size. */
export function byte(memory: Memory): Memory {
  return {...memory, bits: 8};
}
export function dword(memory: Memory): Memory {
  return {...memory, bits: 32};
}
export function qword(memory: Memory): Memory {
  return {...memory, bits: 64};
}

// --- internal ---

function register(number: number, bits: Bits): Register {
  return {kind: 'register', number, bits};
}

function address(register: Register): Register {
  if (register.bits !== 64) throw new RangeError('addresses are made of 64-bit registers');
  return register;
}
