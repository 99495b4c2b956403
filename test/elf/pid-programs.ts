/* One small program for each machine that is not this one: says `pid: N` and ends with 0. */
import {b, bl, adr, adrp, addLow, cbnz, ret} from '../../src/elf/arm64/jumps.ts';
import {ldrb, strb} from '../../src/elf/arm64/memory.ts';
import {mov} from '../../src/elf/arm64/arm64.ts';
import * as x from '../../src/elf/arm64/operands.ts';
import * as arm from '../../src/elf/arm64/arm64.ts';
import {assemble, func, label, object, type Item} from '../../src/elf/assemble.ts';
import {PF_R, PF_W, PF_X} from '../../src/elf/file/elf.ts';
import {ARM64, type Machine, type Program} from '../../src/elf/program.ts';
import * as jumps from '../../src/elf/riscv64/riscv64.ts';
import * as r from '../../src/elf/riscv64/operands.ts';
import * as riscv from '../../src/elf/riscv64/riscv64.ts';
import {ascii} from '../../src/elf/file/strings.ts';

/** System calls of both machines (include/uapi/asm-generic/unistd.h). */
const WRITE = 64;
const EXIT_GROUP = 94;
const GETPID = 172;

/** Where the line ends, with its newline: it is made backwards, as a division gives the last digit first. */
const END = 31;
const TEXT = 'pid: ';

export function pidProgram(machine: Machine): Program {
  return program(machine, machine === ARM64 ? armCode : riscvCode);
}

const armCode: readonly Item[] = [
  func('_start', [mov(x.x8, GETPID), arm.svc(), bl('say'), mov(x.x0, 0), mov(x.x8, EXIT_GROUP), arm.svc(), arm.brk()]),
  func('say', [
    adrp(x.x1, 'line', END),
    addLow(x.x1, x.x1, 'line', END),
    mov(x.x3, x.x1),
    mov(x.x9, 10),
    label('digit'),
    arm.udiv(x.x10, x.x0, x.x9),
    arm.msub(x.x11, x.x10, x.x9, x.x0),
    arm.add(x.w11, x.w11, 48),
    strb(x.w11, x.before(x.x1, -1)),
    mov(x.x0, x.x10),
    cbnz(x.x0, 'digit'),
    adr(x.x5, 'text'),
    mov(x.x4, TEXT.length),
    label('letter'),
    arm.sub(x.x4, x.x4, 1),
    ldrb(x.w11, x.indexed(x.x5, x.x4)),
    strb(x.w11, x.before(x.x1, -1)),
    cbnz(x.x4, 'letter'),
    b('send'),
  ]),
  func('send', [mov(x.x0, 1), arm.sub(x.x2, x.x3, x.x1), arm.add(x.x2, x.x2, 1), mov(x.x8, WRITE), arm.svc(), ret()]),
];

const riscvCode: readonly Item[] = [
  func('_start', [
    ...riscv.li(r.a7, GETPID),
    riscv.ecall(),
    jumps.call('say'),
    ...riscv.li(r.a0, 0),
    ...riscv.li(r.a7, EXIT_GROUP),
    riscv.ecall(),
    riscv.ebreak(),
  ]),
  func('say', [
    jumps.la(r.a1, 'line', END),
    riscv.mv(r.a3, r.a1),
    ...riscv.li(r.t0, 10),
    label('digit'),
    riscv.remu(r.t1, r.a0, r.t0),
    riscv.divu(r.a0, r.a0, r.t0),
    riscv.addi(r.t1, r.t1, 48),
    riscv.addi(r.a1, r.a1, -1),
    riscv.sb(r.t1, r.at(r.a1)),
    jumps.bnez(r.a0, 'digit'),
    jumps.la(r.t2, 'text'),
    riscv.addi(r.t3, r.t2, TEXT.length - 1),
    label('letter'),
    riscv.lbu(r.t1, r.at(r.t3)),
    riscv.addi(r.a1, r.a1, -1),
    riscv.sb(r.t1, r.at(r.a1)),
    riscv.addi(r.t3, r.t3, -1),
    jumps.bgeu(r.t3, r.t2, 'letter'),
    jumps.j('send'),
  ]),
  func('send', [
    ...riscv.li(r.a0, 1),
    riscv.sub(r.a2, r.a3, r.a1),
    riscv.addi(r.a2, r.a2, 1),
    ...riscv.li(r.a7, WRITE),
    riscv.ecall(),
    jumps.ret(),
  ]),
];

/** Headers, code, text and line: 64 KiB each, so that none shares a page with another on any kernel. */
function program(machine: Machine, code: readonly Item[]): Program {
  const [base, text, rodata, data] = [0x400000, 0x410000, 0x420000, 0x430000];
  const texts = assemble([object('text', ascii(TEXT))], rodata);
  const line = assemble([object('line', [...Array<number>(END).fill(0), 10])], data);
  const elsewhere = [...texts.symbols, ...line.symbols];
  const {bytes, symbols} = assemble(code, text, elsewhere);
  return {
    machine,
    base,
    segments: [
      {name: '.text', vaddr: text, flags: PF_R + PF_X, bytes},
      {name: '.rodata', vaddr: rodata, flags: PF_R, bytes: texts.bytes},
      {name: '.data', vaddr: data, flags: PF_R + PF_W, bytes: line.bytes, memorySize: 0x2000},
    ],
    entry: text,
    symbols: [...symbols, ...elsewhere],
  };
}
