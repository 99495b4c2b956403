/* Other people's assemblers, and the tests that compare ours with theirs, form by form. */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {assemble, label, type Item} from '../../src/elf/assemble.ts';
import {has, type Tool} from '../helpers/programs.ts';
import {run, testIf} from './tools.ts';

/** An instruction as other assemblers read it, and as ours makes it. Its label may be `.+N` or `.-N`: N bytes from it. */
export interface Form {
  readonly text: string;
  readonly item: Item;
}

/** How others are asked to assemble for a machine. */
export interface Dialect {
  /** GNU as for the machine. */
  readonly as: Tool;
  readonly asArgs: readonly string[];
  /** A line that must stand before the source for GNU as. */
  readonly header: string;
  readonly llvmArgs: readonly string[];
  /** A form as llvm-mc reads it, where it is stricter or laxer; undefined: it makes other instructions of it. */
  readonly toLlvm?: (text: string) => string | undefined;
}

/**
 * Declares the tests of a machine's encodings: a committed list that GNU as made, and if they are there, GNU as and
 * llvm-mc themselves for all forms.
 *
 * @param golden the name of the list in test/fixtures/elf
 */
export function testEncodings(golden: string, dialect: Dialect, forms: (choice: 'all' | 'few') => Form[]): void {
  // Tests are compiled to build/test/elf; fixtures stay where they are.
  const goldens = new URL(`../../../test/fixtures/elf/${golden}`, import.meta.url);

  test('Our encodings are those that GNU as made for the committed list', (t) => {
    const few = forms('few');
    if (process.env['UPDATE_GOLDENS'] && has(dialect.as)) {
      const hex = gnuAs(dialect, few);
      writeFileSync(goldens, few.map(({text}, i) => `${hex[i]} | ${text}\n`).join(''));
    }
    const expected = readFileSync(goldens, 'utf8').trimEnd().split('\n');
    t.true(expected.length > 2000);
    t.deepEqual(
      few.map((form) => `${encoding(form)} | ${form.text}`),
      expected,
    );
  });

  testIf(dialect.as)('Our encodings are those of GNU as, for every form', (t) => {
    const all = forms('all');
    t.deepEqual(differences(all, gnuAs(dialect, all)), []);
    t.log(`${all.length} forms compared`);
  });

  testIf('llvm-mc')('Our encodings are those of llvm-mc, for every form', (t) => {
    const all = forms('all').filter(({text}) => toLlvm(dialect, text) !== undefined);
    t.deepEqual(differences(all, llvmMc(dialect, all)), []);
    t.log(`${all.length} forms compared`);
  });
}

/** Our bytes for a form. */
export function encoding({item}: Form): string {
  const start = 0x10_0000_0000;
  const name = item.kind === 'instruction' ? (item.fixup?.label ?? '') : '';
  const distance = /^\.([+-]\d+)$/.exec(name)?.[1];
  const known = distance ? [{name, address: start + Number(distance), size: 0, type: 'func'} as const] : [];
  return Buffer.from(assemble([item, label('end')], start, known).bytes).toString('hex');
}

// --- internal ---

function toLlvm(dialect: Dialect, text: string): string | undefined {
  return dialect.toLlvm ? dialect.toLlvm(text) : text;
}

function differences(ours: readonly Form[], theirs: readonly (string | undefined)[]): string[] {
  const different = ours.flatMap((form, i) =>
    encoding(form) === theirs[i] ? [] : [`${form.text}: ours ${encoding(form)}, theirs ${theirs[i]}`],
  );
  return theirs.length === ours.length ? different : [...different, `${ours.length} forms, ${theirs.length} answers`];
}

/** GNU as's bytes for each form, out of its listing: line number, offset, and words of bytes. */
function gnuAs(dialect: Dialect, all: readonly Form[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'memmap-as-'));
  try {
    const source = `${dialect.header}\n${all.map(({text}) => text).join('\n')}\n`;
    const args = [...dialect.asArgs, '-aln', '--listing-lhs-width=8', '-o', join(folder, 'a.o')];
    const {code, stdout, stderr} = run(dialect.as, args, source);
    if (code !== 0) throw new Error(stderr);
    const lines = stdout.matchAll(/^ *\d+ [\da-f]{4,} ((?:[\dA-F]{2,8} ?)+)\s*\t/gm);
    return Array.from(lines, ([, hex = '']) => hex.replaceAll(' ', '').toLowerCase());
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** llvm-mc's bytes for each form, out of its comments. Forms of several instructions have several. */
function llvmMc(dialect: Dialect, all: readonly Form[]): string[] {
  const source = all.map(({text}) => toLlvm(dialect, text)).join('\n');
  const {code, stdout, stderr} = run('llvm-mc', [...dialect.llvmArgs, '-show-encoding'], source);
  if (code !== 0) throw new Error(stderr);
  return Array.from(stdout.matchAll(/encoding: \[([^\]]*)\]/g), ([, hex = '']) => hex.replaceAll(/0x|,/g, ''));
}
