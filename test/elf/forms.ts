import type {Item} from '../../src/elf/assemble.ts';
import * as operands from '../../src/elf/x64/operands.ts';
import {at, absolute, indexed, rip, type Bits, type Memory, type Register} from '../../src/elf/x64/operands.ts';
import {call, jmp, ret} from '../../src/elf/x64/x64.ts';
import * as x from '../../src/elf/x64/x64.ts';
import type {Form} from './assemblers.ts';
import {all, inTurn, registersOf, type Named} from './combine.ts';

/** All registers, or those few with which encodings differ: rax, rsp, rbp, and r8, r12, r13 of the new ones. */
export type Choice = 'all' | 'few';

/**
 * All x86-64 instructions, in Intel's syntax, with all sizes, registers and kinds of addresses, and with displacements and immediates of each
 * class: the values at which an encoding becomes longer, and their neighbours.
 */
export function forms(choice: Choice): Form[] {
  return [...moves(choice), ...arithmetic(choice), ...singles(choice), ...stack(choice), ...rest()];
}

// --- internal ---

const FEW = [0, 4, 5, 8, 12, 13];
const SIZES: readonly Bits[] = [8, 32, 64];
const POINTER: Readonly<Record<Bits, string>> = {8: 'byte ptr ', 32: 'dword ptr ', 64: 'qword ptr '};
const DISPLACEMENTS = [0, 1, 127, 128, -1, -128, -129, 0x1000, 0x7fffffff, -0x80000000];
const IMMEDIATES: Readonly<Record<Bits, readonly number[]>> = {
  8: [0, 1, 127, -1, -128, 128, 255],
  32: [0, 1, 127, 128, -1, -128, -129, 4096, 0x7fffffff, -0x80000000, 0x80000000, 0xffffff80, 0xffffffff],
  64: [0, 1, 127, 128, -1, -128, -129, 4096, 0x7fffffff, -0x80000000],
};
const WIDE = [0x80000000, -0x80000001, 0xffffffff, 0x123456789abcdefn, -(1n << 63n), (1n << 64n) - 1n];

function registers(bits: Bits, choice: Choice): Named<Register>[] {
  const all = registersOf<Register>(operands);
  return all.filter(([, {bits: has, number}]) => has === bits && (choice === 'all' || FEW.includes(number)));
}

function memories(choice: Choice): Named<Memory>[] {
  const bases = registers(64, choice);
  const simple = bases.flatMap(([name, base]) =>
    DISPLACEMENTS.map((disp): Named<Memory> => [`[${name}${plus(disp)}]`, at(base, disp)]),
  );
  const scales = [1, 2, 4, 8] as const;
  const two = bases.flatMap(([baseName, base], i) =>
    bases
      .filter(([, index]) => index.number !== 4)
      .flatMap(([indexName, index], j): Named<Memory>[] => {
        const scale = scales[(i + j) % 4] ?? 1;
        return [0, 127, 128].map((disp) => [
          `[${baseName}+${indexName}*${scale}${plus(disp)}]`,
          indexed(base, index, scale, disp),
        ]);
      }),
  );
  return [...simple, ...two, ['[0x404000]', absolute(0x404000)], ['[rip+0x10]', rip('end', 16)]];
}

/** One or two addresses of each kind, for instructions of which the rest matters more. */
const SOME: Named<Memory>[] = memories('few').filter(([text]) =>
  /^\[(rax|rsp|rbp|r13)(\+128)?\]|[bs]p\+r13.*\]$|0x|rip/.test(text),
);

function sized(places: readonly Named<Memory>[], bits: Bits): Named<Memory>[] {
  return places.map(([text, memory]) => [`${POINTER[bits]}${text}`, {...memory, bits}]);
}

function moves(choice: Choice): Form[] {
  const cross = choice === 'all' ? all : inTurn;
  const out: Form[] = [];
  for (const bits of SIZES) {
    const mine = registers(bits, choice);
    for (const [[name, to], [other, from]] of cross(mine, mine)) push(out, `mov ${name}, ${other}`, x.mov(to, from));
    for (const [[name, register], [place, memory]] of [...inTurn(mine, memories(choice)), ...cross(mine, SOME)]) {
      push(out, `mov ${name}, ${place}`, x.mov(register, memory));
      push(out, `mov ${place}, ${name}`, x.mov(memory, register));
      if (bits !== 8) push(out, `lea ${name}, ${place}`, x.lea(register, memory));
    }
    for (const [[name, to], value] of all<Named<Register | Memory>, number>(
      choice === 'all' ? [...mine, ...sized(SOME, bits)] : [...mine.slice(0, 2), ...sized(SOME.slice(0, 3), bits)],
      IMMEDIATES[bits],
    )) {
      push(out, `mov ${name}, ${value}`, x.mov(to, value));
    }
  }
  for (const [[name, to], value] of cross(registers(64, choice), WIDE))
    push(out, `mov ${name}, ${value}`, x.mov(to, value));
  return out;
}

function arithmetic(choice: Choice): Form[] {
  const cross = choice === 'all' ? all : inTurn;
  const {add, or, adc, sbb, and, sub, xor, cmp, test} = x;
  const out: Form[] = [];
  for (const bits of SIZES) {
    const mine = registers(bits, choice);
    for (const [mnemonic, make] of Object.entries({add, or, adc, sbb, and, sub, xor, cmp, test})) {
      for (const [[name, a], [other, b]] of cross(mine, mine.toReversed())) {
        push(out, `${mnemonic} ${name}, ${other}`, make(a, b));
      }
      for (const [[name, a], value] of all<Named<Register | Memory>, number>(
        choice === 'all' ? [...mine, ...sized(SOME, bits)] : mine.slice(0, 2),
        IMMEDIATES[bits],
      )) {
        push(out, `${mnemonic} ${name}, ${value}`, make(a, value));
      }
      for (const [[name, register], [place, memory]] of inTurn(mine, SOME)) {
        push(out, `${mnemonic} ${place}, ${name}`, make(memory, register));
      }
    }
    for (const [mnemonic, make] of Object.entries({add, or, adc, sbb, and, sub, xor, cmp})) {
      for (const [[name, register], [place, memory]] of inTurn(mine, SOME)) {
        push(out, `${mnemonic} ${name}, ${place}`, make(register, memory));
      }
    }
  }
  return out;
}

function singles(choice: Choice): Form[] {
  const cross = choice === 'all' ? all : inTurn;
  const {not, neg, inc, dec, mul, imul, div, idiv, shl, shr, sar, movzx, movsx} = x;
  const out: Form[] = [];
  for (const bits of SIZES) {
    const places: Named<Register | Memory>[] = [...registers(bits, choice), ...sized(SOME, bits)];
    for (const [name, place] of places) {
      for (const [mnemonic, make] of Object.entries({not, neg, inc, dec, mul, imul, div, idiv})) {
        push(out, `${mnemonic} ${name}`, make(place));
      }
    }
    for (const [mnemonic, make] of Object.entries({shl, shr, sar})) {
      for (const [[name, place], by] of cross(places, [0, 1, 2, bits - 1])) {
        push(out, `${mnemonic} ${name}, ${by}`, make(place, by));
      }
      for (const [name, place] of places) push(out, `${mnemonic} ${name}, cl`, make(place, operands.cl));
    }
    if (bits === 8) continue;
    const bytes: Named<Register | Memory>[] = [...registers(8, choice), ...sized(SOME, 8)];
    for (const [[name, register], [from, place]] of cross(registers(bits, choice), bytes)) {
      push(out, `movzx ${name}, ${from}`, movzx(register, place));
      push(out, `movsx ${name}, ${from}`, movsx(register, place));
    }
  }
  return out;
}

function stack(choice: Choice): Form[] {
  const out: Form[] = [];
  // Without a register, llvm-mc takes what is in brackets for the place to go to, not for where its address is.
  const some = SOME.filter(([text]) => !text.startsWith('[0x'));
  for (const [name, place] of [...registers(64, choice), ...sized(some, 64)]) {
    push(out, `push ${name}`, x.push(place));
    push(out, `pop ${name}`, x.pop(place));
    push(out, `jmp ${name}`, jmp(place));
    push(out, `call ${name}`, call(place));
  }
  for (const value of IMMEDIATES[64]) push(out, `push ${value}`, x.push(value));
  return out;
}

function rest(): Form[] {
  return Object.entries({
    ret: ret(),
    syscall: x.syscall(),
    nop: x.nop(),
    pause: x.pause(),
    int3: x.int3(),
    ud2: x.ud2(),
    cqo: x.cqo(),
    'rep movsb': x.repMovsb(),
    'rep stosb': x.repStosb(),
  }).map(([text, item]) => ({text, item}));
}

function push(out: Form[], text: string, item: Item): void {
  out.push({text, item});
}

function plus(disp: number): string {
  return disp === 0 ? '' : disp > 0 ? `+${disp}` : String(disp);
}
