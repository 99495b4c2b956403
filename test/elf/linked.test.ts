/*
 * Programs with labels for aarch64 and riscv64, against other people's assemblers. These leave addresses to a linker, so
 * GNU ld has its part in it: it puts each program at its own address.
 */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import fc from 'fast-check';
import * as arm from '../../src/elf/arm64/jumps.ts';
import {w3, x1, x2} from '../../src/elf/arm64/operands.ts';
import {align, assemble, label, object, type Item} from '../../src/elf/assemble.ts';
import * as riscv from '../../src/elf/riscv64/riscv64.ts';
import {a0, ra, t0, t1} from '../../src/elf/riscv64/operands.ts';
import {temporaryFolder} from './helper-file.ts';
import {run, testIf, type Outcome} from './tools.ts';

/** A line of a random program, and its items. `.L0` to `.L9` are its labels. */
type Line = readonly [text: string, items: readonly Item[]];

/** What can stand in such a program; `to` is a label. */
type Kinds = Readonly<Record<string, (to: string) => Line>>;

const {beq, bne, bhs, blo, bhi, bls, bge, blt, bgt, ble, bmi, bpl, bvs, bvc} = arm;
const CONDITIONS = {beq, bne, bhs, blo, bhi, bls, bge, blt, bgt, ble, bmi, bpl, bvs, bvc};
const armKinds: Kinds = {
  ...Object.fromEntries(
    Object.entries(CONDITIONS).map(([name, make]) => [
      name,
      (to: string): Line => [`b.${name.slice(1)} ${to}`, [make(to)]],
    ]),
  ),
  b: (to) => [`b ${to}`, [arm.b(to)]],
  bl: (to) => [`bl ${to}`, [arm.bl(to)]],
  cbz: (to) => [`cbz x1, ${to}`, [arm.cbz(x1, to)]],
  cbnz: (to) => [`cbnz w3, ${to}`, [arm.cbnz(w3, to)]],
  tbz: (to) => [`tbz x1, #40, ${to}`, [arm.tbz(x1, 40, to)]],
  tbnz: (to) => [`tbnz w3, #7, ${to}`, [arm.tbnz(w3, 7, to)]],
  adr: (to) => [`adr x2, ${to}+3`, [arm.adr(x2, to, 3)]],
  adrp: (to) => [`adrp x1, ${to}\nadd x2, x1, :lo12:${to}`, [arm.adrp(x1, to), arm.addLow(x2, x1, to)]],
  adrpPlus: (to) => [
    `adrp x1, ${to}+0x1801\nadd x2, x1, :lo12:${to}+0x1801`,
    [arm.adrp(x1, to, 0x1801), arm.addLow(x2, x1, to, 0x1801)],
  ],
};

const compare = {beq: riscv.beq, bne: riscv.bne, blt: riscv.blt, bge: riscv.bge, bltu: riscv.bltu, bgeu: riscv.bgeu};
const swapped = {bgt: riscv.bgt, ble: riscv.ble, bgtu: riscv.bgtu, bleu: riscv.bleu};
const riscvKinds: Kinds = {
  ...Object.fromEntries(
    Object.entries({...compare, ...swapped}).map(([name, make]) => [
      name,
      (to: string): Line => [`${name} a0, t1, ${to}`, [make(a0, t1, to)]],
    ]),
  ),
  beqz: (to) => [`beqz t1, ${to}`, [riscv.beqz(t1, to)]],
  bnez: (to) => [`bnez a0, ${to}`, [riscv.bnez(a0, to)]],
  j: (to) => [`j ${to}`, [riscv.j(to)]],
  jal: (to) => [`jal ra, ${to}`, [riscv.jal(ra, to)]],
  call: (to) => [`call ${to}`, [riscv.call(to)]],
  la: (to) => [`la t0, ${to}`, [riscv.la(t0, to)]],
  laPlus: (to) => [`la t0, ${to}+0x7fd`, [riscv.la(t0, to, 0x7fd)]],
};

/** Random programs with their ten labels strewn in, the same in each run. None is longer than a branch reaches. */
function programs(kinds: Kinds): Line[][] {
  let count = 0;
  const target = fc.integer({min: 0, max: 9}).map((n) => `.L${n}`);
  const kind = fc.constantFrom(...Object.values(kinds));
  const line = fc.oneof(
    {weight: 8, arbitrary: fc.tuple(kind, target).map(([make, to]) => make(to))},
    {
      weight: 3,
      arbitrary: fc.integer({min: 1, max: 34}).map((n): Line => {
        const data = object(`o${count++}`, Array<number>(n).fill(0));
        return [`.skip ${Math.ceil(n / 4) * 4}, 0`, [data, align(4)]];
      }),
    },
  );
  const program = fc
    .tuple(fc.array(line, {minLength: 20, maxLength: 90}), fc.array(fc.nat(), {minLength: 10, maxLength: 10}))
    .map(([lines, places]) => {
      const all = [...lines];
      places.forEach((place, n) => all.splice(place % (all.length + 1), 0, [`.L${n}:`, [label(`.L${n}`)]]));
      return all;
    });
  return fc.sample(program, {numRuns: 60, seed: 20_481});
}

/** Where each program goes: over several blocks of 4 KiB, so that what counts in these has something to count. */
const addressOf = (i: number): number => 0x400000 + i * 0x12340;

function check(
  t: ExecutionContext,
  machine: string,
  made: readonly (readonly Line[])[],
  assembler: (source: string, object: string) => Outcome,
): void {
  const folder = temporaryFolder(t);
  const [object, linked] = [join(folder, 'a.o'), join(folder, 'a')];
  const source = made.map((lines, i) => {
    const text = lines.map(([line]) => line.replaceAll('.L', `.L${i}_`)).join('\n');
    return `.section .p${i}, "ax"\n${text}\n`;
  });
  t.deepEqual(assembler(source.join(''), object), {code: 0, stdout: '', stderr: ''});
  const starts = made.map((_, i) => `--section-start=.p${i}=0x${addressOf(i).toString(16)}`);
  const {code, stderr} = run(`${machine}-linux-gnu-ld`, ['--no-relax', '-e', '0', ...starts, '-o', linked, object]);
  t.deepEqual({code, stderr}, {code: 0, stderr: ''});
  made.forEach((lines, i) => {
    const binary = join(folder, `${i}`);
    run(`${machine}-linux-gnu-objcopy`, ['-O', 'binary', `--only-section=.p${i}`, linked, binary]);
    const items = lines.flatMap(([, items]) => items);
    const ours = Buffer.from(assemble(items, addressOf(i)).bytes).toString('hex');
    t.is(ours, readFileSync(binary).toString('hex'));
  });
}

for (const [machine, kinds, header, asArgs, llvmArgs] of [
  ['aarch64', armKinds, '', [], ['-triple=aarch64']],
  ['riscv64', riscvKinds, '.option norelax\n', ['-march=rv64im'], ['-triple=riscv64', '-mattr=+m']],
] as const) {
  const made = programs(kinds);
  const as = `${machine}-linux-gnu-as` as const;

  testIf(as)(`Random programs for ${machine} come out as from GNU as and ld`, (t) => {
    check(t, machine, made, (source, object) => run(as, [...asArgs, '-o', object], header + source));
  });

  testIf('llvm-mc', as)(`Random programs for ${machine} come out as from llvm-mc and ld`, (t) => {
    check(t, machine, made, (source, object) => run('llvm-mc', [...llvmArgs, '-filetype=obj', '-o', object], source));
  });
}
