/*
 * Files for machines that are not this one: what the validator and other people's programs say, and whether they run.
 */
import {spawnSync} from 'node:child_process';
import test, {type ExecutionContext} from 'ava';
import * as elf from '../../src/elf/file/elf.ts';
import {ARM64, RISCV64, type Program} from '../../src/elf/program.ts';
import {validate} from '../../src/elf/file/validate.ts';
import {fieldsOf, mutationsOf} from './fields.ts';
import {fileOf, save, temporaryFolder} from './helper-file.ts';
import {pidProgram} from './pid-programs.ts';
import {run, testIf} from './tools.ts';

const MACHINES = [
  {name: 'aarch64', machine: ARM64, readelf: 'AArch64', end: 2 ** 39, mnemonics: ['svc', 'udiv', 'bl', 'adrp']},
  {name: 'riscv64', machine: RISCV64, readelf: 'RISC-V', end: 2 ** 38, mnemonics: ['ecall', 'remu', 'jal', 'auipc']},
] as const;

for (const {name, machine, readelf, end, mnemonics} of MACHINES) {
  const made = pidProgram(machine);
  const path = (t: ExecutionContext): string => save(temporaryFolder(t), 'pid', fileOf(made));

  const qemu = `qemu-${name}-static` as const;
  testIf(qemu)(`A program for ${name} says its PID and ends with 0`, (t) => {
    const {pid, status, stdout, stderr} = spawnSync(qemu, [path(t)], {encoding: 'utf8'});
    t.deepEqual({status, stdout, stderr}, {status: 0, stdout: `pid: ${pid}\n`, stderr: ''});
  });

  test(`The validator finds nothing in a file for ${name}, and something in each that has one field changed`, (t) => {
    const file = fileOf(made);
    t.deepEqual(validate(file), []);
    const mutants = fieldsOf(file).flatMap((field) => mutationsOf(file, field));
    t.true(mutants.length > 450);
    t.deepEqual(
      mutants.filter((mutant) => validate(mutant.file).length === 0).map((mutant) => mutant.name),
      [],
    );
  });

  testIf('eu-elflint')(`eu-elflint finds no errors in a file for ${name}`, (t) => {
    t.deepEqual(run('eu-elflint', ['--strict', path(t)]), {code: 0, stdout: 'No errors\n', stderr: ''});
  });

  for (const [tool, option] of [
    ['readelf', '-aW'],
    ['llvm-readelf', '-a'],
    ['eu-readelf', '-a'],
  ] as const) {
    testIf(tool)(`${tool} reads a file for ${name} without a complaint`, (t) => {
      const {code, stdout, stderr} = run(tool, [option, path(t)]);
      t.deepEqual({code, stderr}, {code: 0, stderr: ''});
      for (const symbol of made.symbols) t.true(stdout.includes(` ${symbol.name}\n`), symbol.name);
    });
  }

  testIf('readelf')(`readelf shows segments of 64 KiB and no flags in a file for ${name}`, (t) => {
    const {stdout} = run('readelf', ['-hlW', path(t)]);
    t.regex(stdout, new RegExp(`Machine: +${readelf}\n`));
    t.regex(stdout, /Flags: +0x0\n/);
    const aligned = Array.from(stdout.matchAll(/^ {2}LOAD .* (0x[\da-f]+)$/gm), ([, align]) => align);
    t.deepEqual(aligned, ['0x10000', '0x10000', '0x10000', '0x10000']);
  });

  const objdump = `${name}-linux-gnu-objdump` as const;
  testIf(objdump)(`objdump disassembles all code for ${name} under its names`, (t) => {
    const {code, stdout, stderr} = run(objdump, ['-d', path(t)]);
    t.deepEqual({code, stderr}, {code: 0, stderr: ''});
    for (const symbol of ['_start', 'say', 'send']) t.regex(stdout, new RegExp(`^[\\da-f]{16} <${symbol}>:$`, 'm'));
    for (const mnemonic of mnemonics) t.regex(stdout, new RegExp(`\\t${mnemonic}\\t?`));
    t.notRegex(stdout, /\.(inst|word|insn|[248]?byte)|undefined|unimp/);
  });

  /** Programs that the writer turns into files without a word, and what is wrong with them for this machine. */
  const [code, texts, data] = made.segments;
  const wrong: Readonly<Record<string, readonly [Program, readonly string[]]>> = {
    'segments in one page of 64 KiB': [
      {...made, segments: [code!, {...texts!, vaddr: 0x411000}, data!], symbols: []},
      ['PT_LOAD 2 shares a page with one before it, or lies below it.'],
    ],
    'pages of 4 KiB': [
      {...made, machine: {...machine, pageSize: 0x1000}},
      [
        'Segment 0: p_align is not the page size.',
        ...[1, 2, 3].flatMap((i) => [
          `Segment ${i}: p_align is not the page size.`,
          `Segment ${i}: p_offset and p_vaddr differ in their offset within the page.`,
        ]),
      ],
    ],
    'flags that the code does not deserve': [{...made, machine: {...machine, flags: 5}}, ['e_flags is 5, not 0.']],
    'an entry point between instructions': [
      {...made, entry: made.entry + 2, symbols: []},
      ['The entry point is not a multiple of 4.'],
    ],
    'a function between instructions': [
      {...made, symbols: [{name: 'f', address: made.entry + 2, size: 4, type: 'func'}]},
      ["Symbol 1 is a function where the machine can't have code."],
    ],
    'memory where a small kernel has none': [
      {
        ...made,
        segments: [code!, texts!, {...data!, vaddr: end - 0x10000, memorySize: 0x10001}],
        symbols: [],
      },
      ['Segment 3: it is not at an address for user programs.'],
    ],
    'code for another machine': [
      {...made, machine: {...machine, machine: elf.EM_X86_64}},
      [0, 1, 2, 3].map((i) => `Segment ${i}: p_align is not the page size.`),
    ],
  };
  for (const [what, [program, sentences]] of Object.entries(wrong)) {
    test(`It finds ${what} for ${name}`, (t) => {
      t.deepEqual(validate(fileOf(program)), sentences);
    });
  }
}
