import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {assemble, label} from '../../src/elf/assemble.ts';
import {absolute, al, at, byte, eax, indexed, qword, rax, rbx, rcx, rsp} from '../../src/elf/x64-operands.ts';
import * as x from '../../src/elf/x64.ts';
import {forms, type Form} from './forms.ts';
import {needs, run} from './tools.ts';

/** Tests are compiled to build/test/elf; fixtures stay where they are. */
const GOLDENS = new URL('../../../test/fixtures/elf/x64.txt', import.meta.url);

test('Our encodings are those that GNU as made for the committed list', (t) => {
  if (process.env['UPDATE_GOLDENS'] && needs(t, 'as', 'binutils')) {
    const few = forms('few');
    const hex = gnuAs(few);
    writeFileSync(GOLDENS, few.map(({text}, i) => `${hex[i]} | ${text}\n`).join(''));
  }
  const expected = readFileSync(GOLDENS, 'utf8').trimEnd().split('\n');
  const ours = forms('few').map((form) => `${encoding(form)} | ${form.text}`);
  t.true(expected.length > 2000);
  t.deepEqual(ours, expected);
});

test('Our encodings are those of GNU as, for every form', (t) => {
  if (!needs(t, 'as', 'binutils')) return;
  const all = forms('all');
  t.deepEqual(differences(all, gnuAs(all)), []);
  t.log(`${all.length} forms compared`);
});

test('Our encodings are those of llvm-mc, for every form', (t) => {
  if (!needs(t, 'llvm-mc', 'llvm')) return;
  const all = forms('all');
  t.deepEqual(differences(all, llvmMc(all)), []);
  t.log(`${all.length} forms compared`);
});

const impossible: Readonly<Record<string, () => unknown>> = {
  'an immediate of more than 32 bits': () => x.add(rax, 0x80000000),
  'an immediate of more than 8 bits': () => x.mov(al, 256),
  'a number of more than 64 bits': () => x.mov(rax, 1n << 64n),
  'a number that is no integer': () => x.mov(eax, 1.5),
  'a displacement of more than 32 bits': () => x.mov(rax, at(rbx, 0x80000000)),
  'an address of more than 31 bits': () => x.mov(rax, absolute(0xffffffff)),
  'operands of different sizes': () => x.mov(rax, eax),
  'memory of another size than the register': () => x.mov(rax, byte(at(rbx))),
  'memory of no known size': () => x.mov(at(rbx), 1),
  'two places in memory': () => x.add(at(rbx), qword(at(rcx))),
  'rsp as an index': () => indexed(rax, rsp),
  'an address in a 32-bit register': () => at(eax),
  'a shift by the size or more': () => x.shl(eax, 32),
  'a shift by another register than cl': () => x.shl(eax, al),
  'pushing 32 bits': () => x.push(eax),
  'lea to 8 bits': () => x.lea(al, at(rbx)),
  'movzx from 32 bits': () => x.movzx(rax, eax),
};
for (const [what, make] of Object.entries(impossible)) {
  test(`The machine does not have ${what}`, (t) => {
    t.throws(make, {instanceOf: RangeError});
  });
}

function encoding({item}: Form): string {
  return Buffer.from(assemble([item, label('end')], 0).bytes).toString('hex');
}

function differences(ours: readonly Form[], theirs: readonly (string | undefined)[]): string[] {
  const different = ours.flatMap((form, i) =>
    encoding(form) === theirs[i] ? [] : [`${form.text}: ours ${encoding(form)}, theirs ${theirs[i]}`],
  );
  return theirs.length === ours.length ? different : [...different, `${ours.length} forms, ${theirs.length} answers`];
}

/** GNU as's bytes for each form, out of its listing: line number, offset, and words of bytes. */
function gnuAs(all: readonly Form[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'memmap-as-'));
  try {
    const source = `.intel_syntax noprefix\n${all.map(({text}) => text).join('\n')}\n`;
    const args = ['--64', '-aln', '--listing-lhs-width=4', '-o', join(folder, 'a.o')];
    const {code, stdout, stderr} = run('as', args, source);
    if (code !== 0) throw new Error(stderr);
    const lines = stdout.matchAll(/^ *\d+ [\da-f]{4,} ((?:[\dA-F]{2,8} ?)+)\s*\t/gm);
    return Array.from(lines, ([, hex = '']) => hex.replaceAll(' ', '').toLowerCase());
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** llvm-mc's bytes for each form, out of its comments. */
function llvmMc(all: readonly Form[]): string[] {
  const source = all.map(({text}) => text).join('\n');
  const {code, stdout, stderr} = run('llvm-mc', ['-triple=x86_64', '-x86-asm-syntax=intel', '-show-encoding'], source);
  if (code !== 0) throw new Error(stderr);
  return Array.from(stdout.matchAll(/# encoding: \[([^\]]*)\]/g), ([, hex = '']) => hex.replaceAll(/0x|,/g, ''));
}
