import type {ChildProcess, SpawnSyncReturns} from 'node:child_process';
import {readdirSync} from 'node:fs';
import {ownProcess} from './child.ts';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {parseState, parseStat, type Stat} from '../parse/proc/stat.ts';
import {sleptIn} from '../parse/proc/status.ts';
import {Scratch} from './file.ts';
import {deadline, deadlineText, LONGEST_TIMER, readIfThere, textIfThere, waitLonger} from './open.ts';

/** What the lock must know of a process that is held: a ProcessHandle. */
interface HeldProcess {
  readonly pid: number;
  /** A descriptor of its directory, for a child of ours. */
  readonly directory: number;
  /** Where a file of it is. */
  path(file: string): string;
  stat(): Stat;
}

/** What of its stat the lock asks for. */
type Who = Pick<Stat, 'pid' | 'comm' | 'state' | 'threads'>;

/** A thread that sleeps uninterruptibly (state D in proc_pid_stat(5)). */
interface Sleeper {
  readonly tid: number;
  readonly comm: string;
  /** Where its files are. */
  readonly folder: string;
  /** It and how often it has switched: as long as this stays, it has done nothing. */
  readonly mark: string;
}

/** At most this many threads are asked: each costs about 15 µs. */
const MOST_THREADS = 32;

/** ms. Most such sleeps are reads of a disk, and are over by then. */
const SHORT_SLEEP = 20;

/** The part of the time that may be spent on children that find out whether the lock is free. */
const DUTY = 0.05;

/**
 * The lock of a process's memory map. Reading maps waits for it, in the kernel, where only SIGKILL ends the wait: a
 * Node process that waits there can neither be stopped by a Ctrl-C that has a handler nor exit with a code of its own.
 * Whoever holds it for long is a thread of the process in uninterruptible sleep (a dead file server, a broken disk). So
 * before the map of a process with such a thread is read, a child reads its first line; a child can be killed. A
 * process without one costs nothing more.
 *
 * What remains: a lock that is taken, and held for long, between the question and the reading.
 */
export class MapLock {
  readonly #process: HeldProcess;
  /** Sleepers that were found not to hold it. As they do nothing, they can't take it. */
  #cleared: ReadonlySet<string> = new Set();
  /** performance.now() from which on a child may be started again. */
  #restUntil = 0;

  constructor(process: HeldProcess) {
    this.#process = process;
  }

  /**
   * Returns when the map can be read.
   *
   * @param stat of this moment
   * @throws Trouble `deadline`
   */
  ask(stat: Stat): void {
    const before = this.#suspects(stat);
    if (before.length === 0) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SHORT_SLEEP);
    const suspects = stillAsleep(before, this.#suspects(this.#process.stat()));
    if (suspects.length === 0) return;
    const begin = performance.now();
    const {command, words, env} = ownProcess(PROBE);
    const child = processes().spawnSync(command, words, {
      ...this.#stdio,
      env,
      timeout: deadline(),
      killSignal: 'SIGKILL',
    });
    this.#conclude(suspects, isLate(child), begin);
  }

  /**
   * Threads that may hold it: as long as one of these texts stays the same, its thread has done nothing. For whoever
   * looks at many processes, and can come back later to one of them.
   *
   * @param stat of this moment
   */
  suspects(stat: Who): readonly string[] {
    return this.#suspects(stat).map(({mark}) => mark);
  }

  /** The same, without holding up this process. Ends early with `signal`. */
  async wait(signal: AbortSignal | undefined): Promise<void> {
    const before = this.#suspectsNow();
    if (before.length === 0) return;
    await pause(Math.max(SHORT_SLEEP, this.#restUntil - performance.now()), signal);
    const suspects = stillAsleep(before, this.#suspectsNow());
    if (suspects.length === 0 || signal?.aborted) return;
    const begin = performance.now();
    const {command, words, env} = ownProcess(PROBE);
    const hasAnswered = await answers(processes().spawn(command, words, {...this.#stdio, env}), signal);
    if (!signal?.aborted) this.#conclude(suspects, !hasAnswered, begin);
  }

  /** The child's descriptor 3 is the process's directory, so that it asks the same process as we do. */
  get #stdio(): {stdio: Array<'ignore' | number>} {
    return {stdio: ['ignore', 'ignore', 'ignore', this.#process.directory]};
  }

  #conclude(suspects: readonly Sleeper[], isLocked: boolean, begin: number): void {
    if (isLocked) throw this.#locked(suspects[0]!);
    const now = performance.now();
    this.#restUntil = now + (now - begin) / DUTY;
    this.#cleared = new Set([...this.#cleared, ...suspects.map(({mark}) => mark)].slice(-2 * MOST_THREADS));
  }

  #suspectsNow(): readonly Sleeper[] {
    try {
      return this.#suspects(this.#process.stat());
    } catch (error) {
      if (error instanceof Trouble && error.kind === 'gone') return []; // The reading says so.
      throw error;
    }
  }

  #suspects(stat: Who): readonly Sleeper[] {
    const isAlone = stat.threads <= 1;
    if (isAlone && stat.state !== 'D') return [];
    const folder = this.#process.path('task');
    const sleepers = isAlone ? [sleeper(this.#process.path('.'), stat)] : sleepersIn(folder);
    return sleepers.filter(({mark}) => !this.#cleared.has(mark));
  }

  #locked({tid, comm, folder}: Sleeper): Trouble {
    const {pid} = this.#process;
    const place = wchan(`${folder}/wchan`);
    const where = place === undefined ? '' : ` in ${place}`;
    return new Trouble({
      kind: 'deadline',
      what: `Cannot read the memory map of process ${pid}.`,
      why:
        `its lock did not become free within ${deadlineText()}: thread ${tid} (${comm}) is in ` +
        `uninterruptible sleep (state D)${where}, and seems to hold it.`,
      next: `See what it waits for, as root: cat /proc/${pid}/task/${tid}/stack. Wait longer: ${waitLonger()}`,
    });
  }
}

/**
 * Takes the lock twice: for maps, which newer kernels read without it, and for a name in map_files that nothing has.
 */
const PROBE =
  "const fs = require('node:fs'), at = '/proc/self/fd/3/'; fs.readSync(fs.openSync(at + 'maps'), " +
  "Buffer.alloc(1)); fs.lstatSync(at + 'map_files/0-1000')";

const isLate = ({error}: SpawnSyncReturns<unknown>): boolean => error !== undefined && errnoOf(error) === 'ETIMEDOUT';

/** @returns whether the child ended in time; it is ended in any case */
function answers(child: ChildProcess, signal: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (hasAnswered: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      if (!hasAnswered) child.kill('SIGKILL');
      resolve(hasAnswered);
    };
    const giveUp = (): void => finish(false);
    const timer = setTimeout(giveUp, Math.min(deadline(), LONGEST_TIMER));
    signal?.addEventListener('abort', giveUp);
    child.once('exit', () => finish(true));
    child.once('error', () => finish(true)); // It could not be started, so it couldn't be asked.
  });
}

/** For the records of threads. */
const scratch = new Scratch();

function sleepersIn(task: string): readonly Sleeper[] {
  try {
    return readdirSync(task)
      .slice(0, MOST_THREADS)
      .flatMap((tid) => {
        const bytes = scratch.readRecord(`${task}/${tid}/stat`);
        const stat = parseState(bytes) === 'D' ? parseStat(bytes) : undefined;
        return stat ? [sleeper(`${task}/${tid}`, stat)] : [];
      });
  } catch {
    return []; // A thread ended, or there is no such directory.
  }
}

function sleeper(folder: string, {pid, comm}: Who): Sleeper {
  const status = readIfThere(`${folder}/status`);
  return {tid: pid, comm, folder, mark: `${pid} ${status && sleptIn(status)}`};
}

const stillAsleep = (before: readonly Sleeper[], now: readonly Sleeper[]): readonly Sleeper[] =>
  now.filter(({mark}) => before.some((then) => then.mark === mark));

/** The kernel's function that a thread sleeps in; undefined where that isn't shown (`0`). */
function wchan(path: string): string | undefined {
  const name = textIfThere(path).trim();
  return /^[a-z_]\w*$/i.test(name) ? name : undefined;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const {setTimeout: sleep} = process.getBuiltinModule('node:timers/promises');
  await sleep(ms, undefined, signal ? {signal} : {}).catch(() => {}); // The caller checks the signal.
}

/** Loaded when it is needed, which is rare: it takes as long as reading a small process. */
const processes = (): typeof import('node:child_process') => process.getBuiltinModule('node:child_process');
