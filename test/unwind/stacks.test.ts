import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {ExecutionContext} from 'ava';
import {ARM64, RISCV64, X64 as MACHINE, type Machine} from '../../src/unwind/machine.ts';
import type {Space} from '../../src/unwind/space.ts';
import {Unwinder} from '../../src/unwind/unwind.ts';
import {folder} from '../helpers/listings.ts';
import {testIf, unless, X64} from '../helpers/tools.ts';
import {inPath} from './objects.ts';
import {compareStacks, emulatedStops, gdbStops, otherNames, spaceOf, staticSpace, type Stop} from './gdb.ts';

/** A program of another machine, which has no listing of its own. */
interface Other {
  readonly machine: Machine;
  readonly space: Space;
}

/** Stacks of all stops are gdb's: none is wrong, and hardly one is shorter. */
function agree(t: ExecutionContext, stops: readonly Stop[], least: number, other?: Other): void {
  const unwinder = new Unwinder(other?.machine ?? MACHINE);
  const verdicts = {same: 0, shorter: 0, wrong: 0};
  const ends = new Map<string, number>();
  let frames = 0;
  // In functions of assembly that have no rules, such as memcpy on RISC-V: gdb reads their instructions.
  let unknown = 0;
  for (const stop of stops) {
    const space = other?.space ?? spaceOf(stop.maps);
    const stack = unwinder.unwind(space, stop.sample);
    verdicts[compareStacks(stack, stop, space)]++;
    ends.set(stack.end, (ends.get(stack.end) ?? 0) + 1);
    frames += stack.frames.length;
    if (stack.frames.length === 1 && stack.end === 'no-unwind-info') unknown++;
    t.deepEqual(otherNames(stack, stop), []);
    t.is(stack.how, 'dwarf');
  }
  t.log(`${stops.length} stops, ${frames} frames, ${JSON.stringify({...verdicts, ...Object.fromEntries(ends)})}`);
  t.true(stops.length >= least);
  t.true(unknown <= (other?.machine === RISCV64 ? stops.length / 3 : 0));
  t.is(verdicts.wrong, 0);
  t.true(verdicts.same >= (stops.length - unknown) * 0.99);
  // While an exception replaces the frames, there is no way out of them for a few instructions; gdb finds none either.
  t.true((ends.get('root') ?? 0) >= (stops.length - unknown) * 0.99);
}

/** Compiles a program, and compares stacks where it calls stop_here(), and between these every so many instructions. */
function compiled(
  t: ExecutionContext,
  compiler: readonly string[],
  {calls, every}: {readonly calls: number; readonly every: number},
): void {
  const place = folder(t);
  const program = join(place, 'program');
  execFileSync(compiler[0]!, [...compiler.slice(1), '-o', program], {stdio: ['ignore', 'ignore', 'pipe']});
  agree(t, gdbStops(place, [program], {every: 0, most: 1000}), calls);
  agree(t, gdbStops(place, [program], {every, most: 300}), 300);
}

const C = 'test/unwind/programs/calls.c';

testIf(
  'gcc',
  'gdb',
  X64,
)('stacks of C are those of gdb: callbacks, variable frames, handlers of signals', (t) =>
  compiled(t, ['gcc', '-O2', '-fomit-frame-pointer', '-w', C, '-lm'], {calls: 40, every: 7}),
);

testIf(
  'gcc',
  'gdb',
  X64,
)('without optimization, with rules in .debug_frame alone, and linked statically', (t) => {
  compiled(t, ['gcc', '-O0', '-w', C, '-lm'], {calls: 40, every: 11});
  const onlyDebug = ['-g', '-gz=zlib', '-fno-asynchronous-unwind-tables', '-fno-unwind-tables'];
  compiled(t, ['gcc', '-O2', ...onlyDebug, '-w', C, '-lm'], {calls: 40, every: 13});
  compiled(t, ['gcc', '-O2', '-static', '-w', C, '-lm'], {calls: 40, every: 13});
});

testIf(
  'g++',
  'gdb',
  X64,
)('stacks of C++ are those of gdb, also while exceptions are thrown', (t) =>
  compiled(t, ['g++', '-O2', '-std=c++17', '-fomit-frame-pointer', '-w', 'test/unwind/programs/throws.cpp'], {
    calls: 20,
    every: 47,
  }),
);

/** Rust is too large to be installed for one test. */
const RUSTC = unless(inPath('rustc') !== undefined, 'there is no rustc');

testIf(
  'gdb',
  X64,
  RUSTC,
)('stacks of Rust are those of gdb: panics that are caught, a second thread', (t) =>
  compiled(t, [inPath('rustc')!, '-O', 'test/unwind/programs/panics.rs'], {calls: 40, every: 43}),
);

testIf(
  'gcc',
  'gdb',
  X64,
)('stacks from the vdso are those of gdb, and no more frames are looked for than asked', (t) => {
  const place = folder(t);
  const program = join(place, 'clock');
  execFileSync('gcc', ['-O2', '-o', program, 'test/unwind/programs/clock.c'], {stdio: ['ignore', 'ignore', 'pipe']});
  const stops = gdbStops(place, [program], {every: 3, most: 100});
  agree(t, stops, 100);
  const inside = stops.filter(({maps, sample}) => spaceOf(maps).at(sample.pc)?.name === '[vdso]');
  t.true(inside.length > 10);
  for (const {maps, sample, frames} of inside) {
    const {frames: found, end} = new Unwinder(MACHINE, 2).unwind(spaceOf(maps), sample);
    t.is(end, 'limit');
    t.deepEqual(
      found.map(({pc}) => pc),
      frames.slice(0, 2).map(({pc}) => pc),
    );
  }
});

testIf('gdb', X64)('stacks of a program that others wrote are those of gdb, from its first instruction on', (t) => {
  const place = folder(t);
  writeFileSync(join(place, 'a'), '');
  agree(t, gdbStops(place, ['/bin/ls', '-l', place], {every: 211, most: 150}), 150);
});

for (const [name, machine] of [
  ['aarch64', ARM64],
  ['riscv64', RISCV64],
] as const) {
  const [compiler, emulator] = [`${name}-linux-gnu-gcc`, `qemu-${name}-static`] as const;
  testIf(
    compiler,
    emulator,
    'gdb-multiarch',
  )(`stacks of ${name} are those of gdb`, (t) => {
    for (const flags of [
      ['-O2', '-fomit-frame-pointer'],
      ['-O0', '-fno-omit-frame-pointer'],
    ]) {
      const place = folder(t);
      const program = join(place, 'program');
      const always = ['-static', '-fasynchronous-unwind-tables', '-DNO_SIGNALS', '-w', '-o', program];
      execFileSync(compiler, [...flags, ...always, C, '-lm'], {stdio: ['ignore', 'ignore', 'pipe']});
      const other = {machine, space: staticSpace(program)};
      const stops = (every: number): Stop[] => emulatedStops(place, emulator, program, {machine, every, most: 100});
      agree(t, stops(0), 30, other);
      agree(t, stops(7), 100, other);
    }
  });
}
