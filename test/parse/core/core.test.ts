import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {Trouble} from '../../../src/model/trouble.ts';
import {parse} from '../../../src/parse/parse.ts';
import {folder} from '../../helpers/listings.ts';
import {testIf} from '../../helpers/tools.ts';
import {CRASHED, MACHINES, makeCore} from './made.ts';

const PAGE = 4096;

for (const machine of MACHINES) {
  test(`${machine.name}: regions, threads, signal and what was dumped are as they were written`, (t) => {
    const {regions, process, clues, notes, source} = parse(makeCore(machine, CRASHED));
    t.is(source.format, 'core');
    t.deepEqual(
      regions.map(({start, end, perms, offset, name, usage}) => [start, end, perms, offset, name, usage?.['dumped']]),
      [
        [0x10000, 0x12000, 'r-x-', 0, '/bin/crash', 0],
        [0x12000, 0x13000, 'rw--', 0x2000, '/bin/crash', PAGE],
        [0x40000000, 0x40001000, '---p', 0, '', 0],
        [0x40001000, 0x40011000, 'rw-p', 0, '', 16 * PAGE],
        [0x50000000, 0x50001000, 'r-xp', 0, '[vdso]', PAGE],
        [0x7ff00000, 0x7ff08000, 'rw-p', 0, '[stack]', 4 * PAGE],
      ],
    );
    t.deepEqual(
      regions.map(({kind}) => kind),
      ['text', 'data', 'guard', 'thread-stack', 'vdso', 'stack'],
    );
    t.deepEqual(process, {pid: 4242, ppid: 1, uid: 1000, comm: 'crash', exe: '/bin/crash', threads: 2});
    t.deepEqual(clues.threads, [
      {tid: 4243, name: '', stackPointer: 0x40000ff0},
      {tid: 4242, name: '', stackPointer: 0x7ff01000},
    ]);
    t.deepEqual(clues.signal, {number: 11, code: 2, address: '0x40000ff4', tid: 4243});
    t.is(
      notes[0],
      'It was ended by SIGSEGV in thread 4243 at 0x40000ff4: 12 bytes below the stack of thread 4243, in its guard: ' +
        'it overflowed (SEGV_ACCERR: no such access is permitted).',
    );
  });

  testIf('eu-readelf')(`${machine.name}: elfutils finds the same in it`, (t) => {
    const path = join(folder(t), 'core');
    writeFileSync(path, makeCore(machine, CRASHED));
    const text = execFileSync('eu-readelf', ['-n', path], {encoding: 'utf8'});
    t.regex(text, /pid: 4243/);
    t.regex(text, /fname: crash/);
    t.regex(text, /fault address: 0x40000ff4/);
    t.regex(text, /EXECFN: 0x7ff07ff0/);
    t.regex(text, /12000-0*13000 0*2000 4096 +\/bin\/crash/);
    // It prints what it calls the stack pointer, by the register's name, and in hex or decimal.
    const sp = {'x86-64': 'rsp', i386: 'esp', aarch64: 'sp', riscv64: 'sp', s390x: 'r15', ppc64: 'r1'}[machine.name]!;
    const value = new RegExp(`\\b${sp}: +(\\S+)`).exec(text)?.[1];
    t.is(Number(value), 0x40000ff0, text.slice(0, 2000));
  });
}

test('more headers than the file header can count: the first section header has their number', (t) => {
  const segments = Array.from({length: 70_000}, (_, index) => ({
    start: 0x10000 + index * 2 * PAGE,
    size: PAGE,
    flags: 4 + (index % 2) * 2,
  }));
  const {regions} = parse(makeCore(MACHINES[0]!, {segments, files: [], isCountApart: true}));
  t.is(regions.length, 70_000);
  t.is(regions.at(-1)!.end, 0x10000 + 69_999 * 2 * PAGE + PAGE);
});

test('a core without a list of files says so, and names nothing', (t) => {
  const {files: _, ...rest} = CRASHED;
  const {regions, notes} = parse(makeCore(MACHINES[0]!, rest));
  t.true(notes.some((note) => /NT_FILE/.test(note)));
  t.is(regions[0]!.perms, 'r-x-');
  t.is(regions[0]!.offset, undefined);
});

/** Places in whole pages, ascending and apart, each with what it is. */
const places = fc
  .array(
    fc.record({
      gap: fc.nat(3),
      pages: fc.integer({min: 1, max: 5}),
      flags: fc.nat(7),
      dumped: fc.nat(5),
      file: fc.constantFrom('', '/lib/a', '/lib/b\nc', 'not listed'),
    }),
    {minLength: 1, maxLength: 40},
  )
  .map((all) => {
    let at = 0x10000;
    return all.map((place) => {
      const start = at + place.gap * PAGE;
      at = start + place.pages * PAGE;
      return {...place, start, end: at};
    });
  });

test('law: each byte of memory is in one region, which says what the headers and the list of files say', (t) => {
  fc.assert(
    fc.property(places, fc.constantFrom(...MACHINES), (all, machine) => {
      const isListed = ({file}: {file: string}): boolean => file.startsWith('/');
      const made = makeCore(machine, {
        segments: all.map(({start, pages, flags, dumped}) => ({
          start,
          size: pages * PAGE,
          flags,
          bytes: Buffer.alloc(Math.min(pages, dumped) * PAGE),
        })),
        files: all.filter(isListed).map(({start, end, file}) => ({start, end, page: 7, name: file})),
      });
      const {regions, isWhole} = parse(made);
      t.true(isWhole);
      t.deepEqual(
        regions.map(({start, end, perms, name, offset, usage}) => ({start, end, perms, name, offset, usage})),
        all.map(({start, end, flags, file, pages, dumped}) => ({
          start,
          end,
          perms: `${flags & 4 ? 'r' : '-'}${flags & 2 ? 'w' : '-'}${flags & 1 ? 'x' : '-'}${isListed({file}) ? '-' : 'p'}`,
          name: isListed({file}) ? file.replace('\n', '\\012') : '',
          offset: isListed({file}) ? 7 * PAGE : 0,
          usage: {dumped: Math.min(pages, dumped) * PAGE},
        })),
      );
    }),
    {numRuns: 200},
  );
});

test('law: a core that is cut anywhere has the same regions and is incomplete, or is refused with a reason', (t) => {
  const whole = makeCore(MACHINES[0]!, CRASHED);
  const all = parse(whole).regions.length;
  for (let length = 20; length < whole.length; length += length < 2500 ? 1 : 97) {
    try {
      const cut = parse(whole.subarray(0, length));
      t.false(cut.isWhole, `${length} bytes`);
      t.true(cut.regions.length <= all);
    } catch (error) {
      t.true(error instanceof Trouble && error.kind === 'input', `${length} bytes: ${String(error)}`);
    }
  }
});

test('shared memory that was left out has the name of a file, and is not called one', (t) => {
  const [whole, left] = [Buffer.alloc(4096), {size: 8192, flags: 6}];
  const core = makeCore(MACHINES[0]!, {
    segments: [
      {start: 0x10000, size: 4096, flags: 6, bytes: whole},
      {start: 0x20000, ...left},
      {start: 0x30000, ...left},
      {start: 0x40000, ...left},
    ],
    files: [
      {start: 0x20000, end: 0x22000, page: 0, name: '/dev/zero (deleted)'},
      {start: 0x30000, end: 0x32000, page: 0, name: '/usr/lib/libx.so'},
    ],
  });
  const {notes} = parse(core);
  const note = notes.find((each) => each.includes('left out'));
  t.regex(note!, /left out are 8 KiB of files, 8 KiB of shared memory, 8 KiB of other memory \(/);
});
