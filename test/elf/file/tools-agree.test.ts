/* What other people's programs say about the emitted file. */
import type {ExecutionContext} from 'ava';
import {brkFile, brkProgram, save, temporaryFolder} from '../helper-file.ts';
import {run, testIf} from '../tools.ts';

const STEPS = ['_start', 'step_brk', 'step_touched', 'step_more', 'step_less', 'step_none', 'wait'];

function helper(t: ExecutionContext): string {
  return save(temporaryFolder(t), 'brk', brkFile());
}

testIf('eu-elflint')('eu-elflint finds no errors', (t) => {
  t.deepEqual(run('eu-elflint', ['--strict', helper(t)]), {code: 0, stdout: 'No errors\n', stderr: ''});
});

for (const [tool, args] of [
  ['readelf', ['-aW']],
  ['llvm-readelf', ['-a']],
  ['eu-readelf', ['-a']],
] as const) {
  testIf(tool)(`${tool} reads the file without a complaint`, (t) => {
    const {code, stdout, stderr} = run(tool, [...args, helper(t)]);
    t.deepEqual({code, stderr}, {code: 0, stderr: ''});
    for (const {name} of brkProgram().symbols) t.true(stdout.includes(` ${name}\n`), name);
  });
}

testIf('readelf')('readelf shows the five segments of the design', (t) => {
  const {stdout} = run('readelf', ['-lW', helper(t)]);
  const rows = Array.from(stdout.matchAll(/^ {2}([A-Z_]+) +0x(\w+) 0x0*(\w+) 0x\w+ 0x(\w+) 0x(\w+) (.{3}) (\w+)$/gm));
  t.deepEqual(
    rows.map(([, ...fields]) => fields.join(' ')),
    [
      'LOAD 000000 400000 0001b4 0001b4 R   0x1000',
      'LOAD 001000 401000 002046 002046 R E 0x1000',
      'LOAD 004000 404000 00003f 00003f R   0x1000',
      'LOAD 005000 406000 000001 002000 RW  0x1000',
      'NOTE 000190 400190 000024 000024 R   0x4',
      'GNU_STACK 000000 0 000000 000000 RW  0x10',
    ],
  );
});

testIf('objdump')('objdump disassembles each step under its name', (t) => {
  const {code, stdout, stderr} = run('objdump', ['-d', helper(t)]);
  t.deepEqual({code, stderr}, {code: 0, stderr: ''});
  for (const name of STEPS) t.regex(stdout, new RegExp(`^[\\da-f]{16} <${name}>:$`, 'm'));
  t.false(stdout.includes('(bad)'));
  t.regex(stdout, /# 404000 <says_pid>/);
});

testIf('nm')('nm lists every symbol, with the letter of its section', (t) => {
  const listed = run('nm', ['-n', helper(t)])
    .stdout.trim()
    .split('\n');
  t.deepEqual(
    listed,
    brkProgram().symbols.map(({name, address}) => {
      return `${address.toString(16).padStart(16, '0')} ${sectionLetter(address)} ${name}`;
    }),
  );
});

testIf('strip')('strip leaves a file that still runs the same', (t) => {
  const path = helper(t);
  t.deepEqual(run('strip', [path]), {code: 0, stdout: '', stderr: ''});
  const {code, stdout} = run(path, [], '\n'.repeat(6));
  t.is(code, 0);
  t.regex(
    stdout,
    /^pid: \d+\nbrk: 0x([\da-f]+000)\ntouched: 0x([\da-f]+000)\nmore: 0x[\da-f]+000\nless: 0x\1\nnone: 0x\2\n$/,
  );
});

testIf('gdb')('gdb knows an address by its name, and stops at a step by name', (t) => {
  const step = brkProgram()
    .symbols.find(({name}) => name === 'step_brk')!
    .address.toString(16);
  const commands = [`info symbol 0x${step}`, 'break step_brk', 'run', 'bt', 'print (char) counter', 'kill'];
  const args = commands.flatMap((command) => ['-ex', command]);
  const {stdout, stderr} = run('gdb', ['-nx', '-batch', ...args, helper(t)], '\n');
  t.regex(stdout, /^step_brk in section \.text$/m);
  t.regex(stdout, new RegExp(`^Breakpoint 1, 0x0*${step} in step_brk \\(\\)$`, 'm'));
  t.regex(stdout, /^#1 +0x0*\w+ in main \(\)$/m);
  t.regex(stdout, /^\$1 = 1 /m);
  t.notRegex(stderr, /warning|error|BFD/i);
});

testIf(
  'readelf',
  'file',
  'sha1sum',
)('readelf and file agree on the build-id, which is the SHA-1 of the content without it', (t) => {
  const path = helper(t);
  const id = /Build ID: ([\da-f]{40})/.exec(run('readelf', ['-n', path]).stdout)?.[1] ?? 'none';
  t.true(run('file', [path]).stdout.includes(`statically linked, BuildID[sha1]=${id}, not stripped`));
  const zeroed = brkFile();
  const at = Buffer.from(zeroed).indexOf(Buffer.from(id, 'hex'));
  zeroed.fill(0, at, at + 20);
  const copy = save(temporaryFolder(t), 'zeroed', zeroed);
  t.is(run('sha1sum', [copy]).stdout.slice(0, 40), id);
});

/** What nm prints for symbols in .text, .rodata, .data (one byte of it) and .bss. */
function sectionLetter(address: number): string {
  if (address < 0x404000) return 'T';
  return address < 0x406000 ? 'R' : address < 0x406001 ? 'D' : 'B';
}
