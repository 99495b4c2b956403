import {func, label, type Item} from '../../../elf/assemble.ts';
import * as jumps from '../../../elf/arm64/jumps.ts';
import * as memory from '../../../elf/arm64/memory.ts';
import * as moves from '../../../elf/arm64/arm64.ts';
import * as r from '../../../elf/arm64/operands.ts';
import {after, at, before, indexed, type Register} from '../../../elf/arm64/operands.ts';
import * as assembler from '../../../elf/arm64/arm64.ts';
import {ARM64} from '../../../elf/program.ts';
import type {HelperMachine} from './machine.ts';
import type {Value} from './program.ts';
import {spoken} from './spoken.ts';

const a = spoken(assembler, r);
const {adr, b, beq, bhi, bl, blo, blr, bne, cbnz, cbz, ret} = spoken(jumps, r);
const {ldp, ldr, ldrb, stp, str, strb} = spoken(memory, r);
const {constant, mov} = spoken(moves, r);

const PAGE = 4096;
const WRITE = 64;

/** Where a system call's arguments go; the number is in x8 (syscall(2), "Architecture calling conventions"). */
const ARGUMENTS = [r.x0, r.x1, r.x2, r.x3, r.x4, r.x5] as const;

/** aarch64: results in x0; x9 to x11 for intermediate values. */
export const arm64: HelperMachine = {
  architecture: 'arm64',
  elf: ARM64,
  argument: (index, value) => put(ARGUMENTS[index]!, value),
  syscall: (number) => [...constant(r.x8, number), a.svc()],
  invoke: (slot) => [adr(r.x9, slot), ldr(r.x9, at(r.x9)), blr(r.x9)],
  result: (value) => put(r.x0, value),
  save: (slot) => [adr(r.x9, slot), str(r.x0, at(r.x9))],
  storeByte: (place, value) => [...put(r.x10, place), ...constant(r.x11, value), strb(r.w11, at(r.x10))],
  loadByte: (place) => [...put(r.x10, place), ldrb(r.w11, at(r.x10))],
  loadWord: (place) => [...put(r.x10, place), ldr(r.w0, at(r.x10))],
  deepen: (pages) => {
    const deeper = unique('deeper');
    return [
      mov(r.x10, r.sp),
      ...constant(r.x11, pages),
      label(deeper),
      a.sub(r.x10, r.x10, PAGE),
      strb(r.w11, at(r.x10)),
      a.sub(r.x11, r.x11, 1),
      cbnz(r.x11, deeper),
    ];
  },
  jump: (to) => [b(to)],
  jumpIf: (value, to) => [...put(r.x10, value), a.cmp(r.x0, r.x10), beq(to)],
  jumpUnless: (value, to) => [...put(r.x10, value), a.cmp(r.x0, r.x10), bne(to)],
  call: (to) => [bl(to)],
  // bl puts the return address into x30, where the next one would overwrite it.
  enter: () => [stp(r.x29, r.x30, before(r.sp, -16))],
  leave: () => [ldp(r.x29, r.x30, after(r.sp, 16)), ret()],
  enterFrame: (isFirst) => [
    ...(isFirst ? [...constant(r.x29, 0), ...constant(r.x30, 0)] : []),
    stp(r.x29, r.x30, before(r.sp, -16)),
    mov(r.x29, r.sp),
  ],
  leaveFrame: () => [ldp(r.x29, r.x30, after(r.sp, 16)), ret()],
  startup: () => [func('_start', START)],
  sayFunction: () => [func('say', SAY)],
  say: (text, length, base) => [adr(r.x1, text), ...constant(r.x2, length), ...constant(r.x3, base), bl('say')],
};

function put(register: Register, value: Value): Item[] {
  if (typeof value === 'number') return constant(register, value);
  if ('address' in value) return [adr(register, value.address, value.plus ?? 0)];
  const load = [adr(r.x9, value.slot), ldr(register, at(r.x9))];
  return value.plus ? [...load, ...constant(r.x9, value.plus), a.add(register, register, r.x9)] : load;
}

let count = 0;

const unique = (name: string): string => `${name}_${count++}`;

/** At the start the argument count is at the stack pointer, and argv above it (as on every Linux machine). */
const START: readonly Item[] = [
  ldr(r.x0, at(r.sp)),
  a.cmp(r.x0, 2),
  blo('main'),
  ldr(r.x1, at(r.sp, 16)),
  ...constant(r.x2, 0),
  ...constant(r.x5, 10),
  label('digits_of_parent'),
  ldrb(r.w3, at(r.x1)),
  a.add(r.x1, r.x1, 1),
  a.sub(r.w3, r.w3, 48),
  a.cmp(r.w3, 9),
  bhi('parent_is_read'),
  a.madd(r.x2, r.x2, r.x5, r.x3),
  b('digits_of_parent'),
  label('parent_is_read'),
  // The text must have ended there, and 0 is not a process.
  a.cmn(r.w3, 48),
  bne('orphan'),
  cbz(r.x2, 'orphan'),
  adr(r.x4, 'parent'),
  str(r.x2, at(r.x4)),
  b('main'),
];

/**
 * Writes a line with a text and a number, built backwards from the end of `line`: division gives the last digit first.
 * In: x1 and x2 the text and its length, x0 the number, x3 the base.
 */
const SAY: readonly Item[] = [
  adr(r.x4, 'line', PAGE - 1),
  ...constant(r.x5, 10),
  strb(r.w5, at(r.x4)),
  adr(r.x6, 'digits'),
  label('digit'),
  a.udiv(r.x7, r.x0, r.x3),
  // The remainder: x0 - x7 * x3.
  a.msub(r.x9, r.x7, r.x3, r.x0),
  ldrb(r.w9, indexed(r.x6, r.x9)),
  a.sub(r.x4, r.x4, 1),
  strb(r.w9, at(r.x4)),
  mov(r.x0, r.x7),
  cbnz(r.x0, 'digit'),
  a.sub(r.x4, r.x4, r.x2),
  ...constant(r.x5, 0),
  label('copy'),
  ldrb(r.w9, indexed(r.x1, r.x5)),
  strb(r.w9, indexed(r.x4, r.x5)),
  a.add(r.x5, r.x5, 1),
  a.cmp(r.x5, r.x2),
  blo('copy'),
  mov(r.x1, r.x4),
  adr(r.x2, 'line', PAGE),
  a.sub(r.x2, r.x2, r.x1),
  ...constant(r.x0, 1),
  ...constant(r.x8, WRITE),
  a.svc(),
  ret(),
];
