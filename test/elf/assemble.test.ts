import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import fc from 'fast-check';
import {align, assemble, func, label, object, type Item} from '../../src/elf/assemble.ts';
import {at, byte, dword, qword, rax, rdi, rip, rsi, r13} from '../../src/elf/x64/operands.ts';
import * as jumps from '../../src/elf/x64/x64.ts';
import * as x from '../../src/elf/x64/x64.ts';
import {temporaryFolder} from './helper-file.ts';
import {run, testIf} from './tools.ts';

const {je, jne, jb, jae, jbe, ja, jl, jge, jle, jg, js, jns, jo, jno} = jumps;
const JUMPS = {jmp: jumps.jmp, je, jne, jb, jae, jbe, ja, jl, jge, jle, jg, js, jns, jo, jno};

/** A line of a random program, and its item. `.L0` to `.L9` are its labels. */
type Line = readonly [text: string, item: Item];

const target = fc.integer({min: 0, max: 9}).map((n) => `.L${n}`);
const line: fc.Arbitrary<Line> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(fc.constantFrom(...Object.keys(JUMPS)), target).map(([name, to]): Line => {
      return [`${name} ${to}`, JUMPS[name as 'jmp'](to)];
    }),
  },
  {weight: 1, arbitrary: target.map((to): Line => [`call ${to}`, jumps.call(to)])},
  {weight: 1, arbitrary: target.map((to): Line => [`lea rsi, [rip+${to}]`, x.lea(rsi, rip(to))])},
  // The distance counts from the end of the instruction, also where an immediate follows it.
  {weight: 1, arbitrary: target.map((to): Line => [`add qword ptr [rip+${to}+8], 5`, x.add(qword(rip(to, 8)), 5)])},
  {weight: 1, arbitrary: target.map((to): Line => [`mov dword ptr [rip+${to}], 5`, x.mov(dword(rip(to)), 5)])},
  {weight: 1, arbitrary: target.map((to): Line => [`inc byte ptr [rip+${to}]`, x.inc(byte(rip(to)))])},
  {
    weight: 3,
    arbitrary: fc
      .integer({min: 1, max: 90})
      .map((n): Line => [`.skip ${n}, 0`, object(`o${count++}`, Array<number>(n).fill(0))]),
  },
);
let count = 0;

/** A program with its ten labels strewn in. */
const program = fc
  .tuple(fc.array(line, {minLength: 20, maxLength: 120}), fc.array(fc.nat(), {minLength: 10, maxLength: 10}))
  .map(([lines, places]) => {
    const all = [...lines];
    places.forEach((place, n) => all.splice(place % (all.length + 1), 0, [`.L${n}:`, label(`.L${n}`)]));
    return all;
  });

/** Random programs, the same in each run. */
const PROGRAMS = fc.sample(program, {numRuns: 60, seed: 20_481});

/** All programs as one source, each in a section of its own so that labels and jumps stay apart. */
function compare(
  t: ExecutionContext,
  assembler: (source: string, object: string) => {code: number | null; stderr: string},
): void {
  const folder = temporaryFolder(t);
  const source = PROGRAMS.map((lines, i) => {
    const text = lines.map(([line]) => line.replaceAll('.L', `.L${i}_`)).join('\n');
    return `.section .p${i}, "ax"\n${text}\n`;
  });
  const object = join(folder, 'a.o');
  const {code, stderr} = assembler(`.intel_syntax noprefix\n${source.join('')}`, object);
  t.deepEqual({code, stderr}, {code: 0, stderr: ''});
  PROGRAMS.forEach((lines, i) => {
    const binary = join(folder, `${i}`);
    run('objcopy', ['-O', 'binary', `--only-section=.p${i}`, object, binary]);
    const theirs = readFileSync(binary).toString('hex');
    const ours = Buffer.from(
      assemble(
        lines.map(([, item]) => item),
        0,
      ).bytes,
    ).toString('hex');
    t.is(ours, theirs);
  });
}

testIf('as')('Random programs come out as from GNU as: the same jumps are short', (t) => {
  compare(t, (source, object) => run('as', ['--64', '-o', object], source));
});

testIf('llvm-mc', 'objcopy')('Random programs come out as from llvm-mc', (t) => {
  compare(t, (source, object) => run('llvm-mc', ['-triple=x86_64', '-filetype=obj', '-o', object], source));
});

test('A jump forward over 127 bytes is short, and one over 128 is long', (t) => {
  const sizes = [127, 128].map((bytes) => sizeOf([je('end'), gap(bytes), label('end')]) - bytes);
  t.deepEqual(sizes, [2, 6]);
});

test('A jump back over 126 bytes is short, and one over 127 is long', (t) => {
  const sizes = [126, 127].map((bytes) => sizeOf([label('start'), gap(bytes), je('start')]) - bytes);
  t.deepEqual(sizes, [2, 6]);
});

test('Blocks become symbols with their sizes, inside blocks too; labels do not', (t) => {
  const items = [
    func('outer', [x.nop(), label('here'), func('inner', [x.syscall()]), jumps.ret()]),
    align(16),
    object('data', [1, 2, 3]),
  ];
  const {bytes, symbols} = assemble(items, 0x401000);
  t.deepEqual(symbols, [
    {name: 'outer', address: 0x401000, size: 4, type: 'func'},
    {name: 'inner', address: 0x401001, size: 2, type: 'func'},
    {name: 'data', address: 0x401010, size: 3, type: 'object'},
  ]);
  t.deepEqual([...bytes], [0x90, 0x0f, 0x05, 0xc3, ...Array<number>(12).fill(0), 1, 2, 3]);
});

test('An item may stand in the list more than once', (t) => {
  const jump = je('end');
  // The first of the two is too far away to be short, the second is not.
  const {bytes} = assemble([jump, jump, gap(126), label('end')], 0);
  t.deepEqual([...bytes.subarray(0, 8)], [0x0f, 0x84, 0x80, 0, 0, 0, 0x74, 0x7e]);
});

test('Symbols from elsewhere are labels for the code', (t) => {
  const known = [{name: 'there', address: 0x404000, size: 1, type: 'object'} as const];
  const {bytes, symbols} = assemble([x.lea(rsi, rip('there', 2))], 0x401000, known);
  t.deepEqual([...bytes], [0x48, 0x8d, 0x35, 0xfb, 0x2f, 0, 0]);
  t.deepEqual(symbols, []);
});

test('A label that is missing, is defined twice, or is too far away is a mistake', (t) => {
  const far = [{name: 'far', address: 0x1_0000_0000, size: 1, type: 'object'} as const];
  t.throws(() => assemble([je('nowhere')], 0), {instanceOf: RangeError, message: 'no label nowhere'});
  t.throws(() => assemble([label('a'), func('a', [])], 0), {
    instanceOf: RangeError,
    message: 'label a is defined twice',
  });
  t.throws(() => assemble([label('far')], 0, far), {instanceOf: RangeError, message: 'label far is defined twice'});
  t.throws(() => assemble([je('far')], 0, far), {instanceOf: RangeError});
  t.throws(() => assemble([x.mov(rax, rip('far'))], 0, far), {instanceOf: RangeError});
});

test('Jumps through registers and memory need 64 bits', (t) => {
  t.deepEqual([...assemble([jumps.jmp(rdi), jumps.call(at(r13))], 0).bytes], [0xff, 0xe7, 0x41, 0xff, 0x55, 0]);
  t.throws(() => jumps.jmp(dword(at(rdi))), {instanceOf: RangeError});
});

function gap(bytes: number): Item {
  return object('gap', Array<number>(bytes).fill(0));
}

function sizeOf(items: readonly Item[]): number {
  return assemble(items, 0).bytes.length;
}
