import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {GoFunctions} from '../../src/parse/elf/go.ts';
import {readElfImage} from '../../src/parse/elf/image.ts';
import {Cursor} from '../../src/unwind/cursor.ts';
import type {FrameSection} from '../../src/unwind/entries.ts';
import {evaluate} from '../../src/unwind/expression.ts';
import {X64} from '../../src/unwind/machine.ts';
import {CodeObject} from '../../src/unwind/object.ts';
import {rowAt} from '../../src/unwind/program.ts';
import {Space} from '../../src/unwind/space.ts';
import {FrameTable} from '../../src/unwind/table.ts';
import {Unwinder} from '../../src/unwind/unwind.ts';
import {reading} from './objects.ts';
import {forgeries} from '../helpers/forgeries.ts';

/** ms of processor time that one forged input may take. */
const LIMIT = 2000;

function inTime<T>(t: ExecutionContext, work: () => T): T {
  const before = process.cpuUsage();
  const result = work();
  const {user, system} = process.cpuUsage(before);
  t.true(user + system < LIMIT * 1000, `${(user + system) / 1000} ms`);
  return result;
}

const LIBRARY = readFileSync('test/fixtures/elf/frames.so');

const repeated = (times: number, ...bytes: number[]): number[] => Array.from({length: times}, () => bytes).flat();

const word = (value: number): number[] => [...new Uint8Array(Uint32Array.of(value).buffer)];

/** A section of one common entry and one function of 256 bytes at 0x1000, with these instructions. */
function sectionOf(program: readonly number[]): FrameSection {
  const common = [0, 0, 0, 0, 1, 0x7a, 0x52, 0, 1, 0x78, 16, 1, 0x04, 0x0c, 7, 8, 0x90, 1];
  const description = [
    ...word(common.length + 8),
    ...word(0x1000),
    0,
    0,
    0,
    0,
    ...word(256),
    0,
    0,
    0,
    0,
    0,
    ...program,
  ];
  const bytes = [...word(common.length), ...common];
  // What a function says counts from its own pointer back to the common entry.
  description.splice(0, 4, ...word(bytes.length + 4));
  // An absolute pointer of 8 bytes: 0x1000, then the size.
  return {bytes: Uint8Array.from([...bytes, ...word(description.length), ...description]), address: 0, isEh: true};
}

function rowOf(program: readonly number[]): ReturnType<typeof rowAt> {
  const section = sectionOf(program);
  const found = new FrameTable(section).find(0x10ff);
  return found && rowAt(section, found, 0x10ff);
}

test('a section of ours is read: what is forged below would else prove nothing', (t) => {
  t.deepEqual(rowOf([])?.cfa, {register: 7, offset: 8});
  t.deepEqual(rowOf([0x0e, 64])?.cfa, {register: 7, offset: 64});
  t.deepEqual(rowOf([0x0e, 0x88, 0x80, 0x00])?.cfa, {register: 7, offset: 8}, 'a LEB128 may be longer than it need be');
});

test('instructions that are none, or nest without end, give no row', (t) => {
  const remember = repeated(100_000, 0x0a);
  for (const program of [[0x3f], [0x0b], remember, [0x0e], [0x0e, ...repeated(100, 0x80)], [0x0f, 0xff, 0x7f]])
    t.is(
      inTime(t, () => rowOf(program)),
      undefined,
    );
  const rules = Array.from({length: 200}, (_, register) => [0x05, 0x80 | (register & 0x7f), register >> 7, 1]).flat();
  const pairs = repeated(50_000, 0x0a, 0x0b);
  t.is(
    inTime(t, () => rowOf([...rules, ...pairs])),
    undefined,
    'each remembers all rules',
  );
});

test('expressions that jump in circles or pile up give no value', (t) => {
  const values = {register: () => 1n, memory: (_: bigint, size: number) => BigInt(size)};
  for (const bytes of [
    [0x31, 0x2f, 0xfd, 0xff], // skip −3
    [0x31, 0x12, 0x28, 0xfc, 0xff], // dup, bra −4
    repeated(10_000, 0x31),
    [0x31, ...repeated(2000, 0x12)],
    [0x1a],
    [0x31, 0x30, 0x1b],
    [0x10, ...repeated(1000, 0xff)],
    [0x2f, 0x00, 0x80],
  ])
    t.is(
      inTime(t, () => evaluate(Uint8Array.from(bytes), values)),
      undefined,
    );
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 60}), (bytes) => {
      const value = evaluate(bytes, values, 5n);
      t.true(value === undefined || (value >= 0n && value < 2n ** 64n));
    }),
    {numRuns: forgeries(5000)},
  );
});

test('the numbers of DWARF are read as they are written, and what is cut or too large is refused', (t) => {
  const leb = (value: bigint, isSigned: boolean, padding: number): number[] => {
    const bytes: number[] = [];
    for (let rest = value; ; rest >>= 7n) {
      const byte = Number(rest & 0x7fn);
      const isLast = isSigned ? rest >> 6n === 0n || rest >> 6n === -1n : rest < 128n;
      bytes.push(isLast ? byte : byte | 0x80);
      if (isLast) break;
    }
    for (let more = 0; more < padding && bytes.length < 10; more++) {
      bytes[bytes.length - 1]! |= 0x80;
      bytes.push(isSigned && value < 0n ? 0x7f : 0);
    }
    return bytes;
  };
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.boolean(), fc.nat(9), fc.boolean(), (size, isNegative, padding, isSigned) => {
      const value = isSigned && isNegative ? -size : size;
      const bytes = Uint8Array.from(leb(BigInt(value), isSigned, padding));
      const cursor = new Cursor(bytes);
      t.is(isSigned ? cursor.sleb() : cursor.uleb(), value + 0);
      t.false(cursor.isBroken);
      t.true(cursor.isAtEnd);
      const cut = new Cursor(bytes.subarray(0, -1));
      t.is(cut.uleb(), 0);
      t.true(cut.isBroken);
    }),
    {numRuns: forgeries(3000)},
  );
});

test('no bytes make a table fail, or take long', (t) => {
  const entry = fc.tuple(fc.uint8Array({maxLength: 40}), fc.nat(3)).map(([bytes, zeros]) => {
    return [...word(bytes.length), ...bytes, ...repeated(zeros * 4, 0)];
  });
  fc.assert(
    fc.property(
      fc.array(entry, {maxLength: 20}),
      fc.uint8Array({maxLength: 64}),
      fc.boolean(),
      (entries, header, isEh) => {
        const section = {bytes: Uint8Array.from(entries.flat()), address: 0x1000, isEh};
        const table = new FrameTable(section, {bytes: Uint8Array.from([1, 0x1b, 3, 0x3b, ...header]), address: 0x800});
        for (const address of [0, 0x1000, 0xffff, 2 ** 53, -1, NaN]) {
          const found = table.find(address);
          if (found) rowAt(section, found, address);
        }
      },
    ),
    {numRuns: forgeries(5000)},
  );
  // A million entries, and one that refers to itself.
  inTime(t, () => new FrameTable({bytes: new Uint8Array(4_000_000), address: 0, isEh: true}));
  const self = Uint8Array.from(repeated(100_000, ...word(4), ...word(4)));
  t.is(inTime(t, () => new FrameTable({bytes: self, address: 0, isEh: true})).size, 0);
});

test('no damage to a library makes unwinding fail, or take long', (t) => {
  const image = readElfImage(reading(LIBRARY))!;
  const sections = image.sections.filter(({name}) => /eh_frame|symtab|strtab|note|dynsym/.test(name));
  const headers = fc.oneof(fc.nat(64 + 56 * 8), fc.integer({min: LIBRARY.length - 64 * 16, max: LIBRARY.length - 1}));
  const within = fc.constantFrom(...sections).chain(({offset, size}) => fc.nat(size - 1).map((at) => offset + at));
  const damage = fc.tuple(
    fc.oneof(within, within, headers),
    fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
  );
  const text = image.sections.find(({name}) => name === '.text')!;
  fc.assert(
    fc.property(
      fc.array(damage, {minLength: 1, maxLength: 10}),
      fc.uint8Array({minLength: 0, maxLength: 600}),
      (changes, stack) => {
        const broken = Buffer.from(LIBRARY);
        for (const [at, value] of changes) broken[at] = value;
        const object = CodeObject.open({read: reading(broken), debug: reading(LIBRARY)});
        if (!object) return;
        const mapping = {start: 0x10000, end: 0x12000, isExecutable: true, offset: 0, name: '/lib.so', object};
        const space = new Space([mapping]);
        const unwinder = new Unwinder(X64, 100);
        for (let at = text.offset; at < text.offset + text.size; at += 3) {
          const registers = new Float64Array(17).fill(0x7fff0000);
          const {frames} = unwinder.unwind(space, {pc: 0x10000 + at, registers, stack});
          t.true(frames.length <= 100);
        }
      },
    ),
    {numRuns: forgeries(1000)},
  );
});

test('a table of Go of any bytes has names or none', (t) => {
  const head = fc.constantFrom(0xfb, 0xfa, 0xf0, 0xf1).map((magic) => [magic, 0xff, 0xff, 0xff, 0, 0, 1, 8]);
  const words = fc.array(fc.oneof(fc.nat(300), fc.maxSafeNat()), {minLength: 10, maxLength: 60});
  fc.assert(
    fc.property(head, words, fc.nat(400), (first, numbers, address) => {
      const table = new BigUint64Array(numbers.map(BigInt));
      const go = GoFunctions.open(Uint8Array.from([...first, ...new Uint8Array(table.buffer)]), true, 100);
      const found = go?.find(address);
      t.true(Number.isInteger(go?.distanceAt(address) ?? 0));
      t.true(found === undefined || (address >= found.start && address < found.start + found.size));
    }),
    {numRuns: forgeries(5000)},
  );
});
