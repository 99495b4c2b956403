import * as logic from '../../../src/elf/arm64/arm64.ts';
import * as moves from '../../../src/elf/arm64/arm64.ts';
import type {Bits} from '../../../src/elf/arm64/operands.ts';
import * as a from '../../../src/elf/arm64/arm64.ts';
import {push, registers, SIZES, withStack, type Choice} from './choice.ts';
import {places} from './places.ts';
import type {Form} from '../assemblers.ts';
import {all, inTurn, triples} from '../combine.ts';

/**
 * All aarch64 instructions with both sizes of registers, registers in each field, and displacements, distances and
 * immediates of each class: the ends of each field, and values that have one bit set in each byte of it.
 */
export function forms(choice: Choice): Form[] {
  return [...arithmetic(choice), ...logical(choice), ...numbers(choice), ...places(choice), ...rest()];
}

/**
 * All numbers of so many bits that logical instructions take, made as the manual describes them: a row of ones in a
 * pattern, rotated, and repeated.
 */
export function patterns(bits: Bits): bigint[] {
  const found: bigint[] = [];
  for (let size = 2; size <= bits; size *= 2) {
    for (let ones = 1; ones < size; ones++) {
      for (let by = 0; by < size; by++) {
        const row = ((1n << BigInt(ones)) - 1n) << BigInt(by);
        const pattern = BigInt.asUintN(size, row | (row >> BigInt(size)));
        found.push(Array.from({length: bits / size}, (_, i) => pattern << BigInt(i * size)).reduce((x, y) => x | y));
      }
    }
  }
  return found;
}

// --- internal ---

const SMALL = [
  0, 1, 2, 0x7ff, 0x800, 0xfff, 0x1000, 0x5000, 0x800000, 0xfff000, -1, -0x123, -0xfff, -0x1000, -0xfff000,
];

/** Of the numbers for logical instructions, one of so many; of a few, one of 97. */
function masksOf(bits: Bits, choice: Choice, oneOf: number): bigint[] {
  return patterns(bits).filter((_, i) => i % (choice === 'all' ? oneOf : 97) === 0);
}

function hex(value: bigint): string {
  return `#0x${value.toString(16)}`;
}

function arithmetic(choice: Choice): Form[] {
  const {add, adds, sub, subs, cmp, cmn, neg, mul, udiv, sdiv, madd, msub} = a;
  const out: Form[] = [];
  for (const bits of SIZES) {
    const mine = registers(bits, choice);
    const bases = withStack(bits, choice);
    const lefts = [0, 1, 12, bits - 1];
    for (const [mnemonic, make] of Object.entries({add, adds, sub, subs})) {
      for (const [i, [[to, x], [from, y], [other, z]]] of triples(mine).entries()) {
        const left = lefts[i % 4] ?? 0;
        push(out, `${mnemonic} ${to}, ${from}, ${other}${left === 0 ? '' : `, lsl #${left}`}`, make(x, y, z, left));
      }
      const targets = mnemonic.endsWith('s') ? mine : bases;
      for (const [i, [[from, y], value]] of all(bases, SMALL).entries()) {
        const [to, x] = targets[(3 * i) % targets.length]!;
        push(out, `${mnemonic} ${to}, ${from}, #${value}`, make(x, y, value));
      }
      const stack = bases.filter(([, {isStack}]) => isStack);
      const extend = bits === 64 ? 'uxtx' : 'uxtw';
      for (const [[from, y], [other, z], left] of all(stack, mine).flatMap((pair) =>
        [0, 1, 4].map((left) => [...pair, left] as const),
      )) {
        const [to, x] = mine[3] ?? stack[0]!;
        push(out, `${mnemonic} ${to}, ${from}, ${other}, ${extend} #${left}`, make(x, y, z, left));
        if (left > 0) continue;
        push(out, `${mnemonic} ${to}, ${from}, ${other}`, make(x, y, z));
        if (!mnemonic.endsWith('s')) push(out, `${mnemonic} ${from}, ${to}, ${other}`, make(y, x, z));
      }
    }
    for (const [mnemonic, make] of Object.entries({cmp, cmn})) {
      for (const [[from, y], [other, z]] of triples(mine)) push(out, `${mnemonic} ${from}, ${other}`, make(y, z));
      for (const [[from, y], value] of all(bases, SMALL)) push(out, `${mnemonic} ${from}, #${value}`, make(y, value));
    }
    for (const [[to, x], [from, y]] of triples(mine)) push(out, `neg ${to}, ${from}`, neg(x, y));
    for (const [mnemonic, make] of Object.entries({mul, udiv, sdiv})) {
      for (const [[to, x], [from, y], [other, z]] of triples(mine)) {
        push(out, `${mnemonic} ${to}, ${from}, ${other}`, make(x, y, z));
      }
    }
    for (const [mnemonic, make] of Object.entries({madd, msub})) {
      for (const [i, [[to, x], [from, y], [other, z]]] of triples(mine).entries()) {
        const [last, w] = mine[(5 * i) % (mine.length - 1)]!;
        push(out, `${mnemonic} ${to}, ${from}, ${other}, ${last}`, make(x, y, z, w));
      }
    }
  }
  return out;
}

function logical(choice: Choice): Form[] {
  const {and, orr, eor, ands, tst, mvn, lsl, lsr, asr} = logic;
  const out: Form[] = [];
  for (const bits of SIZES) {
    const mine = registers(bits, choice);
    const bases = withStack(bits, choice);
    for (const [mnemonic, make] of Object.entries({and, orr, eor, ands})) {
      const masks = masksOf(bits, choice, mnemonic === 'and' ? 1 : 7);
      for (const [i, [[to, x], [from, y], [other, z]]] of triples(mine).entries()) {
        const left = [0, 3, bits - 1][i % 3] ?? 0;
        push(out, `${mnemonic} ${to}, ${from}, ${other}${left === 0 ? '' : `, lsl #${left}`}`, make(x, y, z, left));
      }
      const to = mnemonic === 'ands' ? mine : bases;
      for (const [[[name, x], [from, y]], mask] of inTurn(inTurn(to, mine.toReversed()), masks)) {
        push(out, `${mnemonic} ${name}, ${from}, ${hex(mask)}`, make(x, y, mask));
      }
    }
    for (const [[from, y], mask] of inTurn(mine, masksOf(bits, choice, 7)))
      push(out, `tst ${from}, ${hex(mask)}`, tst(y, mask));
    for (const [[to, x], [from, y]] of triples(mine)) {
      push(out, `tst ${to}, ${from}`, tst(x, y));
      push(out, `mvn ${to}, ${from}`, mvn(x, y));
      push(out, `mov ${to}, ${from}`, moves.mov(x, y));
    }
    for (const [mnemonic, make] of Object.entries({lsl, lsr, asr})) {
      for (const [[to, x], [from, y], [other, z]] of triples(mine)) {
        push(out, `${mnemonic} ${to}, ${from}, ${other}`, make(x, y, z));
      }
      const amounts = Array.from({length: bits}, (_, by) => by).filter((by) => choice === 'all' || by % 9 === 0);
      for (const [[[to, x], [from, y]], by] of inTurn(inTurn(mine, mine.toReversed()), amounts)) {
        push(out, `${mnemonic} ${to}, ${from}, #${by}`, make(x, y, by));
      }
    }
  }
  return out;
}

function numbers(choice: Choice): Form[] {
  const {mov, movz, movn, movk} = moves;
  const out: Form[] = [];
  for (const bits of SIZES) {
    const mine = registers(bits, choice);
    const [stack, sp] = withStack(bits, choice).at(-1)!;
    for (const [mnemonic, make] of Object.entries({movz, movn, movk})) {
      for (const [[to, x], value] of inTurn(mine, [0, 1, 0x1234, 0x8000, 0xffff])) {
        for (let shift = 0; shift < bits; shift += 16) {
          push(out, `${mnemonic} ${to}, #${value}, lsl #${shift}`, make(x, value, shift));
        }
      }
    }
    for (const [[from, y]] of all(mine.slice(0, -1), [0])) {
      push(out, `mov ${stack}, ${from}`, mov(sp, y));
      push(out, `mov ${from}, ${stack}`, mov(y, sp));
    }
    const ones = (1n << BigInt(bits)) - 1n;
    const quarters = [0n, 1n, 0x1234n, 0x8000n, 0xfffen, 0xffffn].flatMap((value) =>
      Array.from({length: bits / 16}, (_, i) => value << BigInt(16 * i)),
    );
    const values = [...quarters, ...quarters.map((value) => ones ^ value), ...masksOf(bits, choice, 5)];
    for (const [[to, x], value] of inTurn(mine.slice(0, -1), values))
      push(out, `mov ${to}, ${hex(value)}`, mov(x, value));
    for (const value of [-1, -2, -0x10000, -0x12340001])
      push(out, `mov ${mine[1]![0]}, #${value}`, mov(mine[1]![1], value));
  }
  return out;
}

function rest(): Form[] {
  const numbers = [0, 1, 0x1234, 0xffff];
  return [
    ...numbers.map((n) => ({text: `svc #${n}`, item: a.svc(n)})),
    ...numbers.map((n) => ({text: `brk #${n}`, item: a.brk(n)})),
    ...numbers.map((n) => ({text: `udf #${n}`, item: a.udf(n)})),
    {text: 'nop', item: a.nop()},
    {text: 'dmb ish', item: a.dmb()},
  ];
}
