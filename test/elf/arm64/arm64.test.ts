import test from 'ava';
import fc from 'fast-check';
import {and, constant, lsl, mov, movz, orr} from '../../../src/elf/arm64/arm64.ts';
import {bitmask} from '../../../src/elf/arm64/encode.ts';
import * as jumps from '../../../src/elf/arm64/jumps.ts';
import {ldp, ldr, ldrb, str} from '../../../src/elf/arm64/memory.ts';
import {after, at, before, indexed, sp, w0, w1, x0, x1, x2, xzr} from '../../../src/elf/arm64/operands.ts';
import * as a from '../../../src/elf/arm64/arm64.ts';
import {assemble, label, object} from '../../../src/elf/assemble.ts';
import {forms, patterns} from './forms.ts';
import {testEncodings} from '../assemblers.ts';

testEncodings(
  'arm64.txt',
  {
    as: 'aarch64-linux-gnu-as',
    asArgs: [],
    header: '',
    llvmArgs: ['-triple=aarch64'],
    // A number in the place of a label is a distance to llvm-mc, and an address to GNU as.
    toLlvm: (text) => text.replace(/\.\+?(-?\d+)$/, '#$1'),
  },
  forms,
);

test('The numbers for logical instructions are those that the manual describes, and no others', (t) => {
  for (const bits of [32, 64] as const) {
    const all = new Set(patterns(bits));
    t.is(all.size, bits === 32 ? 1302 : 5334);
    for (const value of all) t.not(bitmask(value, bits), undefined);
    // Neighbours of such numbers, which look most like them, and any others.
    for (const value of all) {
      const next = BigInt.asUintN(bits, value + 1n);
      if ((bitmask(next, bits) !== undefined) !== all.has(next)) t.fail(next.toString(16));
    }
    fc.assert(
      fc.property(fc.bigInt({min: 0n, max: (1n << BigInt(bits)) - 1n}), (value) => {
        t.is(bitmask(value, bits) !== undefined, all.has(value));
      }),
    );
  }
});

/** The numbers of the fields of logical instructions, for both sizes of registers. */
const MASKS = [32, 64].map((bits) => new Map(patterns(bits as 32).map((value) => [bitmask(value, bits as 32), value])));

/** What a register has after movz, movn, movk and orr of a pattern, read from their encodings. */
function valueOf(words: readonly number[], bits: 32 | 64): bigint {
  return words.reduce((value, word) => {
    const shift = BigInt(16 * ((word >>> 21) & 3));
    const part = BigInt((word >>> 5) & 0xffff) << shift;
    switch ((word >>> 23) & 0xff) {
      case 0xa5:
        return part;
      case 0x25:
        return BigInt.asUintN(bits, ~part);
      case 0xe5:
        return (value & ~(0xffffn << shift)) | part;
      default:
        return MASKS[bits / 32 - 1]?.get(word & 0x7ffc00) ?? -1n;
    }
  }, 0n);
}

test('constant makes every number, in no more instructions than it has quarters that differ from the rest', (t) => {
  const quarter = fc.constantFrom<bigint[]>(0n, 0xffffn, 1n, 0x8000n, 0xabcdn);
  for (const [register, bits] of [
    [x0, 64],
    [w0, 32],
  ] as const) {
    const made = fc
      .array(quarter, {minLength: bits / 16, maxLength: bits / 16})
      .map((quarters) => quarters.reduce((value, part) => (value << 16n) | part, 0n));
    fc.assert(
      fc.property(fc.oneof(made, fc.bigInt({min: 0n, max: (1n << BigInt(bits)) - 1n})), (value) => {
        const {bytes} = assemble(constant(register, value), 0);
        const view = new DataView(bytes.buffer);
        const words = Array.from({length: bytes.length / 4}, (_, i) => view.getUint32(4 * i, true));
        t.is(valueOf(words, bits), value);
        const parts = Array.from({length: bits / 16}, (_, i) => (value >> BigInt(16 * i)) & 0xffffn);
        const differing = [0n, 0xffffn].map((rest) => parts.filter((part) => part !== rest).length);
        t.true(words.length <= Math.max(1, Math.min(...differing)));
      }),
      {numRuns: 400},
    );
  }
  t.is(constant(x0, -1).length, 1);
});

const far = [{name: 'far', address: 0x2000_0000, size: 1, type: 'object'} as const];

const impossible: Readonly<Record<string, () => unknown>> = {
  'an immediate of more than 12 bits that has other lower bits than zero': () => a.add(x0, x1, 0x1001),
  'an immediate of more than 24 bits': () => a.add(x0, x1, 0x1000000),
  'an immediate that is no integer': () => a.sub(x0, x1, 0.5),
  'zero as a base of a sum with a number': () => a.add(x0, xzr, 1),
  'the stack pointer as a factor': () => a.mul(x0, sp, x1),
  'the stack pointer as the second of two': () => a.add(x0, x1, sp),
  'the stack pointer as the place for a sum with flags': () => a.adds(sp, x1, 1),
  'a shift of a register by more than 4 with the stack pointer': () => a.add(sp, sp, x0, 5),
  'logic with 0': () => and(x0, x1, 0),
  'logic with more bits than the register has': () => and(w0, w1, 0x1_0000_00ff),
  'logic with 5': () => orr(x0, x1, 5),
  'operands of different sizes': () => a.add(x0, x1, w0),
  'a shift by the size or more': () => lsl(w0, w1, 32),
  'a mov of a number with two different quarters': () => mov(x0, 0x12345678),
  'a number of more than 64 bits': () => constant(x0, 1n << 64n),
  'a number of more than 32 bits in a 32-bit register': () => constant(w0, 1n << 32n),
  'a quarter that does not exist': () => movz(w0, 1, 32),
  'a shift by half a quarter': () => movz(x0, 1, 8),
  'a load from further than 4095 units': () => ldr(x0, at(x1, 32768)),
  'a load from further than 256 bytes below': () => str(x0, at(x1, -257)),
  'a load from far away with an odd displacement': () => ldr(x0, at(x1, 257)),
  'a byte in a 64-bit register': () => ldrb(x0, at(x1)),
  'an address in a 32-bit register': () => ldr(x0, at(w1)),
  'an index in a 32-bit register': () => ldr(x0, indexed(x1, w0)),
  'bytes that an index counts in units': () => ldrb(w0, indexed(x1, x2, true)),
  'an update by more than 255': () => ldr(x0, before(x1, 256)),
  'a base that is loaded and updated': () => ldr(x0, after(x0, 8)),
  'a pair of one register': () => ldp(x0, x0, at(sp)),
  'a pair at a place that is no multiple of its size': () => ldp(x0, x1, at(sp, 4)),
  'a pair of different sizes': () => ldp(x0, w1, at(sp)),
  'a pair with an index': () => ldp(x0, x1, indexed(sp, x2)),
  'bit 32 of a 32-bit register': () => jumps.tbz(w0, 32, 'a'),
  'a jump to a 32-bit address': () => jumps.br(w0),
  'a comment of more than 16 bits': () => a.svc(0x10000),
  'a branch further than 128 MiB': () => assemble([jumps.b('far')], 0, far),
  'a conditional branch further than 1 MiB': () => assemble([jumps.beq('far')], 0x1ff0_0000 - 4, far),
  'a branch on a bit further than 32 KiB': () => assemble([jumps.tbz(x0, 0, 'far')], 0x2000_8004, far),
  'an address further than 1 MiB': () => assemble([jumps.adr(x0, 'far')], 0x2010_0004, far),
  'a branch to the middle of an instruction': () => assemble([jumps.b('a'), object('o', [0]), label('a')], 0),
  'an instruction at an odd address': () => assemble([object('o', [0]), a.nop()], 0),
};
for (const [what, make] of Object.entries(impossible)) {
  test(`The machine does not have ${what}`, (t) => {
    t.throws(make, {instanceOf: RangeError});
  });
}

test('What is too far away is said with how far it is, and how far the instruction reaches', (t) => {
  t.throws(() => assemble([jumps.beq('far')], 0x1ff0_0000 - 4, far), {
    message: '1048580 bytes are too far away: the instruction reaches -1048576 to 1048572',
  });
  t.throws(() => assemble([object('o', [0]), a.nop()], 0), {
    message: 'an instruction at 0x1, which is not a multiple of 4',
  });
});
