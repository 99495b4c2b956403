import {readdirSync} from 'node:fs';
import type {ProcessRow} from '../../model/host/processes.ts';
import {type MachineMemory, parseMemory} from '../../parse/proc/meminfo.ts';
import {parseCensus, type Census} from '../../parse/proc/status.ts';
import {errnoOf} from '../../model/trouble.ts';
import {Scratch} from '../file.ts';
import {HostDescriptors} from './holds.ts';
import {inTurn, type Known, type KnownRows} from './known.ts';
import {HostReader, type HostLimits, type Seen} from './reader.ts';
import {withoutProcfs} from '../mount.ts';
import {readIfThere, readProc, textIfThere} from '../open.ts';
import {isHidingFromUs} from '../trouble.ts';

/** Which processes are looked at, and how. */
export interface HostOptions extends HostLimits {
  readonly root: string;
  /** Only these; undefined: all. */
  readonly pids?: ReadonlySet<number> | undefined;
  /** Is a process wanted? Asked before its counters are read, so that nobody else is held up. */
  readonly wants?: ((row: ProcessRow) => boolean) | undefined;
  /** Goes along a list, and may report progress. */
  readonly along?: (<Item>(what: string, items: readonly Item[]) => Iterable<Item>) | undefined;
}

/** The processes of a machine, or some of them. Times in ms. */
export interface Host {
  readonly rows: readonly ProcessRow[];
  /** performance.now() at the end. */
  readonly now: number;
  readonly ms: number;
  /** For how long reading held up all processes together, and the one that it held up longest. */
  readonly stallMs: number;
  readonly longestMs: number;
  /** How many of the rows have counters that were read now, and how many those of an earlier reading. */
  readonly read: number;
  readonly kept: number;
  /** How many of those that were read now have what their descriptors hold from an earlier look: no time for all. */
  readonly heldEarlier: number;
  /** Processes that ended while they were looked at, which are no rows. */
  readonly ended: number;
  /** Processes of which nothing may be seen, which are no rows. */
  readonly hidden: number;
  /** Is /proc mounted so that others may not be listed at all? */
  readonly isHiding: boolean;
  /** The first one that may not be read, and why. */
  readonly denied: HostReader['denied'];
  /** vm.max_map_count. */
  readonly maxMapCount: number | undefined;
  /** MemTotal and MemAvailable, bytes. */
  readonly memory: MachineMemory;
}

/** Looks at all processes once. @param known what was read of them earlier */
export const lookAtHost = (options: HostOptions, known?: KnownRows): Host => new HostWatch(options, known).look();

/** Looks at all processes again and again. What it can't read at one time it reads before all else the next time. */
export class HostWatch {
  readonly #options: HostOptions;
  readonly #descriptors: HostDescriptors | undefined;
  #known: KnownRows;

  /** @param known what was read earlier, by somebody else */
  constructor(options: HostOptions, known: KnownRows = new Map()) {
    this.#options = options;
    this.#descriptors = options.held === true ? new HostDescriptors(options.heldTime) : undefined;
    this.#known = known;
  }

  /** What was read of the processes that were there at the last look. */
  get known(): KnownRows {
    return this.#known;
  }

  /**
   * Looks at all processes: status of all of them, which holds up none (proc_pid_status(5)), then the counters of one
   * after the other, the largest first, within the limits. Kernel threads and zombies have no memory, and are no rows;
   * nor is memmap.
   *
   * It goes once over the list, and keeps a row for each.
   */
  look(): Host {
    const steps = this.steps();
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /** The same, process by process: whoever has something else to do meanwhile can do it between two. */
  *steps(): Generator<void, Host> {
    const {root, wants = () => true, along = (_, items) => items} = this.#options;
    const begin = performance.now();
    const uptime = Number(textIfThere(`${root}/uptime`).split(' ')[0] || NaN);
    const {seen, hidden: unseen, ended: gone} = yield* this.#census();
    let [ended, hidden] = [gone, unseen];
    this.#descriptors?.begin();
    const reader = new HostReader(root, this.#options, uptime, this.#descriptors);
    const rows: ProcessRow[] = [];
    const later: Seen[] = [];
    // What is put off comes once more, at the end.
    for (const each of both(along('Reading', seen), later)) {
      const row = reader.read(each, wants, this.#known.get(each.pid));
      if (row === 'later') later.push(each);
      else if (row === 'ended') ended++;
      else if (row === 'hidden') hidden++;
      else if (row) rows.push(row);
      yield;
    }
    this.#known = new Map(rows.filter(isKnown).map((row) => [row.pid, row]));
    const now = performance.now();
    const {stallMs, longestMs, denied} = reader;
    const maxMapCount = Number(textIfThere(`${root}/sys/vm/max_map_count`) || NaN);
    return {
      rows,
      now,
      ms: now - begin,
      stallMs,
      longestMs,
      read: rows.filter(({unread, late}) => unread === undefined && late === undefined).length,
      kept: rows.filter(({late}) => late !== undefined).length,
      heldEarlier: this.#descriptors?.earlier ?? 0,
      ended,
      hidden,
      isHiding: isHidingFromUs(root),
      denied,
      maxMapCount: Number.isInteger(maxMapCount) ? maxMapCount : undefined,
      memory: parseMemory(readIfThere(`${root}/meminfo`) ?? new Uint8Array()),
    };
  }

  /** All processes with memory, the most urgent first. */
  *#census(): Generator<void, {readonly seen: readonly Seen[]; readonly ended: number; readonly hidden: number}> {
    const {root, pids, along = (_, items) => items} = this.#options;
    let [ended, hidden] = [0, 0];
    const all: Seen[] = [];
    const scratch = new Scratch();
    for (const pid of along('Looking', processIds(root))) {
      if (pids && !pids.has(pid)) continue;
      const each = censusOf(root, pid, scratch);
      if (each === 'ended') ended++;
      else if (each === 'hidden') hidden++;
      else if (each) all.push(each);
      yield;
    }
    return {seen: inTurn(all, this.#known, performance.now()), ended, hidden};
  }
}

const isKnown = (row: ProcessRow): row is Known => row.startTime !== undefined;

function* both<Item>(first: Iterable<Item>, second: Iterable<Item>): Generator<Item> {
  yield* first;
  yield* second;
}

/** All of them but memmap, ascending. @throws Trouble `gone` where there is no procfs */
function processIds(root: string): number[] {
  const lack = withoutProcfs(root, 'Cannot list processes.');
  if (lack) throw lack;
  return readdirSync(root)
    .filter((entry) => /^\d+$/.test(entry) && !(root === '/proc' && Number(entry) === process.pid))
    .map(Number)
    .sort((a, b) => a - b);
}

/** @returns undefined for what has no memory */
function censusOf(root: string, pid: number, scratch: Scratch): Seen | 'ended' | 'hidden' | undefined {
  try {
    const census = parseCensus(scratch.readRecord(`${root}/${pid}/status`));
    if (!census) return 'hidden';
    const alive = census.rss === undefined && census.state === 'Z' && census.threads > 1;
    const {rss, size, swap} = (alive && othersOf(root, pid)) || census;
    return rss === undefined ? undefined : {...census, pid, rss, size, swap};
  } catch (error) {
    return ['ENOENT', 'ESRCH'].includes(errnoOf(error)) ? 'ended' : 'hidden';
  }
}

/** Where the first thread has ended and others run, their status has the lines of memory. */
function othersOf(root: string, pid: number): Census | undefined {
  const other = readdirSync(`${root}/${pid}/task`).find((tid) => Number(tid) !== pid);
  return other === undefined ? undefined : parseCensus(readProc(`${root}/${pid}/task/${other}/status`));
}
