import {execFileSync, spawn, type ChildProcess} from 'node:child_process';
import {chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {loadavg, release, tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {Heap} from '../../src/features/heap/heap.ts';
import {lookAtHeap} from '../../src/features/heap/target.ts';
import {markdown} from '../faults/report.ts';
import {until} from '../helpers/wait.ts';
import {BooksOracle, outside} from '../features/heap/oracle.ts';
import type {Trial} from './runs.ts';

/** Reads of each program, and seconds for which it warms up. */
const READS = 40;
const WARM = 3000;

const RATE = 500_000_000;

/** Pieces of random sizes, of which most are soon freed again; without pymalloc all of them are malloc's. */
const CHURN = `
import random
held = {}
while True:
    for key in range(20000):
        held[random.randrange(20000)] = bytes(random.randrange(16, 4000))
`;

/** Where PostgreSQL and redis are, on Debian. */
const POSTGRES = '/usr/lib/postgresql/15/bin';
const LIBC = '/lib/x86_64-linux-gnu/libc.so.6';

/** A program at work, in a folder of its own. */
interface Busy {
  readonly name: string;
  /** @returns the PID to look at, and what ends it */
  readonly start: (
    place: string,
  ) => Promise<{readonly pid: number; readonly oracle: BooksOracle; readonly stop: () => void}>;
}

const PROGRAMS: readonly Busy[] = [
  {
    name: 'python3 (PYTHONMALLOC=malloc), a dictionary of 20,000 that changes without pause',
    start: async (place) => {
      const oracle = new BooksOracle(place);
      const child = launch('python3', ['-c', CHURN], {...oracle.env, PYTHONMALLOC: 'malloc'});
      return {pid: child.pid!, oracle, stop: () => child.kill('SIGKILL')};
    },
  },
  {
    name: 'PostgreSQL 15, the backend of pgbench (-S -M simple)',
    start: postgres,
  },
  {
    name: "redis 7 with libc's malloc, under redis-benchmark",
    start: async (place) => {
      const oracle = new BooksOracle(place, [LIBC]);
      const port = String(20_000 + (process.pid % 10_000));
      const server = launch('redis-server', ['--port', port, '--save', '', '--dir', place], oracle.env);
      await sleep(1000);
      const load = ['-p', port, '-q', '-l', '-r', '100000', '-d', '200', '-t', 'set,get,lpush,lpop,hset'];
      const client = launch('redis-benchmark', load, {});
      return {
        pid: server.pid!,
        oracle,
        stop: () => {
          client.kill('SIGKILL');
          server.kill('SIGKILL');
        },
      };
    },
  },
  {
    name: 'C, one thread that allocates and frees without pause, and a pause of 50 µs after each 20',
    start: async (place) => churning(place, 'rest'),
  },
  {
    name: 'C, two threads that allocate and free without any pause',
    start: async (place) => churning(place, 'churn'),
  },
];

function launch(command: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(command, args, {env: {...process.env, ...env}, stdio: ['pipe', 'ignore', 'ignore']});
}

function compiled(place: string): string {
  const program = join(place, 'target');
  execFileSync('gcc', ['-O1', '-pthread', '-o', program, 'test/features/heap/target.c']);
  return program;
}

async function churning(place: string, how: string): Promise<Awaited<ReturnType<Busy['start']>>> {
  const oracle = new BooksOracle(place);
  const child = launch(compiled(place), [how], oracle.env);
  return {pid: child.pid!, oracle, stop: () => child.kill('SIGKILL')};
}

/** A cluster of its own, as the user postgres where we are root. */
async function postgres(place: string): Promise<Awaited<ReturnType<Busy['start']>>> {
  const oracle = new BooksOracle(place);
  const data = join(place, 'data');
  const isRoot = process.getuid?.() === 0;
  chmodSync(place, 0o777);
  const as = isRoot ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : ['env'];
  const words = (command: string, ...args: string[]): string[] => [...as.slice(1), command, ...args];
  execFileSync('chmod', ['777', join(place, 'oracle')]);
  execFileSync(as[0]!, words(`${POSTGRES}/initdb`, '-D', data, '-A', 'trust', '-N'), {stdio: 'ignore', cwd: place});
  // Set for the server alone: who becomes another user must not have threads.
  const set = Object.entries(oracle.env).map(([name, value]) => `${name}=${value}`);
  const serve = [...set, `${POSTGRES}/postgres`, '-D', data, '-k', place, '-h', '', '-F'];
  const server = spawn(as[0]!, words('env', ...serve), {stdio: 'ignore', cwd: place});
  const client = ['-h', place, '-U', 'postgres'];
  const name = isRoot ? [] : ['-U', process.env['USER'] ?? 'postgres'];
  await until(() => existsSync(join(place, '.s.PGSQL.5432')), 'the socket of PostgreSQL');
  await sleep(1000);
  execFileSync(as[0]!, words('pgbench', '-h', place, ...name, '-i', '-s', '2', 'postgres'), {
    stdio: 'ignore',
    cwd: place,
  });
  const bench = spawn(as[0]!, words('pgbench', '-h', place, ...name, '-S', '-T', '600', 'postgres'), {
    stdio: 'ignore',
    cwd: place,
  });
  await sleep(1000);
  const query = "select pid from pg_stat_activity where application_name = 'pgbench' limit 1";
  const said = execFileSync(as[0]!, words('psql', ...client, '-Atc', query, 'postgres'), {
    encoding: 'utf8',
    cwd: place,
  });
  return {
    pid: Number(said.trim()),
    oracle,
    stop: () => {
      bench.kill('SIGKILL');
      server.kill('SIGINT');
    },
  };
}

interface Compared {
  readonly name: string;
  readonly bytes: number;
  torn: number;
  moved: number;
  inside: number;
  /** Part of the system memory, at most. */
  farthest: number;
  readonly faults: string[];
}

async function heapOf(pid: number): Promise<Heap> {
  const heap = await lookAtHeap(String(pid), {root: '/proc', maxRate: RATE, children: false});
  if (!(heap instanceof Heap)) throw new Error('it is one process');
  return heap;
}

/** What is read, beside what malloc itself says meanwhile. */
async function compared({name, start}: Busy): Promise<Compared> {
  const place = mkdtempSync(join(tmpdir(), 'memmap-trial-'));
  const {pid, oracle, stop} = await start(place);
  try {
    await sleep(WARM);
    const result: Compared = {
      name,
      bytes: (await heapOf(pid)).totals.system,
      torn: 0,
      moved: 0,
      inside: 0,
      farthest: 0,
      faults: [],
    };
    for (let read = 0; read < READS; read++) {
      await sleep(50);
      const {told, result: heap} = await oracle.during(pid, () => heapOf(pid));
      if (heap.arenas.length === 0 || heap.arenas.some((arena) => arena.torn !== undefined)) {
        result.torn++;
        continue;
      }
      if (heap.arenas.some(({moved}) => moved)) result.moved++;
      const {system, free} = heap.totals;
      const off = Math.max(
        outside(system, told.system),
        outside(free, told.free),
        outside(heap.books!.mmapped.bytes, told.mmapped),
      );
      if (off === 0) result.inside++;
      else if (off > system / 100) result.faults.push(`${name}: ${off} bytes outside of what malloc said`);
      result.farthest = Math.max(result.farthest, off / system);
    }
    process.stderr.write(`${JSON.stringify(result)}\n`);
    return result;
  } finally {
    stop();
    await sleep(500);
    rmSync(place, {recursive: true, force: true});
  }
}

type Window = 'alone' | 'spinning' | 'read';

interface Throughput {
  /** Rounds while it is read, as a part of those while nothing else is done, and while we only use a processor. */
  readonly ofAlone: number;
  readonly ofSpinning: number;
  /** MB a second that were read. */
  readonly rate: number;
}

/**
 * Rounds of a churning program in a time, alternately left alone, beside one that only uses a processor, and read
 * without pause. What its threads wait for a processor is no part of the time: there are only two, and the reader uses
 * one. What they wait for locks is.
 */
async function throughput(): Promise<Throughput> {
  const place = mkdtempSync(join(tmpdir(), 'memmap-trial-'));
  const child = spawn(compiled(place), ['churn'], {stdio: ['pipe', 'pipe', 'ignore']});
  const lines: string[] = [];
  child.stdout.on('data', (part: Buffer) => lines.push(...part.toString().split('\n').filter(Boolean)));
  const rounds = async (): Promise<number> => {
    lines.length = 0;
    child.stdin.write('r');
    while (!lines.includes('end')) await sleep(1);
    return Number(lines[0]);
  };
  let [bytes, spent] = [0, 0];
  const act: Readonly<Record<Window, (end: number) => Promise<void>>> = {
    alone: (end) => sleep(end - performance.now()).then(() => undefined),
    spinning: async (end) => {
      while (performance.now() < end);
    },
    read: async (end) => {
      while (performance.now() < end) {
        const {cost} = await heapOf(child.pid!);
        bytes += cost.bytesRead;
        spent += cost.ms;
      }
    },
  };
  const speedWhile = async (window: Window): Promise<number> => {
    const [before, waited, begin] = [await rounds(), waitedIn(child.pid!), performance.now()];
    await act[window](begin + WINDOW);
    const done = (await rounds()) - before;
    return done / (THREADS * (performance.now() - begin) - (waitedIn(child.pid!) - waited));
  };
  try {
    await sleep(2000);
    const parts: Record<'ofAlone' | 'ofSpinning', number[]> = {ofAlone: [], ofSpinning: []};
    for (let turn = 0; turn < TURNS; turn++) {
      const speeds: Partial<Record<Window, number>> = {};
      // Which comes first alternates, so that what drifts takes nothing from one of them.
      const order = ['alone', 'spinning', 'read'] as const;
      for (const window of turn % 2 === 0 ? order : order.toReversed()) speeds[window] = await speedWhile(window);
      parts.ofAlone.push(speeds.read! / speeds.alone!);
      parts.ofSpinning.push(speeds.read! / speeds.spinning!);
    }
    const middle = (all: readonly number[]): number => all.toSorted((x, y) => x - y)[Math.floor(TURNS / 2)]!;
    return {ofAlone: middle(parts.ofAlone), ofSpinning: middle(parts.ofSpinning), rate: bytes / spent / 1000};
  } finally {
    child.kill('SIGKILL');
    rmSync(place, {recursive: true, force: true});
  }
}

/** ms for which threads that churn waited for a processor: schedstat of each, in ns. */
function waitedIn(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`).filter((tid) => Number(tid) !== pid);
  return threads.reduce(
    (sum, tid) => sum + Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[1]) / 1e6,
    0,
  );
}

const THREADS = 2;

/** Turns of the three windows, and ms of a window. */
const TURNS = 31;
const WINDOW = 700;

/** How long it takes to read large arenas: the median of several. */
async function speed(): Promise<{readonly bytes: number; readonly ms: number; readonly cpu: number}> {
  const place = mkdtempSync(join(tmpdir(), 'memmap-trial-'));
  const child = launch(compiled(place), ['large'], {});
  try {
    await sleep(4000);
    const runs: Array<{readonly ms: number; readonly cpu: number}> = [];
    let bytes = 0;
    for (let run = 0; run < 7; run++) {
      const [begin, cpu] = [performance.now(), process.cpuUsage()];
      bytes = (await heapOf(child.pid!)).totals.system;
      const {user, system} = process.cpuUsage(cpu);
      runs.push({ms: performance.now() - begin, cpu: (user + system) / 1000});
    }
    const middle = (of: (run: (typeof runs)[number]) => number): number => runs.map(of).sort((a, b) => a - b)[3]!;
    return {bytes, ms: middle(({ms}) => ms), cpu: middle(({cpu: own}) => own)};
  } finally {
    child.kill('SIGKILL');
    rmSync(place, {recursive: true, force: true});
  }
}

/** Reads the books of busy programs, beside what mallinfo2(3) says in them meanwhile. */
export async function heapTrial(): Promise<Trial> {
  const all: Compared[] = [];
  for (const program of PROGRAMS) all.push(await compared(program));
  const {ofAlone, ofSpinning, rate} = await throughput();
  const {bytes, ms, cpu} = await speed();
  const text = `## Busy programs

Each was read ${READS} times at work. In the program, a thread of a preloaded library (test/features/heap/oracle.c) called mallinfo2(3) about
each ms from just before to just after, and kept the least and the most of system, free and mapped memory. Inside: all
three of memmap's lie between these. Torn ones are marked and not used. Written by \`npm run trials\`, on Linux ${release()}.

${markdown(['program', 'system', 'inside', 'moved', 'torn', 'farthest outside'], all.map(row))}

A C program with two threads that allocate and free without pause did ${percent(ofSpinning)} of its rounds while it was read without pause, beside
what it does while another process only uses a processor, and ${percent(ofAlone)} of what it does alone (${rate.toFixed(0)} MB a second; medians of ${TURNS}
turns of ${WINDOW} ms each; time in which its threads waited for one of the two processors is left out). ${(bytes / 2 ** 20).toFixed(0)} MiB of
arenas were read in ${(cpu / 1000).toFixed(2)} s of processor time, ${(ms / 1000).toFixed(2)} s by the clock (medians of 7).
The load of this machine of two processors was ${loadavg()[1]!.toFixed(0)} meanwhile: who reads may be interrupted with the lock of the map held, and then
a thread that wants to map or unmap memory waits for it.
`;
  return {text, faults: all.flatMap(({faults}) => faults)};
}

const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;

const row = ({name, bytes, torn, moved, inside, farthest}: Compared): string[] => [
  name,
  `${(bytes / 2 ** 20).toFixed(1)} MiB`,
  `${inside} of ${READS - torn}`,
  String(moved),
  String(torn),
  farthest === 0 ? '' : `${(farthest * 100).toFixed(2)} % of system`,
];
