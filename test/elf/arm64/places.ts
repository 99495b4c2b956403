/* Forms of aarch64 that name a place: in memory, or in the code. */
import * as jumps from '../../../src/elf/arm64/jumps.ts';
import * as memory from '../../../src/elf/arm64/memory.ts';
import * as operands from '../../../src/elf/arm64/operands.ts';
import {after, at, before, indexed, type Memory} from '../../../src/elf/arm64/operands.ts';
import {push, registers, SIZES, withStack, type Choice} from './choice.ts';
import type {Form} from '../assemblers.ts';
import {all, inTurn, type Named} from '../combine.ts';

/** Loads, stores, branches, and addresses. */
export function places(choice: Choice): Form[] {
  return [...access(choice), ...pairs(choice), ...branches(choice)];
}

// --- internal ---

/** Places as far away as an access of so many bytes reaches, and all kinds of indices and updates. */
function memories(size: number, choice: Choice): Named<Memory>[] {
  const disps = [0, size, 4095 * size, 0x555 * size, 2048 * size, 1, 255, -1, -size, -256, 97];
  const bases = withStack(64, choice).filter(([, {number}]) => number !== 7);
  const updates = bases.filter(([, {number}]) => number !== 3);
  const log = Math.log2(size);
  return [
    ...all(bases, disps).map(([[base, register], disp]): Named<Memory> => [`[${base}, #${disp}]`, at(register, disp)]),
    ...bases.map(([base, register]): Named<Memory> => [`[${base}]`, at(register)]),
    ...all(updates, [0, 1, 255, -1, -256, 16, -16]).flatMap(([[base, register], disp]): Named<Memory>[] => [
      [`[${base}, #${disp}]!`, before(register, disp)],
      [`[${base}], #${disp}`, after(register, disp)],
    ]),
    ...inTurn(bases, registers(64, choice).toReversed()).flatMap(
      ([[base, register], [index, other]]): Named<Memory>[] => [
        [`[${base}, ${index}]`, indexed(register, other)],
        ...(size === 1 ? [] : [[`[${base}, ${index}, lsl #${log}]`, indexed(register, other, true)] as const]),
      ],
    ),
  ];
}

function access(choice: Choice): Form[] {
  const {ldr, str, ldrb, strb, ldrh, strh, ldrsb, ldrsw} = memory;
  const out: Form[] = [];
  for (const [operations, bits, size] of [
    [{ldr, str}, 64, 8],
    [{ldr, str}, 32, 4],
    [{ldrb, strb}, 32, 1],
    [{ldrh, strh}, 32, 2],
    [{ldrsb}, 64, 1],
    [{ldrsw}, 64, 4],
  ] as const) {
    // All registers with one place, all places with one register: number 7, which is no base above.
    const mine = registers(bits, choice);
    const [seven, x7] = mine.find(([, {number}]) => number === 7)!;
    for (const [mnemonic, make] of Object.entries(operations)) {
      for (const [name, register] of mine)
        push(out, `${mnemonic} ${name}, [x7, #${size}]`, make(register, at(operands.x7, size)));
      for (const [place, memory] of memories(size, choice))
        push(out, `${mnemonic} ${seven}, ${place}`, make(x7, memory));
    }
  }
  return out;
}

function pairs(choice: Choice): Form[] {
  const {ldp, stp} = memory;
  const out: Form[] = [];
  for (const bits of SIZES) {
    const size = bits / 8;
    const mine = registers(bits, choice);
    const bases = withStack(64, choice).slice(-3);
    for (const [mnemonic, make] of Object.entries({ldp, stp})) {
      const disps = [0, size, -size, 63 * size, -64 * size, 21 * size];
      for (const [i, [[first, x], [second, y]]] of inTurn(mine, mine.toReversed()).entries()) {
        if (first === second) continue;
        const [base, register] = bases[i % bases.length]!;
        for (const disp of choice === 'all' ? disps : disps.slice(i % 3)) {
          push(out, `${mnemonic} ${first}, ${second}, [${base}, #${disp}]`, make(x, y, at(register, disp)));
          if ([x.number, y.number].includes(register.number)) continue;
          push(out, `${mnemonic} ${first}, ${second}, [${base}, #${disp}]!`, make(x, y, before(register, disp)));
          push(out, `${mnemonic} ${first}, ${second}, [${base}], #${disp}`, make(x, y, after(register, disp)));
        }
      }
    }
  }
  return out;
}

/** The ends of what a field of so many bits reaches, and some of what is between. */
function distances(width: number, unit: number): string[] {
  const reach = 2 ** (width - 1) * unit;
  return [-reach, -unit, 0, unit, 0x55 * unit, reach / 2, reach - unit].map((n) => `.${n < 0 ? '' : '+'}${n}`);
}

function branches(choice: Choice): Form[] {
  const {b, bl, br, blr, ret, cbz, cbnz, tbz, tbnz, adr} = jumps;
  const {beq, bne, bhs, blo, bhi, bls, bge, blt, bgt, ble, bmi, bpl, bvs, bvc} = jumps;
  const out: Form[] = [];
  for (const to of distances(26, 4)) push(out, `b ${to}`, b(to));
  for (const to of distances(26, 4)) push(out, `bl ${to}`, bl(to));
  for (const [name, make] of Object.entries({beq, bne, bhs, blo, bhi, bls, bge, blt, bgt, ble, bmi, bpl, bvs, bvc})) {
    for (const to of distances(19, 4)) push(out, `b.${name.slice(1)} ${to}`, make(to));
  }
  for (const bits of SIZES) {
    for (const [[name, register], to] of inTurn(registers(bits, choice), distances(19, 4))) {
      push(out, `cbz ${name}, ${to}`, cbz(register, to));
      push(out, `cbnz ${name}, ${to}`, cbnz(register, to));
    }
    for (const [[name, register], to] of inTurn(registers(bits, choice), distances(14, 4))) {
      for (const bit of [0, 1, 31, ...(bits === 64 ? [32, 63] : [])]) {
        push(out, `tbz ${name}, #${bit}, ${to}`, tbz(register, bit, to));
        push(out, `tbnz ${name}, #${bit}, ${to}`, tbnz(register, bit, to));
      }
    }
  }
  for (const [name, register] of registers(64, choice)) {
    push(out, `br ${name}`, br(register));
    push(out, `blr ${name}`, blr(register));
    for (const to of distances(21, 1)) push(out, `adr ${name}, ${to}`, adr(register, to));
  }
  push(out, 'ret', ret());
  return out;
}
