import {func} from '../../../src/elf/assemble.ts';
import * as jumps from '../../../src/elf/riscv64/riscv64.ts';
import * as operands from '../../../src/elf/riscv64/operands.ts';
import {at, type Register} from '../../../src/elf/riscv64/operands.ts';
import * as v from '../../../src/elf/riscv64/riscv64.ts';
import type {Form} from '../assemblers.ts';
import {all, inTurn, registersOf, triples, type Named} from '../combine.ts';

/** All registers, or a few: zero, the last, and some between. */
export type Choice = 'all' | 'few';

/**
 * All riscv64 instructions with registers in each field, and displacements, distances and immediates of each class: the
 * ends of each field, and values that have one bit set in each part of it.
 */
export function forms(choice: Choice): Form[] {
  return [
    ...arithmetic(choice),
    ...numbers(choice),
    ...memory(choice),
    ...branches(choice),
    ...constants(choice),
    ...rest(),
  ];
}

// --- internal ---

const FEW = ['zero', 'ra', 'a0', 't6', 's5'];
const SIGNED = [0, 1, 2, 31, 32, 0x555, 2047, -1, -2, -0x555, -2047, -2048];

function registers(choice: Choice): Named<Register>[] {
  return registersOf<Register>(operands).filter(([name]) => choice === 'all' || FEW.includes(name));
}

function arithmetic(choice: Choice): Form[] {
  const {add, sub, and, or, xor, sll, srl, sra, slt, sltu, mul, div, divu, rem, remu} = v;
  const {addw, subw, sllw, srlw, sraw, mulw, divw, divuw, remw, remuw, mv, not, neg, seqz, snez} = v;
  const base = {add, sub, and, or, xor, sll, srl, sra, slt, sltu, addw, subw, sllw, srlw, sraw};
  const multiplication = {mul, div, divu, rem, remu, mulw, divw, divuw, remw, remuw};
  const out: Form[] = [];
  for (const [mnemonic, make] of Object.entries({...base, ...multiplication})) {
    for (const [[to, x], [a, y], [b, z]] of triples(registers(choice))) {
      push(out, `${mnemonic} ${to}, ${a}, ${b}`, make(x, y, z));
    }
  }
  for (const [mnemonic, make] of Object.entries({mv, not, neg, seqz, snez})) {
    for (const [[to, x], [a, y]] of triples(registers(choice))) push(out, `${mnemonic} ${to}, ${a}`, make(x, y));
  }
  return out;
}

function numbers(choice: Choice): Form[] {
  const {addi, slti, sltiu, xori, ori, andi, addiw, slli, srli, srai, slliw, srliw, sraiw, lui, auipc} = v;
  const mine = registers(choice);
  const pairs = inTurn(mine, mine.toReversed());
  const cross = choice === 'all' ? all : inTurn;
  const out: Form[] = [];
  for (const [mnemonic, make] of Object.entries({addi, slti, sltiu, xori, ori, andi, addiw})) {
    for (const [[[to, x], [a, y]], value] of all(pairs, SIGNED))
      push(out, `${mnemonic} ${to}, ${a}, ${value}`, make(x, y, value));
  }
  for (const [operations, bits] of [
    [{slli, srli, srai}, 64],
    [{slliw, srliw, sraiw}, 32],
  ] as const) {
    const amounts = Array.from({length: bits}, (_, by) => by);
    for (const [mnemonic, make] of Object.entries(operations)) {
      for (const [[[to, x], [a, y]], by] of cross(pairs, amounts))
        push(out, `${mnemonic} ${to}, ${a}, ${by}`, make(x, y, by));
    }
  }
  for (const [mnemonic, make] of Object.entries({lui, auipc})) {
    for (const [[to, x], value] of all(mine, [0, 1, 0x55555, 0x80000, 0xaaaaa, 0xfffff])) {
      push(out, `${mnemonic} ${to}, ${value}`, make(x, value));
    }
  }
  return out;
}

function memory(choice: Choice): Form[] {
  const {lb, lh, lw, ld, lbu, lhu, lwu, sb, sh, sw, sd} = v;
  const mine = registers(choice);
  const out: Form[] = [];
  for (const [mnemonic, make] of Object.entries({lb, lh, lw, ld, lbu, lhu, lwu, sb, sh, sw, sd})) {
    for (const [[[name, register], [base, y]], disp] of all(inTurn(mine, mine.toReversed()), SIGNED)) {
      push(out, `${mnemonic} ${name}, ${disp}(${base})`, make(register, at(y, disp)));
    }
  }
  return out;
}

/** The ends of what a field of so many bits reaches, and values with one bit in each part of it. */
function distances(width: number): string[] {
  const reach = 2 ** width;
  return [-reach, -2, -4, 0, 2, 4, 16, 0x554, 0x800, reach / 2, reach - 2].map((n) => `.${n < 0 ? '' : '+'}${n}`);
}

function branches(choice: Choice): Form[] {
  const {beq, bne, blt, bge, bltu, bgeu, bgt, ble, bgtu, bleu, beqz, bnez, jal, jalr, j, jr, ret} = jumps;
  const mine = registers(choice);
  const out: Form[] = [];
  for (const [mnemonic, make] of Object.entries({beq, bne, blt, bge, bltu, bgeu, bgt, ble, bgtu, bleu})) {
    for (const [[[a, x], [b, y]], to] of all(inTurn(mine, mine.toReversed()), distances(12))) {
      push(out, `${mnemonic} ${a}, ${b}, ${to}`, make(x, y, to));
    }
  }
  for (const [[a, x], to] of all(mine, distances(12))) {
    push(out, `beqz ${a}, ${to}`, beqz(x, to));
    push(out, `bnez ${a}, ${to}`, bnez(x, to));
  }
  for (const [[a, x], to] of all(mine, [...distances(20), '.+4096', '.-4096', '.+699050']))
    push(out, `jal ${a}, ${to}`, jal(x, to));
  for (const to of distances(20)) push(out, `j ${to}`, j(to));
  for (const [[[a, x], [b, y]], disp] of all(inTurn(mine, mine.toReversed()), SIGNED)) {
    push(out, `jalr ${a}, ${disp}(${b})`, jalr(x, y, disp));
  }
  for (const [a, x] of mine) push(out, `jr ${a}`, jr(x));
  push(out, 'ret', ret());
  return out;
}

/** Numbers as li makes them: around each power of two, with rows of ones and zeros at both ends, and without any order. */
function constants(choice: Choice): Form[] {
  const values = [-2048n, -1n, 0n, 1n, 2047n, 0x123456789abcdef0n, 0xfedcba9876543210n, 0xaaaaaaaaaaaaaaaan];
  for (let bit = 11n; bit < 64n; bit += choice === 'all' ? 1n : 7n) {
    for (const more of [0n, 1n, -1n, 0x7ffn, 0x800n, -0x800n, -0x801n])
      values.push(more + (1n << bit), more - (1n << bit));
    values.push(0xfedcba9876543210n >> bit, BigInt.asUintN(64, 0xfedcba9876543210n << bit), 0xabcdn << (bit - 11n));
  }
  const fitting = values.filter((value) => value >= -(1n << 63n) && value < 1n << 64n);
  // GNU as takes zero for "no upper part yet", and adds to it what is none; a number in zero is none anyway.
  const mine = registers(choice).filter(([name]) => name !== 'zero');
  return inTurn(fitting, mine).map(([value, [to, register]]) => ({
    text: `li ${to}, ${value}`,
    item: func('li', v.li(register, value)),
  }));
}

function rest(): Form[] {
  const {nop, fence, ecall, ebreak, unimp} = v;
  return Object.entries({nop, fence, ecall, ebreak, unimp}).map(([text, make]) => ({text, item: make()}));
}

function push(out: Form[], text: string, item: Form['item']): void {
  out.push({text, item});
}
