/* Programs that are linked with the C library: what others say of their tables, and how much the validator sees. */
import test from 'ava';
import * as elf from '../../../src/elf/file/elf.ts';
import {layout} from '../../../src/elf/file/layout.ts';
import {validate} from '../../../src/elf/file/validate.ts';
import type {Program} from '../../../src/elf/program.ts';
import {programOf} from '../../../src/features/lessons/lesson.ts';
import {buildHelper} from '../../../src/features/lessons/program/build.ts';
import {MACHINES} from '../../../src/features/lessons/program/machines.ts';
import {malloc} from '../../../src/features/lessons/taught/malloc.ts';
import {fieldsOf, mutationsOf} from '../fields.ts';
import {fileOf, save, temporaryFolder} from '../helper-file.ts';
import {run, testIf} from '../tools.ts';

/** glibc's own names of its loaders (sysdeps, shlib-versions), and of the relocations in the psABIs. */
const KNOWN = {
  x64: ['/lib64/ld-linux-x86-64.so.2', 'R_X86_64_GLOB_DAT', '0x0'],
  arm64: ['/lib/ld-linux-aarch64.so.1', 'R_AARCH64_GLOB_DAT', '0x0'],
  riscv64: ['/lib/ld-linux-riscv64-lp64d.so.1', 'R_RISCV_64', '0x4, double-float ABI'],
} as const;

const IMPORTS = ['malloc', 'memset', 'free', 'malloc_trim'];

for (const machine of MACHINES) {
  const {architecture} = machine;
  const made: Program = buildHelper(programOf(malloc), machine);
  const file = fileOf(made);

  testIf('eu-elflint')(`eu-elflint finds no errors in a linked program for ${architecture}`, (t) => {
    const path = save(temporaryFolder(t), 'linked', file);
    t.deepEqual(run('eu-elflint', ['--strict', path]), {code: 0, stdout: 'No errors\n', stderr: ''});
  });

  testIf('readelf')(`readelf reads the loader, the library, the imports and their places for ${architecture}`, (t) => {
    const [interpreter, relocation, flags] = KNOWN[architecture];
    const path = save(temporaryFolder(t), 'linked', file);
    const {code, stderr} = run('readelf', ['-aW', path]);
    t.deepEqual({code, stderr}, {code: 0, stderr: ''});
    t.true(run('readelf', ['-lW', path]).stdout.includes(`[Requesting program interpreter: ${interpreter}]`));
    t.true(run('readelf', ['-hW', path]).stdout.includes(`Flags:                             ${flags}\n`));
    t.regex(run('readelf', ['-dW', path]).stdout, /\(NEEDED\) +Shared library: \[libc\.so\.6\]/);
    const relocations = Array.from(
      run('readelf', ['-rW', path]).stdout.matchAll(/^([\da-f]{16}) +[\da-f]{16} (R_\w+) +0{16} (\w+) \+ 0$/gm),
      ([, at, type, name]) => [Number(`0x${at}`), type, name],
    );
    const places = made.linked!.imports.map(({name, at}) => [at, relocation, name]);
    t.deepEqual(relocations, places);
    t.deepEqual(
      made.linked!.imports.map(({name}) => name),
      IMPORTS,
    );
    const names = made.symbols.filter(({address}) => places.some(([at]) => at === address)).map(({name}) => name);
    t.deepEqual(
      names,
      IMPORTS.map((name) => `at_${name}`),
    );
  });

  test(`The validator finds any changed field, and any changed byte that the loader reads, for ${architecture}`, (t) => {
    t.deepEqual(validate(file), []);
    const fields = fieldsOf(file).flatMap((field) => mutationsOf(file, field));
    const unseen = fields.filter((mutant) => validate(mutant.file).length === 0).map(({name}) => name);
    t.deepEqual(unseen, []);
    for (const {name, offset, bytes} of layout(made).dynamic)
      for (let at = offset; at < offset + bytes.length; at++) {
        const copy = file.slice();
        copy[at]! ^= 0x80;
        // Any name is one: whether a library has it is the loader's question. And a place may be anywhere in the data.
        if (name === '.dynstr' || (name === '.rela.dyn' && (at - offset) % elf.RELA_SIZE < 8)) continue;
        t.true(validate(copy).length > 0, `byte ${at - offset} of ${name}`);
      }
  });

  test(`A name that ends too early, and two imports in one place, are found for ${architecture}`, (t) => {
    const strings = layout(made).dynamic.find(({name}) => name === '.dynstr')!;
    const cut = file.slice();
    cut[strings.offset + strings.bytes.length - 1] = 0x41;
    t.true(validate(cut).length > 0);
    const imports = made.linked!.imports.map((each) => ({...each, at: made.linked!.imports[0]!.at}));
    const twice = fileOf({...made, linked: {...made.linked!, imports}});
    t.deepEqual(validate(twice), ['Two relocations have one place.']);
    const readOnly = fileOf({...made, linked: {...made.linked!, imports: [{name: 'malloc', at: made.base}]}});
    t.deepEqual(validate(readOnly), ['Relocation 0 is not as expected.']);
    t.deepEqual(validate(fileOf({...made, linked: {libraries: [], imports: []}})).slice(0, 1), [
      'No library is needed.',
    ]);
  });
}

test('A static program has no tables for a loader', (t) => {
  const made = buildHelper(programOf(malloc), MACHINES[0]!);
  const {linked, ...rest} = made;
  t.is(linked?.imports.length, IMPORTS.length);
  t.deepEqual(layout(rest).dynamic, []);
  const file = fileOf(rest);
  t.deepEqual(validate(file), []);
  t.is(elf.decode(file, elf.FILE_HEADER, 0).e_phnum, elf.decode(fileOf(made), elf.FILE_HEADER, 0).e_phnum - 2);
});
