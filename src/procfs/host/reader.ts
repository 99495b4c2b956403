import {readdirSync} from 'node:fs';
import {type Holds, type ProcessRow, type Unread, withHeld} from '../../model/host/processes.ts';
import type {Usage} from '../../model/region.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {latin1} from '../../parse/scan.ts';
import {membershipOf, type Membership} from '../../parse/proc/cgroup.ts';
import {parseStartTime, parseStat, type Stat} from '../../parse/proc/stat.ts';
import type {Census} from '../../parse/proc/status.ts';
import {predictStall} from '../sampling/budget.ts';
import {Scratch} from '../file.ts';
import {MapLock} from '../lock.ts';
import {whileHeld} from '../sampling/held.ts';
import {kernelRelease, mapsTakesLock} from '../machine/kernel.ts';
import {HostObserver} from '../observer/host.ts';
import {readRollup} from '../rollup.ts';
import {titleOf} from '../title.ts';
import {processTrouble} from '../trouble.ts';
import {isDue, keptFrom, type Known} from './known.ts';
import type {HostDescriptors} from './holds.ts';
import {userNames} from './users.ts';

/** For how long reading may hold up processes: ms. */
export interface HostLimits {
  /** One of them. */
  readonly maxStall: number;
  /** All of them together. */
  readonly budget: number;
  /** Also look at what their descriptors hold. */
  readonly held?: boolean | undefined;
  /** ms of the processor for the descriptors of all at one look. */
  readonly heldTime?: number | undefined;
  /** Is nothing to be read now that holds up this process? Somebody else of us reads it. */
  readonly spares?: ((pid: number) => boolean) | undefined;
}

/** ms for which all processes together may be held up, unless the user allows more. */
export const DEFAULT_BUDGET = 1000;

/** A process, before anything is read that holds it up. */
export interface Seen extends Census {
  readonly pid: number;
  readonly rss: number;
}

/** Where the files of a process are. */
interface Looked {
  readonly pid: number;
  readonly root: string;
  readonly folder: string;
  /** Of its memory: those of another thread, where the first one has ended. */
  readonly path: (file: string) => string;
}

/** Clock ticks a second in stat: USER_HZ, which is 100 on every architecture of Linux but alpha. */
const TICKS = 100;

/** ms: a reading that takes less is short. */
const SHORT = 2;

/** More of a command line is cut off: bytes. */
const LONGEST_TITLE = 4096;

/** Reads the counters of many processes, one after the other, and keeps to the limits. */
export class HostReader {
  stallMs = 0;
  longestMs = 0;
  /** The first process that may not be read, and why. */
  denied: {readonly pid: number; readonly trouble: Trouble} | undefined;
  readonly #root: string;
  readonly #limits: HostLimits;
  readonly #born: number;
  readonly #nameOf: (uid: number) => string;
  readonly #observer: HostObserver;
  readonly #isLocking: boolean;
  readonly #descriptors: HostDescriptors | undefined;
  readonly #small = new Scratch();
  /** maps stays there while other files are read. */
  readonly #listing = new Scratch();
  /** By the content of /proc/PID/cgroup: many processes have the same. */
  readonly #memberships = new Map<string, Membership>();
  /** Of processes that were put off: their sleeping threads then. */
  readonly #sleepers = new Map<number, readonly string[]>();

  /**
   * @param root where procfs is mounted
   * @param uptime s, when the list of processes was made: a PID that began later is another process. NaN: not known
   * @param descriptors looks at what they hold; undefined: that is not asked
   */
  constructor(root: string, limits: HostLimits, uptime: number, descriptors?: HostDescriptors) {
    this.#root = root;
    this.#limits = limits;
    this.#born = uptime * TICKS;
    this.#nameOf = userNames(root);
    this.#observer = new HostObserver(root);
    this.#descriptors = descriptors;
    this.#isLocking = mapsTakesLock(kernelRelease(root));
  }

  /**
   * Reads one process.
   *
   * @param wants is it wanted? Else nothing is read that holds it up
   * @param known what was read of it earlier
   * @returns undefined if it isn't wanted; `later` if a thread of it sleeps uninterruptibly: the second time that it is
   * given, it is a row without counters
   */
  read(
    seen: Seen,
    wants: (row: ProcessRow) => boolean,
    known?: Known,
  ): ProcessRow | 'later' | 'ended' | 'hidden' | undefined {
    try {
      const process = this.#processOf(seen);
      const row = this.#row(process, seen, wants, known);
      if (row === 'later' || row === undefined) return row;
      const startTime = this.#startTime(process);
      if (known && startTime !== known.startTime) return this.read(seen, wants);
      // Who has the PID now, and began before the list was made, had it all the time.
      if (startTime > this.#born) return 'ended';
      return {...(this.#descriptors ? withHeld(row, row.holds ?? null) : row), startTime};
    } catch (error) {
      const isGone = error instanceof Trouble ? error.kind === 'gone' : GONE.has(errnoOf(error));
      if (!isGone && errnoOf(error) === '' && !(error instanceof Trouble)) throw error;
      return isGone ? 'ended' : 'hidden';
    }
  }

  #row(
    process: Looked,
    seen: Seen,
    wants: (row: ProcessRow) => boolean,
    known: Known | undefined,
  ): ProcessRow | 'later' | undefined {
    // Nothing that waits for its lock is read of a process that is not to be held up now.
    const early = known?.title === undefined ? undefined : this.#postponed(seen, known);
    if (early) return wants(early) ? early : undefined;
    const suspects = this.#suspects(process, seen);
    const before = this.#sleepers.get(seen.pid);
    if (suspects.length > 0 && before === undefined) {
      this.#sleepers.set(seen.pid, suspects);
      return 'later';
    }
    const isBlocked = suspects.some((mark) => before!.includes(mark));
    const row = this.#rowOf(process, seen, isBlocked);
    if (!wants(row)) return undefined;
    const counters: Partial<ProcessRow> = isBlocked
      ? {unread: 'blocked'}
      : this.#isSpared(seen)
        ? {unread: 'budget'}
        : this.#counters(process, seen, known);
    const whole = {...row, ...counters};
    return (counters.unread && keptFrom(known, whole, counters.unread, performance.now())) ?? whole;
  }

  /** The row of a process whose counters are not due, or no longer possible, with those that were read earlier. */
  #postponed(seen: Seen, known: Known): ProcessRow | undefined {
    const stall = predictStall(seen.rss, known.regions ?? 0);
    const isDueNow = !this.#isSpared(seen) && isDue(known, stall, performance.now());
    const refusal = this.#refusal(stall) ?? (isDueNow ? undefined : 'budget');
    const {title, unit, container, cgroup} = known;
    const row = {...this.#amountsOf(seen), title, unit, container, cgroup};
    return refusal && keptFrom(known, row, refusal, performance.now());
  }

  #isSpared({pid}: Seen): boolean {
    return this.#limits.spares?.(pid) === true;
  }

  #processOf({pid, state, threads}: Seen): Looked {
    const folder = `${this.#root}/${pid}`;
    const hasEnded = state === 'Z' && threads > 1;
    const other = hasEnded ? readdirSync(`${folder}/task`).find((tid) => Number(tid) !== pid) : undefined;
    const memory = other === undefined ? folder : `${folder}/task/${other}`;
    return {pid, root: this.#root, folder, path: (file) => `${memory}/${file}`};
  }

  #stat({pid, folder}: Looked): Stat {
    const stat = parseStat(this.#small.readRecord(`${folder}/stat`));
    if (stat) return stat;
    throw new Error(`unreadable stat of process ${pid}`);
  }

  #startTime({pid, folder}: Looked): number {
    const ticks = parseStartTime(this.#small.readRecord(`${folder}/stat`));
    if (ticks !== undefined) return ticks;
    throw new Error(`unreadable stat of process ${pid}`);
  }

  /** Threads that may hold the lock of its memory map: only these are looked for that have a reason to. */
  #suspects(process: Looked, {name, state, threads}: Seen): readonly string[] {
    if (threads <= 1 && state !== 'D') return [];
    const stat = (): Stat => this.#stat(process);
    const lock = new MapLock({...process, directory: -1, stat, path: (file) => `${process.folder}/${file}`});
    return lock.suspects(threads > 1 ? {pid: process.pid, comm: name, state, threads} : stat());
  }

  #rowOf(process: Looked, seen: Seen, isBlocked: boolean): ProcessRow {
    const {names, memory} = this.#membershipOf(process);
    return {
      ...this.#amountsOf(seen),
      title: isBlocked ? undefined : titleOf(this.#ifThere(process.path('cmdline')).subarray(0, LONGEST_TITLE)),
      unit: names.unit,
      container: names.container,
      cgroup: memory?.path,
    };
  }

  /** What status says. */
  #amountsOf({pid, name, uid, threads, size, rss, swap}: Seen): ProcessRow {
    return {pid, name, user: this.#nameOf(uid), threads, size, rss, swap};
  }

  /** What is added to the row of a process. */
  #counters(process: Looked, {rss}: Seen, known: Known | undefined): Partial<ProcessRow> {
    const early = this.#isLocking ? this.#refusal(predictStall(rss, 0)) : undefined;
    if (early) return {unread: early};
    let regions: number | undefined;
    let holds: Holds | null | undefined;
    try {
      const maps = this.#maps(process, predictStall(rss, 0));
      regions = linesIn(maps);
      if (regions === 0) throw gone;
      holds = this.#descriptors?.of(process.path, maps, known?.holds);
      const stall = predictStall(rss, regions);
      const unread = this.#refusal(stall) ?? (isDue(known, stall, performance.now()) ? undefined : 'budget');
      return unread ? {regions, holds, unread} : {regions, holds, ...this.#usage(process, maps, stall)};
    } catch (error) {
      const unread = this.#reasonOf(error, process);
      return {regions, holds, unread};
    }
  }

  /** Why a reading that is predicted to hold up a process for this many ms is not made. */
  #refusal(stall: number): Unread | undefined {
    if (stall > this.#limits.maxStall) return 'stall';
    return this.stallMs + stall > this.#limits.budget ? 'budget' : undefined;
  }

  #maps(process: Looked, stall: number): Buffer {
    const read = (): Buffer => this.#listing.read(process.path('maps'));
    return this.#isLocking ? this.#held(read, stall) : read();
  }

  #usage(process: Looked, maps: Buffer, stall: number): Partial<ProcessRow> {
    const held = <Result>(read: () => Result): Result => this.#held(read, stall);
    const shared = this.#observer.begin(maps);
    // smaps_rollup is one record.
    const read = (file: string): Buffer =>
      file === 'smaps' ? this.#small.read(process.path(file)) : this.#small.readRecord(process.path(file));
    const kernel = readRollup((file) => held(() => read(file)));
    const readAt = performance.now();
    if (kernel.rss === undefined) throw gone;
    const out = this.#observer.takeOut(process, kernel, shared, held);
    const usage: Usage = {...kernel, ...out?.usage};
    const observed = out && out.pss.high > (kernel.pss ?? 0) && {kernel: kernel.pss ?? 0, most: out.pss.high};
    const {rss, pss, privateDirty, swap, pssAnon, pssFile, pssShmem} = usage;
    const parts = {pssAnon, pssFile, pssShmem};
    return {rss, pss, privateDirty, ...(swap !== undefined && {swap}), ...parts, readAt, ...(observed && {observed})};
  }

  /**
   * Counts for how long a reading holds up its process. The clock of the processor costs more than a short reading: of
   * one that is predicted to be short, what passes is counted, but for what the reader may have waited for a turn.
   */
  #held<Result>(read: () => Result, predicted: number): Result {
    const count = (held: number): void => {
      this.stallMs += held;
      this.longestMs = Math.max(this.longestMs, held);
    };
    if (predicted >= SHORT) return whileHeld(read, count);
    const begin = performance.now();
    try {
      return read();
    } finally {
      count(Math.min(performance.now() - begin, predicted + SHORT));
    }
  }

  #reasonOf(error: unknown, {pid}: Looked): Unread {
    const trouble = error instanceof Trouble ? error : undefined;
    const errno = errnoOf(error);
    if (trouble?.kind === 'gone' || GONE.has(errno)) throw trouble ?? gone;
    if (errno !== 'EACCES' && errno !== 'EPERM' && trouble?.kind !== 'denied') return 'deadline';
    this.denied ??= {pid, trouble: trouble ?? processTrouble(pid, error, this.#root)};
    return 'denied';
  }

  #ifThere(path: string): Buffer {
    try {
      return this.#small.readRecord(path);
    } catch {
      return NOTHING;
    }
  }

  #membershipOf(process: Looked): Membership {
    const bytes = this.#ifThere(process.path('cgroup'));
    const text = latin1(bytes, 0, bytes.length);
    const known = this.#memberships.get(text) ?? membershipOf(bytes);
    this.#memberships.set(text, known);
    return known;
  }
}

const NOTHING = Buffer.alloc(0);

/** What /proc answers of a process that has ended. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH']);

/** The process ended, or its memory is gone already. */
const gone = new Trouble({
  kind: 'gone',
  what: 'The process ended.',
  why: 'its memory is gone already.',
  next: 'List processes with: memmap ps',
});

/** One call for each line would take as long as the kernel takes to print it. */
const linesIn = (bytes: Buffer): number => latin1(bytes, 0, bytes.length).split('\n').length - 1;
