import test from 'ava';
import fc from 'fast-check';
import * as elf from '../../../src/elf/file/elf.ts';
import {X64, type Program, type Segment} from '../../../src/elf/program.ts';
import {validate} from '../../../src/elf/file/validate.ts';
import {fieldsOf, withField} from '../fields.ts';
import {brkFile, brkProgram, fileOf} from '../helper-file.ts';

test('The helper has no problems', (t) => {
  t.deepEqual(validate(brkFile()), []);
});

/** The program of the lesson with one segment changed, or with one more. */
function changed(index: number, change: Partial<Segment>): Program {
  const program = brkProgram();
  return {
    ...program,
    segments: program.segments.map((segment, i) => (i === index ? {...segment, ...change} : segment)),
  };
}

const [TEXT, RODATA, DATA] = [0, 1, 2];

/**
 * Programs that the writer turns into files without a word, and what is wrong with them. Most of them would even run.
 */
const wrongPrograms: Readonly<Record<string, readonly [Program, readonly string[]]>> = {
  'code that may be written to': [
    changed(TEXT, {flags: elf.PF_R + elf.PF_W + elf.PF_X}),
    ['Segment 1: its permissions are none of r--, r-x, rw-.'],
  ],
  'code that may not be run': [
    changed(TEXT, {flags: elf.PF_R}),
    ['The entry point is not in executable bytes of the file.'],
  ],
  'zeros behind code, for which the kernel makes a page rwx': [
    changed(TEXT, {memorySize: 0x3000}),
    ['Segment 1: it has zeros after its bytes but is not writable.'],
  ],
  'less memory than bytes': [changed(RODATA, {memorySize: 1}), ['Segment 2: p_memsz is less than p_filesz.']],
  'two segments in one page': [
    {...changed(DATA, {vaddr: 0x404100, memorySize: 0x2000}), symbols: []},
    ['PT_LOAD 3 shares a page with one before it, or lies below it.'],
  ],
  'segments in descending order': [
    {...brkProgram(), segments: brkProgram().segments.toReversed(), symbols: []},
    ['PT_LOAD 2 shares a page with one before it, or lies below it.'],
  ],
  'an entry point in the middle of a function': [
    {...brkProgram(), entry: 0x401001},
    ['The entry point is in the middle of a function.'],
  ],
  'an entry point in the data': [
    {...brkProgram(), entry: 0x406000},
    ['The entry point is not in executable bytes of the file.'],
  ],
  'an entry point behind the bytes of the code': [
    {...brkProgram(), entry: 0x403fff},
    ['The entry point is not in executable bytes of the file.'],
  ],
  'headers at an address that users may not map': [
    {...brkProgram(), base: 0x1000},
    ['Segment 0: it is not at an address for user programs.'],
  ],
  'headers above the user addresses': [
    {...brkProgram(), base: 0x7fff_ffff_f000},
    ['Segment 0: it is not at an address for user programs.'],
  ],
  'another machine': [
    {...brkProgram(), machine: {...X64, machine: 3}},
    ['e_machine is 3, which is not a machine known here.'],
  ],
  'larger pages': [
    {...brkProgram(), machine: {...X64, pageSize: 0x10000}},
    ['Segment 0: p_align is not the page size.'],
  ],
  'a function in the data': [
    {...brkProgram(), symbols: [{name: 'f', address: 0x406000, size: 1, type: 'func'}]},
    ['Symbol 1 is a function outside of code, or an object in it.'],
  ],
  'a symbol longer than its section': [
    {...brkProgram(), symbols: [{name: 'f', address: 0x406000, size: 2, type: 'object'}]},
    ['Symbol 1 is not inside its section.'],
  ],
};
for (const [what, [program, sentences]] of Object.entries(wrongPrograms)) {
  test(`It finds ${what}`, (t) => {
    const problems = validate(fileOf(program));
    for (const sentence of sentences) t.true(problems.includes(sentence), problems.join('\n'));
  });
}

/** One number of the file changed: field, new value, and all that must be said about it. */
const wrongFields: readonly (readonly [field: string, value: bigint, problems: readonly string[]])[] = [
  ['ehdr 0 EI_CLASS', 1n, ['EI_CLASS is 1, not 2.']],
  ['ehdr 0 e_type', 3n, ['e_type is 3, not 2.']],
  ['ehdr 0 e_phnum', 1000n, ['The program headers are not inside the file.']],
  ['ehdr 0 e_shoff', 20_000n, ['The section headers are not inside the file.']],
  [
    'phdr 2 p_offset',
    0x5000n,
    ['Segment 2: it ends past the end of the file.', 'The section at 0x404000 is not what its PT_LOAD maps there.'],
  ],
  ['phdr 3 p_memsz', 0x2001n, ['PT_LOAD 3 does not end where its last section ends.']],
  ['phdr 3 p_paddr', 0n, ['Segment 3: p_paddr is not p_vaddr.']],
  ['phdr 3 p_align', 3n, ['Segment 3: p_align is not the page size.']],
  ['phdr 5 p_flags', 7n, ['Segment 5: the stack is not readable and writable only.']],
  ['phdr 5 p_type', 6n, ['Segment 5: p_type 6 is not expected.', 'There are 0 PT_GNU_STACK headers instead of one.']],
  ['shdr 4 sh_flags', 2n, ['The section at 0x406000 has permissions that differ from its PT_LOAD.']],
  ['shdr 3 sh_name', 2n, ['Section 3: its name is not in the table of names.']],
  ['shdr 6 sh_entsize', 25n, ['Section 6: sh_entsize is not the size of an entry.']],
];
for (const [name, value, problems] of wrongFields) {
  test(`It says what is wrong when ${name} is ${value}`, (t) => {
    const file = brkFile();
    const field = fieldsOf(file).find((field) => field.name === name);
    t.deepEqual(validate(withField(file, field?.offset ?? 0, field?.width ?? 0, value)), problems);
  });
}

test('It finds a byte where nothing should be', (t) => {
  const file = brkFile();
  file[0x4800] = 1;
  t.deepEqual(validate(file), ['Byte 18432 belongs to nothing and is not 0.']);
});

test('It finds another note in place of the build-id', (t) => {
  const file = brkFile();
  file[0x190 + 8] = 1;
  t.deepEqual(validate(file), ['The note is not a build-id of 20 bytes.']);
});

test('A file cut short anywhere is not valid', (t) => {
  const file = brkFile();
  const ends = [0, 1, 63, 64, 100, 0x1b4, 0x1000, 0x3016, 0x5000];
  t.deepEqual(
    ends.filter((end) => validate(file.subarray(0, end)).length === 0),
    [],
  );
});

test('Any bytes get an answer, and never a valid one', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 4000}), (bytes) => {
      t.not(validate(bytes).length, 0);
    }),
  );
});

test('A file with any of its first 1,632 bytes changed gets an answer', (t) => {
  const file = brkFile();
  const place = fc.tuple(fc.nat({max: 1631}), fc.nat({max: 255}));
  fc.assert(
    fc.property(fc.array(place, {minLength: 1, maxLength: 8}), (changes) => {
      const copy = file.slice();
      for (const [at, value] of changes) copy[at] = value;
      for (const problem of validate(copy)) t.regex(problem, /^[A-Zes].*\.$/);
    }),
    {numRuns: 300},
  );
});
