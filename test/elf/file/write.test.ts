import test from 'ava';
import fc from 'fast-check';
import {assemble, func} from '../../../src/elf/assemble.ts';
import {ByteSink, littleEndian, readUint} from '../../../src/elf/bytes.ts';
import * as elf from '../../../src/elf/file/elf.ts';
import {X64, type Program, type ProgramSymbol, type Segment} from '../../../src/elf/program.ts';
import {ascii, hasName, stringTable} from '../../../src/elf/file/strings.ts';
import {validate} from '../../../src/elf/file/validate.ts';
import {write} from '../../../src/elf/file/write.ts';
import {edi, eax} from '../../../src/elf/x64/operands.ts';
import * as x from '../../../src/elf/x64/x64.ts';
import {fileOf, save, temporaryFolder} from '../helper-file.ts';
import {run, testIf} from '../tools.ts';

const R = elf.PF_R;
const RW = elf.PF_R + elf.PF_W;

/** A program that ends with 42, with whatever segments and symbols are added to it. */
function program(more: readonly Segment[] = [], symbols: readonly ProgramSymbol[] = []): Program {
  const exit = func('_start', [x.mov(edi, 42), x.mov(eax, 231), x.syscall()]);
  const text = assemble([exit], 0x401000);
  const code = {name: '.text', vaddr: 0x401000, flags: elf.PF_R + elf.PF_X, bytes: text.bytes};
  return {
    machine: X64,
    base: 0x400000,
    segments: [code, ...more],
    entry: 0x401000,
    symbols: [...text.symbols, ...symbols],
  };
}

/** Programs of all shapes: the header's page may spill over, segments may be empty in the file, far apart, unaligned. */
const shapes: Readonly<Record<string, Program>> = {
  'with code only': program(),
  'with 500 symbols, so that the headers take more than a page': program(
    [],
    Array.from({length: 500}, (_, i) => ({name: `symbol_${i}`, address: 0x401000, size: 0, type: 'func'})),
  ),
  'with memory that takes nothing of the file': program([
    {name: '.data', vaddr: 0x500000, flags: RW, bytes: new Uint8Array(0), memorySize: 0x100000},
  ]),
  'with such memory at an odd address': program([
    {name: '.data', vaddr: 0x500ff8, flags: RW, bytes: new Uint8Array(0), memorySize: 16},
  ]),
  'with a segment in the middle of a page': program([
    {name: '.rodata', vaddr: 0x402345, flags: R, bytes: Uint8Array.of(1, 2, 3)},
    {name: '.data', vaddr: 0x403ffe, flags: RW, bytes: Uint8Array.of(4, 5, 6), memorySize: 0x2000},
  ]),
  'with a segment of many pages': program([
    {name: '.rodata', vaddr: 0x7f0000000000, flags: R, bytes: new Uint8Array(0x5001).fill(7)},
  ]),
};

for (const [shape, made] of Object.entries(shapes)) {
  test(`A program ${shape} is valid, and runs`, (t) => {
    const file = fileOf(made);
    t.deepEqual(validate(file), []);
    t.is(run(save(temporaryFolder(t), 'program', file), []).code, 42);
  });

  testIf('readelf', 'llvm-readelf')(`readelf and llvm-readelf accept a program ${shape}`, (t) => {
    const path = save(temporaryFolder(t), 'program', fileOf(made));
    for (const [tool, option] of [
      ['readelf', '-aW'],
      ['llvm-readelf', '-a'],
    ] as const) {
      const {code, stderr} = run(tool, [option, path]);
      t.deepEqual({tool, code, stderr}, {tool, code: 0, stderr: ''});
    }
  });

  // It calls a segment without bytes in the file wrong, also where GNU ld made it.
  if (made.segments.some(({bytes}) => bytes.length === 0)) continue;
  testIf('eu-elflint')(`eu-elflint accepts a program ${shape}`, (t) => {
    const path = save(temporaryFolder(t), 'program', fileOf(made));
    t.deepEqual(run('eu-elflint', ['--strict', path]), {code: 0, stdout: 'No errors\n', stderr: ''});
  });
}

test('Any program of ascending segments is valid, and its bytes are where its headers say', (t) => {
  const segment = fc.record({
    gap: fc.nat({max: 20_000}),
    bytes: fc.uint8Array({maxLength: 9000}),
    zeros: fc.nat({max: 9000}),
    writable: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(segment, {maxLength: 6}), (parts) => {
      let next = 0x402000;
      const segments = parts.flatMap(({gap, bytes, zeros, writable}): Segment[] => {
        const vaddr = next + gap;
        const memorySize = bytes.length + (writable ? zeros : 0);
        if (memorySize === 0) return [];
        next = Math.ceil((vaddr + memorySize) / 4096) * 4096;
        return [{name: '.part', vaddr, flags: writable ? RW : R, bytes, memorySize}];
      });
      const file = fileOf(program(segments));
      t.deepEqual(validate(file), []);
      segments.forEach((segment, i) => {
        const header = elf.decode(file, elf.PROGRAM_HEADER, 64 + 56 * (i + 2));
        t.deepEqual(
          {
            vaddr: header.p_vaddr,
            size: header.p_memsz,
            bytes: file.slice(header.p_offset, header.p_offset + header.p_filesz),
          },
          {vaddr: segment.vaddr, size: segment.memorySize ?? 0, bytes: segment.bytes},
        );
      });
    }),
    {numRuns: 100},
  );
});

test('The build-id is made of the file with zeros in its place', (t) => {
  let seen = new Uint8Array(0);
  const file = write(program(), (bytes) => {
    seen = bytes.slice();
    return new Uint8Array(20).fill(0xab);
  });
  const at = Buffer.from(file).indexOf(Buffer.alloc(20, 0xab));
  t.deepEqual(file.slice(0, at), seen.slice(0, at));
  t.deepEqual(seen.slice(at, at + 20), new Uint8Array(20));
  t.deepEqual(file.slice(at + 20), seen.slice(at + 20));
  t.throws(() => write(program(), () => new Uint8Array(16)), {message: 'a build-id has 20 bytes, not 16'});
});

test('A symbol must be in a segment', (t) => {
  const lost = program([], [{name: 'lost', address: 0x500000, size: 1, type: 'object'}]);
  t.throws(() => fileOf(lost), {instanceOf: RangeError, message: 'symbol lost is in no segment'});
});

test('A record read back is the record written', (t) => {
  for (const fields of [elf.FILE_HEADER, elf.PROGRAM_HEADER, elf.SECTION_HEADER, elf.SYMBOL, elf.NOTE]) {
    const values = Object.entries(fields).map(([name, width]) => {
      return fc.nat({max: Math.min(256 ** width, 2 ** 31) - 1}).map((value): [string, number] => [name, value]);
    });
    fc.assert(
      fc.property(fc.tuple(...values), (entries) => {
        const record = Object.fromEntries(entries);
        const sink = new ByteSink(elf.sizeOf(fields));
        elf.encode<elf.Fields>(sink, fields, record);
        t.deepEqual(elf.decode(sink.finish(), fields, 0), record as never);
      }),
      {numRuns: 50},
    );
  }
});

test('The sizes of the records are those of elf(5)', (t) => {
  const {FILE_HEADER_SIZE, PROGRAM_HEADER_SIZE, SECTION_HEADER_SIZE, SYMBOL_SIZE, NOTE_SIZE} = elf;
  t.deepEqual(
    [FILE_HEADER_SIZE, PROGRAM_HEADER_SIZE, SECTION_HEADER_SIZE, SYMBOL_SIZE, NOTE_SIZE],
    [64, 56, 64, 24, 12],
  );
});

test('A number that does not fit its field is refused, by name', (t) => {
  const note = {n_namesz: 4, n_descsz: 20, n_type: 3};
  const sink = new ByteSink(12);
  t.throws(() => elf.encode(sink, elf.NOTE, {...note, n_descsz: -1}), {message: "n_descsz can't be -1"});
  t.throws(() => elf.encode(sink, elf.NOTE, {...note, n_namesz: 2 ** 32}), {instanceOf: RangeError});
});

test('Integers are little endian, negative ones in two’s complement', (t) => {
  t.deepEqual(littleEndian(0x1234, 4), [0x34, 0x12, 0, 0]);
  t.deepEqual(littleEndian(-2, 2), [0xfe, 0xff]);
  t.deepEqual(littleEndian(-(1n << 63n), 8), [0, 0, 0, 0, 0, 0, 0, 0x80]);
  for (const [value, width] of [
    [256, 1],
    [-129, 1],
    [1n << 64n, 8],
    [0, 9],
    [0.5, 4],
  ] as const) {
    t.throws(() => littleEndian(value, width), {instanceOf: RangeError}, String(value));
  }
  t.is(readUint(Uint8Array.of(9, 0x34, 0x12, 0, 0), 1, 4), 0x1234);
});

test('The sink knows its place: it can be neither overfull, nor unfinished, nor set back', (t) => {
  const sink = new ByteSink(4);
  sink.uint(7, 2);
  t.is(sink.offset, 2);
  t.throws(() => sink.padTo(1), {message: 'at byte 2, past the planned 1'});
  t.throws(() => sink.finish(), {message: 'wrote 2 bytes of the planned 4'});
  t.throws(() => sink.uint(0, 4), {instanceOf: RangeError});
  sink.padTo(4);
  t.deepEqual([...sink.finish()], [7, 0, 0, 0]);
});

test('Names are ASCII, one after another, each with its NUL', (t) => {
  const {bytes, offsets} = stringTable(['a', 'bc']);
  t.deepEqual({bytes: [...bytes], offsets: [...offsets]}, {bytes: [0, 97, 0, 98, 99, 0], offsets: [1, 3]});
  t.deepEqual(
    [0, 1, 2, 3, 4, 5, 6].filter((offset) => hasName(bytes, offset)),
    [1, 3],
  );
  t.throws(() => ascii('ä'), {instanceOf: RangeError});
  t.throws(() => ascii('a\0'), {instanceOf: RangeError});
});
