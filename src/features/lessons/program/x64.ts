import {func, label, type Item} from '../../../elf/assemble.ts';
import {X64} from '../../../elf/program.ts';
import * as jumps from '../../../elf/x64/x64.ts';
import * as r from '../../../elf/x64/operands.ts';
import {at, byte, dword, indexed, qword, rip, type Register} from '../../../elf/x64/operands.ts';
import * as assembler from '../../../elf/x64/x64.ts';
import type {HelperMachine} from './machine.ts';
import type {Value} from './program.ts';
import {spoken} from './spoken.ts';

const x = spoken(assembler, r);
const {call, ja, je, jmp, jb, jne, ret} = spoken(jumps, r);

const PAGE = 4096;

/** Where a system call's arguments go (psABI section A.2.1). */
const ARGUMENTS = [r.rdi, r.rsi, r.rdx, r.r10, r.r8, r.r9] as const;

/** x86-64: results in rax; rbx holds addresses. */
export const x64: HelperMachine = {
  architecture: 'x64',
  elf: X64,
  argument: (index, value) => put(ARGUMENTS[index]!, value),
  syscall: (number) => [x.mov(r.eax, number), x.syscall()],
  // The stack must be at a multiple of 16 (psABI section 3.2.2); functions leave rbx as it was.
  invoke: (slot) => [x.mov(r.rbx, r.rsp), x.and(r.rsp, -16), call(qword(rip(slot))), x.mov(r.rsp, r.rbx)],
  result: (value) => put(r.rax, value),
  save: (slot) => [x.mov(rip(slot), r.rax)],
  storeByte: (place, value) => [...put(r.rbx, place), x.mov(byte(at(r.rbx)), value)],
  loadByte: (place) => [...put(r.rbx, place), x.movzx(r.ecx, byte(at(r.rbx)))],
  loadWord: (place) => [...put(r.rbx, place), x.mov(r.eax, dword(at(r.rbx)))],
  deepen: (pages) => [
    x.mov(r.rbx, r.rsp),
    x.mov(r.ecx, pages),
    ...loop('deeper', [x.sub(r.rbx, PAGE), x.mov(byte(at(r.rbx)), 1), x.dec(r.ecx)]),
  ],
  jump: (to) => [jmp(to)],
  jumpIf: (value, to) => [...put(r.rbx, value), x.cmp(r.rax, r.rbx), je(to)],
  jumpUnless: (value, to) => [...put(r.rbx, value), x.cmp(r.rax, r.rbx), jne(to)],
  call: (to) => [call(to)],
  // call and ret keep the return address on the stack on their own.
  enter: () => [],
  leave: () => [ret()],
  enterFrame: (isFirst) => [...(isFirst ? [x.xor(r.ebp, r.ebp), x.push(0)] : []), x.push(r.rbp), x.mov(r.rbp, r.rsp)],
  leaveFrame: () => [x.pop(r.rbp), ret()],
  startup: () => [func('_start', START)],
  sayFunction: () => [func('say', SAY)],
  say: (text, length, base) => [x.lea(r.rsi, rip(text)), x.mov(r.ecx, length), x.mov(r.r8d, base), call('say')],
};

function put(register: Register, value: Value): Item[] {
  if (typeof value === 'number') return [x.mov(register, value)];
  if ('address' in value) return [x.lea(register, rip(value.address, value.plus ?? 0))];
  const load = x.mov(register, rip(value.slot));
  return value.plus ? [load, x.add(register, value.plus)] : [load];
}

let loops = 0;

/** Repeats until the last operation gives 0. */
function loop(name: string, body: Item[]): Item[] {
  const start = `${name}_${loops++}`;
  return [label(start), ...body, jne(start)];
}

/** At the start the argument count is on top of the stack, and argv above it (psABI section 3.4.1). */
const START: readonly Item[] = [
  x.cmp(qword(at(r.rsp)), 2),
  jb('main'),
  x.mov(r.rsi, at(r.rsp, 16)),
  x.xor(r.ebx, r.ebx),
  label('digits_of_parent'),
  x.movzx(r.eax, byte(at(r.rsi))),
  x.inc(r.rsi),
  x.sub(r.eax, 48),
  x.cmp(r.eax, 9),
  ja('parent_is_read'),
  // rbx = 10 * rbx + rax
  x.lea(r.rbx, indexed(r.rbx, r.rbx, 4)),
  x.lea(r.rbx, indexed(r.rax, r.rbx, 2)),
  jmp('digits_of_parent'),
  label('parent_is_read'),
  // The text must have ended there, and 0 is not a process.
  x.cmp(r.eax, -48),
  jne('orphan'),
  x.test(r.rbx, r.rbx),
  je('orphan'),
  x.mov(rip('parent'), r.rbx),
  jmp('main'),
];

/**
 * Writes a line with a text and a number, built backwards from the end of `line`: division gives the last digit first.
 * In: rsi and rcx the text and its length, rax the number, r8 the base.
 */
const SAY: readonly Item[] = [
  x.lea(r.rdi, rip('line', PAGE - 1)),
  x.mov(byte(at(r.rdi)), 10),
  x.lea(r.r9, rip('digits')),
  label('digit'),
  x.xor(r.edx, r.edx),
  x.div(r.r8),
  x.mov(r.dl, indexed(r.r9, r.rdx)),
  x.dec(r.rdi),
  x.mov(at(r.rdi), r.dl),
  x.test(r.rax, r.rax),
  jne('digit'),
  x.sub(r.rdi, r.rcx),
  x.mov(r.rbx, r.rdi),
  x.repMovsb(),
  x.mov(r.rsi, r.rbx),
  x.lea(r.rdx, rip('line', PAGE)),
  x.sub(r.rdx, r.rsi),
  x.mov(r.edi, 1),
  x.mov(r.eax, 1), // write
  x.syscall(),
  ret(),
];
