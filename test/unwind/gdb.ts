import {execFileSync, spawn} from 'node:child_process';
import {closeSync, openSync, readFileSync, readSync} from 'node:fs';
import {join} from 'node:path';
import {X64, type Machine} from '../../src/unwind/machine.ts';
import {Space, type Mapping} from '../../src/unwind/space.ts';
import type {CodeObject} from '../../src/unwind/object.ts';
import type {Sample, Stack} from '../../src/unwind/stack.ts';
import {readElfImage} from '../../src/parse/elf/image.ts';
import {fileReader, objectOf, reading} from './objects.ts';
import {PATIENCE} from '../helpers/wait.ts';
import {CodeObject as Objects} from '../../src/unwind/object.ts';

/** What gdb finds at a stop. */
export interface Stop {
  readonly pid: number;
  readonly maps: string;
  readonly sample: Sample;
  /** What the kernel would find by frame pointers; on x86-64 alone. */
  readonly chain: readonly number[];
  readonly frames: readonly GdbFrame[];
}

export interface GdbFrame {
  readonly pc: number;
  readonly isSignal: boolean;
  readonly name: string | undefined;
  readonly offset: number | undefined;
}

interface Document {
  readonly pid: number;
  readonly maps: string;
  readonly pc: string;
  readonly registers: readonly string[];
  readonly stack: string;
  readonly chain: readonly string[];
  readonly frames: ReadonlyArray<{
    readonly pc: string;
    readonly signal: boolean;
    readonly name: string | null;
    readonly offset: number | null;
  }>;
}

const hexNumber = (text: string): number => Number.parseInt(text, 16);

/** Where a program stops. */
export interface Places {
  /** A stop every so many instructions from the first on; 0 for the calls alone. */
  readonly every: number;
  readonly most: number;
  /** Another function than stop_here(). */
  readonly place?: string;
}

/** gdb's words for a run of stops.py. */
function wordsOf(
  out: string,
  {registers}: Machine,
  {every, most, place = 'stop_here'}: Places,
  socket?: string,
): string[] {
  // On x86-64 the column of the return address is rip.
  const names = JSON.stringify(registers.map((name) => (name === 'ra' && registers.includes('rax') ? 'rip' : name)));
  const last = socket === undefined ? '' : `, ${JSON.stringify(socket)}`;
  const command = `stops(${JSON.stringify(out)}, ${names}, ${every}, ${most}, ${JSON.stringify(place)}${last})`;
  return ['-q', '-nx', '-batch', '-x', 'test/unwind/stops.py', '-ex', `python ${command}`];
}

const stopsIn = (file: string): Stop[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => stopOf(JSON.parse(line) as Document));

/** Stops a program, and gives what gdb finds there. @param folder for its own files */
export function gdbStops(folder: string, program: readonly string[], places: Places): Stop[] {
  const out = join(folder, `stops-${places.every}.jsonl`);
  execFileSync('gdb', [...wordsOf(out, X64, places), '--args', ...program], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {...process.env, LC_ALL: 'C'},
  });
  return stopsIn(out);
}

/** The same of a static program of another machine, which qemu runs. */
export function emulatedStops(
  folder: string,
  emulator: string,
  program: string,
  {machine, ...places}: Places & {readonly machine: Machine},
): Stop[] {
  const [out, socket] = [join(folder, `stops-${places.every}.jsonl`), join(folder, `socket-${places.every}`)];
  const guest = spawn(emulator, ['-g', socket, program], {stdio: 'ignore'});
  try {
    execFileSync('sh', ['-c', 'until [ -S "$0" ]; do sleep 0.05; done', socket], {timeout: PATIENCE});
    execFileSync('gdb-multiarch', [...wordsOf(out, machine, places, socket), program], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {...process.env, LC_ALL: 'C'},
    });
  } finally {
    guest.kill('SIGKILL');
  }
  return stopsIn(out);
}

function stopOf({pid, maps, pc, registers, stack, chain, frames}: Document): Stop {
  const sample = {
    pc: hexNumber(pc),
    registers: Float64Array.from(registers, hexNumber),
    stack: Buffer.from(stack, 'hex'),
  };
  return {
    pid,
    maps,
    sample,
    chain: chain.map(hexNumber),
    frames: frames.map(({pc, signal, name, offset}) => ({
      pc: hexNumber(pc),
      isSignal: signal,
      name: name ?? undefined,
      offset: offset ?? undefined,
    })),
  };
}

const objects = new Map<string, CodeObject | undefined>();

/** The kernel gives all programs of a machine the same: this process's own. */
function vdso(): CodeObject | undefined {
  const range = /^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$/m.exec(readFileSync('/proc/self/maps', 'latin1'));
  if (!range) return undefined;
  const [start, end] = [hexNumber(range[1]!), hexNumber(range[2]!)];
  const bytes = Buffer.alloc(end - start);
  const memory = openSync('/proc/self/mem', 'r');
  readSync(memory, bytes, 0, bytes.length, start);
  closeSync(memory);
  return Objects.open({read: reading(bytes)});
}

function objectAt(name: string): CodeObject | undefined {
  const made = (): CodeObject | undefined => (name.startsWith('/') ? objectOf(name) : undefined);
  if (!objects.has(name)) objects.set(name, name === '[vdso]' ? vdso() : made());
  return objects.get(name);
}

/** The mappings that a listing of /proc/PID/maps has. */
export function mappingsOf(maps: string): Mapping[] {
  const lines = maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ *(.*)$/gm);
  return Array.from(lines, ([, start, end, perms, offset, name]): Mapping => {
    const isExecutable = perms![2] === 'x';
    return {
      start: hexNumber(start!),
      end: hexNumber(end!),
      isExecutable,
      offset: hexNumber(offset!),
      name: name!,
      object: isExecutable ? objectAt(name!) : undefined,
    };
  });
}

export const spaceOf = (maps: string): Space => new Space(mappingsOf(maps));

/**
 * How a stack compares with gdb's.
 *
 * same frame by frame the same · shorter it ends before gdb's, and all that it has is right · wrong it has a frame that
 * gdb doesn't have
 */
export type Verdict = 'same' | 'shorter' | 'wrong';

export function compareStacks({frames}: Stack, {frames: all}: Stop, space: Space): Verdict {
  // gdb doesn't stop at the loader's first code, nor where a frame is just replaced, nor in a file that was just
  // mapped: from the first address on that isn't one of code, it says nothing.
  const garbage = all.findIndex(({pc}) => !space.at(pc));
  const theirs = garbage < 0 ? all : all.slice(0, garbage);
  const common = garbage < 0 ? frames : frames.slice(0, garbage);
  if (!common.every(({pc}, index) => pc === theirs[index]?.pc)) return 'wrong';
  return frames.length < theirs.length ? 'shorter' : 'same';
}

/** Names that differ from gdb's: where both have one, they are names of the same function, which begins there. */
export const otherNames = ({frames}: Stack, {frames: theirs}: Stop): string[] =>
  frames.flatMap(({name, offset}, index) => {
    const other = theirs[index];
    if (!other?.name || other.isSignal || name === undefined || name.startsWith('function at ')) return [];
    return name === other.name || offset === other.offset ? [] : [`${name}+${offset} ${other.name}+${other.offset}`];
  });

/** The mappings of a static program: where its own headers say. */
export function staticSpace(program: string): Space {
  const object = objectOf(program)!;
  const {segments} = readElfImage(fileReader(program))!;
  return new Space(
    segments.map(({address, offset, memorySize, flags}) => {
      const before = address % 4096;
      const [start, end] = [address - before, address + memorySize];
      return {start, end, offset: offset - before, isExecutable: (flags & 1) !== 0, name: program, object};
    }),
  );
}
