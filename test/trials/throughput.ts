import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {loadavg, release, tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import type {Heap} from '../../src/features/heap/heap.ts';
import {heapIn, PATIENCE, USUAL_RATE} from '../../src/features/heap/target.ts';
import {ProcessHandle} from '../../src/procfs/handle.ts';
import {cpuTime} from '../../src/procfs/sampling/held.ts';
import {markdown} from '../faults/report.ts';
import type {Trial} from './runs.ts';

/** MiB of chunks that a program has beside what it does (busy.c). */
const SIZE = 64;

/** Turns of all windows, and ms of a window; a reading that has begun is brought to its end. */
const TURNS = 21;
const WINDOW = 400;

/** ms of a piece in which the control uses the processor, or rests. */
const PIECE = 0.5;

const PROGRAMS = [
  {what: 'churn', threads: 1, name: 'malloc and free, 1 thread'},
  {what: 'churn', threads: 4, name: 'malloc and free, 4 threads'},
  {what: 'map', threads: 1, name: 'mmap, touch, munmap, 1 thread'},
  {what: 'map', threads: 4, name: 'mmap, touch, munmap, 4 threads'},
] as const;

/** `spinning`: we use as much of a processor as reading did. `restless`: read without rests for the lock's sake. */
const WINDOWS = ['alone', 'spinning', 'read', 'restless'] as const;
type Window = (typeof WINDOWS)[number];

interface Busy {
  readonly pid: number;
  /** How often its threads did their one thing so far. */
  readonly rounds: () => Promise<number>;
  readonly stop: () => void;
}

async function launch(source: string, ...args: readonly string[]): Promise<Busy> {
  const place = mkdtempSync(join(tmpdir(), 'memmap-trial-'));
  const program = join(place, 'busy');
  execFileSync('gcc', ['-O1', '-pthread', '-o', program, source]);
  const child = spawn(program, args, {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const {done, value} = await lines.next();
    if (done === true) throw new Error('the busy program ended');
    return value;
  };
  await line();
  return {
    pid: child.pid!,
    rounds: async () => {
      child.stdin.write('r');
      return Number(await line());
    },
    stop: () => {
      child.kill('SIGKILL');
      rmSync(place, {recursive: true, force: true});
    },
  };
}

function heapOf(pid: number, patience: number, maxRate = USUAL_RATE): Heap {
  const handle = new ProcessHandle(pid, '/proc');
  try {
    return heapIn(handle, {maxRate, patience});
  } finally {
    handle.close();
  }
}

const median = (all: readonly number[]): number => all.toSorted((x, y) => x - y)[all.length >> 1]!;

interface Measured {
  readonly name: string;
  /** Rounds a ms: medians over the turns. */
  readonly speeds: Readonly<Record<Window, number>>;
  /** MB a second that were read, with and without rests. */
  readonly rates: Readonly<Record<'read' | 'restless', number>>;
}

/** What a program does in a time, by turns left alone, beside one that only uses a processor, and read. */
async function measured({what, threads, name}: (typeof PROGRAMS)[number]): Promise<Measured> {
  const busy = await launch('test/trials/busy.c', what, String(threads), String(SIZE));
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const done = {read: {bytes: 0, ms: 0}, restless: {bytes: 0, ms: 0}};
  let share = 0;
  const read = (window: 'read' | 'restless', patience: number, end: number): void => {
    const [begin, cpu] = [performance.now(), cpuTime()];
    while (performance.now() < end) {
      const {cost} = heapOf(busy.pid, patience);
      // What is small is read at once: the usual rate holds for many readings too.
      const pause = (cost.bytesRead / USUAL_RATE) * 1000 - cost.ms;
      if (pause > 0) Atomics.wait(nobody, 0, 0, pause);
      done[window].bytes += cost.bytesRead;
      done[window].ms += cost.ms + Math.max(0, pause);
    }
    if (window === 'read') share = (cpuTime() - cpu) / (performance.now() - begin);
  };
  const spin = (end: number): void => {
    const [begin, cpu] = [performance.now(), cpuTime()];
    for (let now = begin; now < end; now = performance.now()) {
      if (cpuTime() - cpu >= share * (now - begin)) Atomics.wait(nobody, 0, 0, PIECE);
      else while (performance.now() < now + PIECE);
    }
  };
  const act: Readonly<Record<Window, (end: number) => void>> = {
    alone: (end) => void Atomics.wait(nobody, 0, 0, end - performance.now()),
    spinning: spin,
    read: (end) => read('read', PATIENCE, end),
    // Each rest doubles what may be lost: the first one is the last.
    restless: (end) => read('restless', Number.MIN_VALUE, end),
  };
  const speeds: Record<Window, number[]> = {alone: [], spinning: [], read: [], restless: []};
  try {
    await sleep(1000);
    // The first time, code is compiled; and the share must be known.
    read('read', PATIENCE, performance.now() + WINDOW);
    done.read = {bytes: 0, ms: 0};
    for (let turn = 0; turn < TURNS; turn++) {
      // Which comes first changes, so that what drifts takes nothing from one of them.
      for (let at = 0; at < WINDOWS.length; at++) {
        const window = WINDOWS[(turn + at) % WINDOWS.length]!;
        const [before, begin] = [await busy.rounds(), performance.now()];
        act[window](begin + WINDOW);
        const passed = performance.now() - begin;
        speeds[window].push(((await busy.rounds()) - before) / passed);
      }
    }
  } finally {
    busy.stop();
  }
  const rate = ({bytes, ms}: {readonly bytes: number; readonly ms: number}): number => bytes / ms / 1000;
  const {alone, spinning, read: usual, restless} = speeds;
  const result: Measured = {
    name,
    speeds: {alone: median(alone), spinning: median(spinning), read: median(usual), restless: median(restless)},
    rates: {read: rate(done.read), restless: rate(done.restless)},
  };
  process.stderr.write(`${JSON.stringify(result)}\n`);
  return result;
}

/** How long it takes to read a million chunks that stand still: medians of several. */
async function speed(): Promise<string> {
  const busy = await launch('test/features/heap/target.c', 'large');
  try {
    const runs = (maxRate: number): {readonly bytes: number; readonly ms: number; readonly cpu: number} => {
      const all = Array.from({length: 7}, () => {
        const cpu = cpuTime();
        const {totals, cost} = heapOf(busy.pid, PATIENCE, maxRate);
        return {bytes: totals.system, ms: cost.ms, cpu: cpuTime() - cpu};
      });
      return {bytes: all[0]!.bytes, ms: median(all.map(({ms}) => ms)), cpu: median(all.map(({cpu}) => cpu))};
    };
    const [usual, fast] = [runs(USUAL_RATE), runs(1e15)];
    const s = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
    return `${(usual.bytes / 1e6).toFixed(0)} MB of arenas that stand still, a million chunks, were read in ${s(usual.cpu)} of processor time and ${s(usual.ms)} by the clock at the usual
rate, and in ${s(fast.ms)} by the clock without a limit (medians of 7 readings in one process).`;
  } finally {
    busy.stop();
  }
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

const row = ({name, speeds: {alone, spinning, read, restless}, rates}: Measured): string[] => [
  name,
  percent(read / spinning),
  percent(read / alone),
  `${rates.read.toFixed(0)} MB/s`,
  percent(restless / spinning),
  `${rates.restless.toFixed(0)} MB/s`,
];

/** What reading costs a program that does one thing without pause, and how long reading takes. */
export async function throughputTrial(): Promise<Trial> {
  const all: Measured[] = [];
  for (const program of PROGRAMS) all.push(await measured(program));
  const still = await speed();
  const text = `## What reading costs

A C program (test/trials/busy.c) with ${SIZE} MiB of chunks does one thing without pause, and is read again and again. Its rounds a second, as a
part of those beside a program that uses as much of a processor as the reader and does nothing with it, and of those that it does alone:
medians of ${TURNS} turns of ${WINDOW} ms or more each. Written by \`npm run trials -- --only throughput\`, on two processors with Linux ${release()} and
a load of ${loadavg()[1]!.toFixed(0)}.

${markdown(['program', 'beside the same use of a processor', 'alone', 'read at', 'without rests', 'read at'], all.map(row))}

${still}
`;
  return {text, faults: []};
}
