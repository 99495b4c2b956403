import test from 'ava';
import fc from 'fast-check';
import {assemble, label, object} from '../../../src/elf/assemble.ts';
import * as jumps from '../../../src/elf/riscv64/riscv64.ts';
import {a0, a1, at, sp, zero} from '../../../src/elf/riscv64/operands.ts';
import * as v from '../../../src/elf/riscv64/riscv64.ts';
import {testEncodings} from '../assemblers.ts';
import {forms} from './forms.ts';

testEncodings(
  'riscv64.txt',
  {
    as: 'riscv64-linux-gnu-as',
    asArgs: ['-march=rv64im'],
    header: '.option norelax',
    llvmArgs: ['-triple=riscv64', '-mattr=+m'],
    // llvm-mc has its own ways to make large numbers, and says them as several instructions. A number in the place of a
    // label is a distance to it, and an address to GNU as.
    toLlvm: (text) => (text.startsWith('li ') ? undefined : text.replace(/\.\+?(-?\d+)$/, '$1')),
  },
  forms,
);

/** What a register has after lui, addi, addiw and slli, read from their encodings as the manual describes them. */
function valueOf(words: readonly number[]): bigint {
  return words.reduce((value, word) => {
    const immediate = BigInt(word >> 20);
    const before = ((word >>> 15) & 31) === 0 ? 0n : value;
    switch (word & 0x707f) {
      case 0x13:
        return BigInt.asIntN(64, before + immediate);
      case 0x1b:
        return BigInt.asIntN(32, before + immediate);
      case 0x1013:
        return BigInt.asIntN(64, before << immediate);
      default:
        return (word & 0x7f) === 0x37 ? BigInt(word & ~0xfff) : -1n;
    }
  }, 0n);
}

test('li makes every number, in at most eight instructions', (t) => {
  const bits = fc.integer({min: 1, max: 64});
  const value = fc.tuple(fc.bigInt({min: -(1n << 63n), max: (1n << 64n) - 1n}), bits);
  fc.assert(
    fc.property(value, ([whole, bits]) => {
      const value = bits === 64 ? whole : BigInt.asIntN(bits, whole);
      const {bytes} = assemble(v.li(a0, value), 0);
      const view = new DataView(bytes.buffer);
      const words = Array.from({length: bytes.length / 4}, (_, i) => view.getUint32(4 * i, true));
      t.is(valueOf(words), BigInt.asIntN(64, value));
      t.true(words.length <= 8);
    }),
    {numRuns: 1000},
  );
});

const far = [{name: 'far', address: 0x2000_0000, size: 1, type: 'object'} as const];
const further = [{name: 'far', address: 0x1_0000_0000, size: 1, type: 'object'} as const];

const impossible: Readonly<Record<string, () => unknown>> = {
  'an immediate of more than 12 bits': () => v.addi(a0, a1, 2048),
  'an immediate that is no integer': () => v.andi(a0, a1, 0.5),
  'a number of more than 64 bits': () => v.li(a0, 1n << 64n),
  'an upper number of more than 20 bits': () => v.lui(a0, 0x100000),
  'an upper number below zero': () => v.auipc(a0, -1),
  'a shift by 64': () => v.slli(a0, a1, 64),
  'a shift of 32 bits by 32': () => v.sraiw(a0, a1, 32),
  'a load from further than 2048 bytes below': () => v.ld(a0, at(sp, -2049)),
  'a store further than 2047 bytes above': () => v.sb(a0, at(sp, 2048)),
  'a branch further than 4 KiB': () => assemble([jumps.beq(a0, zero, 'far')], 0x2000_1004, far),
  'a jump further than 1 MiB': () => assemble([jumps.j('far')], 0x2010_0004, far),
  'an address further than 2 GiB': () => assemble([jumps.la(a0, 'far')], 0x8000_0000 - 4, further),
  'a call further than 2 GiB': () => assemble([jumps.call('far')], 0x7fff_ff00, further),
  'a branch to an odd address': () => assemble([jumps.j('a'), object('o', [0]), label('a')], 0),
  'an instruction at an odd address': () => assemble([object('o', [0, 0]), v.nop()], 0),
};
for (const [what, make] of Object.entries(impossible)) {
  test(`The machine does not have ${what}`, (t) => {
    t.throws(make, {instanceOf: RangeError});
  });
}

test('la and call add up to the distance, also where the lower part changes its sign and at the ends of their reach', (t) => {
  const [least, most] = [-0x8000_0800, 0x7fff_f7ff];
  for (const distance of [0, 0x7fe, 0x7ff, 0x800, 0x801, 0xfff, 0x1000, -1, -0x800, -0x801, -0x1800, least, most]) {
    const there = [{name: 'there', address: 0x1_0000_0000 + distance, size: 1, type: 'object'} as const];
    for (const item of [jumps.la(a0, 'there'), jumps.call('there')]) {
      const view = new DataView(assemble([item], 0x1_0000_0000, there).bytes.buffer);
      t.is((view.getInt32(0, true) & ~0xfff) + (view.getInt32(4, true) >> 20), distance);
    }
  }
  for (const distance of [least - 1, most + 1]) {
    const there = [{name: 'there', address: 0x1_0000_0000 + distance, size: 1, type: 'object'} as const];
    t.throws(() => assemble([jumps.la(a0, 'there')], 0x1_0000_0000, there), {instanceOf: RangeError});
  }
});

test('What is too far away is said with how far it is, and how far the instruction reaches', (t) => {
  t.throws(() => assemble([jumps.beq(a0, zero, 'far')], 0x1fff_f000, far), {
    message: '4096 bytes are too far away: the instruction reaches -4096 to 4094',
  });
});
