import {readdirSync} from 'node:fs';
import type {ProcessRow} from '../../model/processes.ts';
import {parseCensus, type Census} from '../../parse/proc/status.ts';
import {errnoOf} from '../../model/trouble.ts';
import {Scratch} from '../file.ts';
import {HostReader, type HostLimits, type Seen} from './reader.ts';
import {readProc, textIfThere} from '../open.ts';
import {isHidingFromUs} from '../trouble.ts';

/** Which processes are looked at, and how. */
interface HostOptions extends HostLimits {
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
  /** How many of the rows have counters. */
  readonly read: number;
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
}

/**
 * Looks at all processes: status of all of them, which holds up none (proc_pid_status(5)), then the counters of one
 * after the other, the largest first, within the limits. Kernel threads and zombies have no memory, and are no rows;
 * nor is memmap.
 *
 * It goes once over the list, and keeps a row for each.
 */
export function lookAtHost(options: HostOptions): Host {
  const {root, pids, wants = () => true, along = (_, items) => items} = options;
  const begin = performance.now();
  const uptime = Number(textIfThere(`${root}/uptime`).split(' ')[0] || NaN);
  let [ended, hidden] = [0, 0];
  const seen: Seen[] = [];
  const scratch = new Scratch();
  for (const pid of along('Looking', processIds(root))) {
    if (pids && !pids.has(pid)) continue;
    const found = censusOf(root, pid, scratch);
    if (found === 'ended') ended++;
    else if (found === 'hidden') hidden++;
    else if (found) seen.push(found);
  }
  seen.sort((a, b) => b.rss - a.rss || a.pid - b.pid);
  const reader = new HostReader(root, options, uptime);
  const rows: ProcessRow[] = [];
  const later: Seen[] = [];
  // What is put off comes once more, at the end.
  for (const each of both(along('Reading', seen), later)) {
    const row = reader.read(each, wants);
    if (row === 'later') later.push(each);
    else if (row === 'ended') ended++;
    else if (row === 'hidden') hidden++;
    else if (row) rows.push(row);
  }
  const now = performance.now();
  const {stallMs, longestMs, denied} = reader;
  const read = rows.filter(({unread}) => unread === undefined).length;
  const maxMapCount = Number(textIfThere(`${root}/sys/vm/max_map_count`) || NaN);
  return {
    rows,
    now,
    ms: now - begin,
    stallMs,
    longestMs,
    read,
    ended,
    hidden,
    isHiding: isHidingFromUs(root),
    denied,
    maxMapCount: Number.isInteger(maxMapCount) ? maxMapCount : undefined,
  };
}

function* both<Item>(first: Iterable<Item>, second: Iterable<Item>): Generator<Item> {
  yield* first;
  yield* second;
}

/** All of them but memmap, ascending. */
const processIds = (root: string): number[] =>
  readdirSync(root)
    .filter((entry) => /^\d+$/.test(entry) && !(root === '/proc' && Number(entry) === process.pid))
    .map(Number)
    .sort((a, b) => a - b);

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
