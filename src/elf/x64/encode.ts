/*
 * How x86-64 encodes an instruction as bytes (Intel SDM volume 2, chapter 2):
 *
 *   prefixes · REX · opcode (1 or 2 bytes) · ModRM · SIB · displacement (0, 1 or 4 bytes) · immediate
 *
 * ModRM has three fields: mod (2 bits), reg (3) and rm (3). `reg` names a register or extends the opcode; `rm` is a
 * register if mod is 3, else memory, and mod says how long the displacement is. Two of the eight values of rm are
 * special: rm 4 (rsp, r12) says that a SIB byte follows, and with mod 0, rm 5 (rbp, r13) means rip + disp32. So rsp and
 * r12 as a base need a SIB byte, rbp and r13 a displacement even if it is 0.
 *
 * REX is 0100WRXB: W for 64-bit operands, R, X and B the fourth bits of reg, of the SIB's index, and of rm or base.
 */
import {fourBytes, type Instruction} from '../assemble.ts';
import {littleEndian} from '../bytes.ts';
import type {Bits, Memory, Register} from './operands.ts';

/** What an instruction with a ModRM byte is made of. */
interface Form {
  readonly opcode: readonly number[];
  /** The register of the reg field, or the three bits that extend the opcode. */
  readonly reg: Register | number;
  readonly rm: Register | Memory;
  /** 64-bit operands, where the machine would otherwise use 32. */
  readonly wide: boolean;
  /** Bytes after the address: an immediate. */
  readonly immediate?: readonly number[];
}

/** An instruction with a ModRM byte. Throws a RangeError if a displacement doesn't fit 32 bits. */
export function modrm({opcode, reg, rm, wide, immediate = []}: Form): Instruction {
  const regNumber = typeof reg === 'number' ? reg : reg.number;
  const bytes = [...rex(wide, reg, rm), ...opcode];
  const {mod, low, rest} = addressing(rm);
  bytes.push((mod << 6) | ((regNumber & 7) << 3) | low, ...rest);
  const done = plain(...bytes, ...immediate);
  if (rm.kind === 'register' || rm.label === undefined) return done;
  return withDistance(done, bytes.length - 4, rm.label, rm.disp);
}

/** An instruction in which four bytes, starting at `place`, hold the distance from its end to a label. */
export function withDistance({bytes}: Instruction, place: number, label: string, plus = 0): Instruction {
  const link = (to: number, at: number): number[] => {
    const distance = fourBytes(to - at - bytes.length);
    return [...bytes.slice(0, place), ...distance, ...bytes.slice(place + 4)];
  };
  return {...plain(...bytes), fixup: {label, plus, link}};
}

/** An instruction that names a register in the lower three bits of its opcode. */
export function shortForm(
  opcode: number,
  register: Register,
  wide: boolean,
  immediate: readonly number[] = [],
): Instruction {
  return plain(...rex(wide, 0, register), opcode + (register.number & 7), ...immediate);
}

/** An instruction without operands, or one whose operands its bytes imply. */
export function plain(...bytes: number[]): Instruction {
  return {kind: 'instruction', bytes};
}

/**
 * The width in bits of two operands. Throws a RangeError if they differ, or if both are memory of unknown size: then
 * `byte`, `dword` or `qword` must say it.
 */
export function bitsOf(first: Register | Memory, second: Register | Memory = first): Bits {
  const bits = first.bits ?? second.bits;
  if (bits === undefined) throw new RangeError('the size is unknown: use byte(...), dword(...) or qword(...)');
  if ((second.bits ?? bits) !== bits)
    throw new RangeError(`operands of ${bits} and ${second.bits} bits do not go together`);
  return bits;
}

/**
 * The number that the machine sees for an immediate of an instruction with operands of `bits`: signed, and never wider
 * than 32 bits, which 64-bit instructions sign-extend. Throws a RangeError if that changes its value.
 */
export function signed(value: number, bits: Bits): number {
  const width = bits === 8 ? 8 : 32;
  const limit = 2 ** (width - 1);
  // 0xff in 8 bits and -1 are the same; 0xffffffff in 64 bits and -1 are not.
  const most = bits === 64 ? limit : 2 * limit;
  if (!Number.isInteger(value) || value < -limit || value >= most) {
    throw new RangeError(`${value} does not fit an immediate of ${bits} bits`);
  }
  return value >= limit ? value - 2 * limit : value;
}

/** Whether a number fits one signed byte: the short form of immediates and displacements. */
export function fitsByte(value: number): boolean {
  return value >= -128 && value <= 127;
}

// --- internal ---

/**
 * The REX prefix, or nothing. Without a prefix, the byte registers 4 to 7 are ah, ch, dh, bh of older machines; with
 * any REX prefix they are spl, bpl, sil, dil, so these need at least an empty one.
 */
function rex(wide: boolean, reg: Register | number, rm: Register | Memory): number[] {
  const r = typeof reg === 'number' ? 0 : reg.number >> 3;
  const x = rm.kind === 'memory' ? (rm.index?.number ?? 0) >> 3 : 0;
  const b = (rm.kind === 'memory' ? (rm.base?.number ?? 0) : rm.number) >> 3;
  const bits = (wide ? 8 : 0) | (r << 2) | (x << 1) | b;
  return bits > 0 || needsRex(reg) || needsRex(rm) ? [0x40 | bits] : [];
}

function needsRex(operand: Register | Memory | number): boolean {
  return typeof operand !== 'number' && operand.kind === 'register' && operand.bits === 8 && operand.number >= 4;
}

/** mod, rm, and the bytes after ModRM: SIB and displacement. */
function addressing(rm: Register | Memory): {mod: number; low: number; rest: number[]} {
  if (rm.kind === 'register') return {mod: 3, low: rm.number & 7, rest: []};
  if (rm.label !== undefined) return {mod: 0, low: 5, rest: [0, 0, 0, 0]};
  const disp32 = littleEndian(signed(rm.disp, 64), 4);
  // SIB 0x25: no index, and with mod 0 a disp32 in place of a base.
  if (!rm.base) return {mod: 0, low: 4, rest: [0x25, ...disp32]};

  const base = rm.base.number & 7;
  const mod = rm.disp === 0 && base !== 5 ? 0 : fitsByte(rm.disp) ? 1 : 2;
  const disp = mod === 0 ? [] : mod === 1 ? littleEndian(rm.disp, 1) : disp32;
  if (!rm.index && base !== 4) return {mod, low: base, rest: disp};
  // In the index field, 4 means that there is no index.
  const index = rm.index ? rm.index.number & 7 : 4;
  const sib = (Math.log2(rm.scale) << 6) | (index << 3) | base;
  return {mod, low: 4, rest: [sib, ...disp]};
}
