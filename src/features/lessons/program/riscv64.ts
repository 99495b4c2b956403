import {func, label, type Item} from '../../../elf/assemble.ts';
import {RISCV64} from '../../../elf/program.ts';
import * as jumps from '../../../elf/riscv64/riscv64.ts';
import * as r from '../../../elf/riscv64/operands.ts';
import {at, type Register} from '../../../elf/riscv64/operands.ts';
import * as assembler from '../../../elf/riscv64/riscv64.ts';
import type {HelperMachine} from './machine.ts';
import type {Value} from './program.ts';
import {spoken} from './spoken.ts';

const v = spoken(assembler, r);
const {beq, bltu, bne, call, j, jalr, la, ret} = spoken(jumps, r);

const PAGE = 4096;
const WRITE = 64;

/** Where a system call's arguments go; the number is in a7 (syscall(2), "Architecture calling conventions"). */
const ARGUMENTS = [r.a0, r.a1, r.a2, r.a3, r.a4, r.a5] as const;

/**
 * riscv64: results in a0; t0 to t2 for intermediate values. A conditional jump reaches 4 KiB, so it jumps over a far
 * one.
 */
export const riscv64: HelperMachine = {
  architecture: 'riscv64',
  elf: RISCV64,
  argument: (index, value) => put(ARGUMENTS[index]!, value),
  syscall: (number) => [...v.li(r.a7, number), v.ecall()],
  invoke: (slot) => [la(r.t0, slot), v.ld(r.t0, at(r.t0)), jalr(r.ra, r.t0)],
  result: (value) => put(r.a0, value),
  save: (slot) => [la(r.t0, slot), v.sd(r.a0, at(r.t0))],
  storeByte: (place, value) => [...put(r.t1, place), ...v.li(r.t2, value), v.sb(r.t2, at(r.t1))],
  loadByte: (place) => [...put(r.t1, place), v.lbu(r.t2, at(r.t1))],
  loadWord: (place) => [...put(r.t1, place), v.lwu(r.a0, at(r.t1))],
  deepen: (pages) => {
    const deeper = unique('deeper');
    return [
      v.mv(r.t1, r.sp),
      ...v.li(r.t2, pages),
      ...v.li(r.t0, PAGE),
      label(deeper),
      v.sub(r.t1, r.t1, r.t0),
      v.sb(r.t2, at(r.t1)),
      v.addi(r.t2, r.t2, -1),
      bne(r.t2, r.zero, deeper),
    ];
  },
  jump: (to) => [j(to)],
  jumpIf: (value, to) => jumpWhere(bne, value, to),
  jumpUnless: (value, to) => jumpWhere(beq, value, to),
  call: (to) => [call(to)],
  // A call puts the return address into ra, where the next one would overwrite it.
  enter: () => [v.addi(r.sp, r.sp, -16), v.sd(r.ra, at(r.sp))],
  leave: () => [v.ld(r.ra, at(r.sp)), v.addi(r.sp, r.sp, 16), ret()],
  enterFrame: (isFirst) => [
    ...(isFirst ? [...v.li(r.ra, 0), ...v.li(r.s0, 0)] : []),
    v.addi(r.sp, r.sp, -16),
    v.sd(r.ra, at(r.sp, 8)),
    v.sd(r.s0, at(r.sp)),
    v.addi(r.s0, r.sp, 16),
  ],
  leaveFrame: () => [v.ld(r.ra, at(r.sp, 8)), v.ld(r.s0, at(r.sp)), v.addi(r.sp, r.sp, 16), ret()],
  startup: () => [func('_start', START)],
  sayFunction: () => [func('say', SAY)],
  say: (text, length, base) => [la(r.a1, text), ...v.li(r.a2, length), ...v.li(r.a3, base), call('say')],
};

/** Jumps to a label, unless the opposite holds for a0 and a value. */
function jumpWhere(opposite: typeof beq, value: Value, to: string): Item[] {
  const over = unique('over');
  return [...put(r.t1, value), opposite(r.a0, r.t1, over), j(to), label(over)];
}

function put(register: Register, value: Value): Item[] {
  if (typeof value === 'number') return v.li(register, value);
  if ('address' in value) return [la(register, value.address, value.plus ?? 0)];
  const load = [la(r.t0, value.slot), v.ld(register, at(r.t0))];
  return value.plus ? [...load, ...v.li(r.t0, value.plus), v.add(register, register, r.t0)] : load;
}

let count = 0;

const unique = (name: string): string => `${name}_${count++}`;

/** At the start the argument count is at the stack pointer, and argv above it (as on every Linux machine). */
const START: readonly Item[] = [
  v.ld(r.a0, at(r.sp)),
  ...v.li(r.t0, 2),
  bltu(r.a0, r.t0, 'without_parent'),
  v.ld(r.a1, at(r.sp, 16)),
  ...v.li(r.a2, 0),
  ...v.li(r.t0, 10),
  label('digits_of_parent'),
  v.lbu(r.a3, at(r.a1)),
  v.addi(r.a1, r.a1, 1),
  v.addi(r.a3, r.a3, -48),
  // As an unsigned number, a character below '0' is large too.
  v.sltiu(r.t1, r.a3, 10),
  beq(r.t1, r.zero, 'parent_is_read'),
  v.mul(r.a2, r.a2, r.t0),
  v.add(r.a2, r.a2, r.a3),
  j('digits_of_parent'),
  label('parent_is_read'),
  // The text must have ended there, and 0 is not a process.
  v.addi(r.a3, r.a3, 48),
  bne(r.a3, r.zero, 'no_parent'),
  beq(r.a2, r.zero, 'no_parent'),
  la(r.t0, 'parent'),
  v.sd(r.a2, at(r.t0)),
  label('without_parent'),
  j('main'),
  label('no_parent'),
  j('orphan'),
];

/**
 * Writes a line with a text and a number, built backwards from the end of `line`: division gives the last digit first.
 * In: a1 and a2 the text and its length, a0 the number, a3 the base.
 */
const SAY: readonly Item[] = [
  la(r.a4, 'line', PAGE - 1),
  ...v.li(r.t0, 10),
  v.sb(r.t0, at(r.a4)),
  la(r.a5, 'digits'),
  label('digit'),
  v.remu(r.t0, r.a0, r.a3),
  v.add(r.t0, r.a5, r.t0),
  v.lbu(r.t0, at(r.t0)),
  v.addi(r.a4, r.a4, -1),
  v.sb(r.t0, at(r.a4)),
  v.divu(r.a0, r.a0, r.a3),
  bne(r.a0, r.zero, 'digit'),
  v.sub(r.a4, r.a4, r.a2),
  v.mv(r.t1, r.a4),
  v.add(r.t2, r.a1, r.a2),
  label('copy'),
  v.lbu(r.t0, at(r.a1)),
  v.sb(r.t0, at(r.t1)),
  v.addi(r.a1, r.a1, 1),
  v.addi(r.t1, r.t1, 1),
  bltu(r.a1, r.t2, 'copy'),
  v.mv(r.a1, r.a4),
  la(r.a2, 'line', PAGE),
  v.sub(r.a2, r.a2, r.a1),
  ...v.li(r.a0, 1),
  ...v.li(r.a7, WRITE),
  v.ecall(),
  ret(),
];
