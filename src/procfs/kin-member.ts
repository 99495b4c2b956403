import type {Kin, KinTie} from '../model/kin.ts';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {parseStatus, type Status} from '../parse/proc/status.ts';
import type {Stat} from '../parse/proc/stat.ts';
import {folderOf} from './capture.ts';
import {ProcessHandle} from './handle.ts';
import type {UsageState} from './kin-usage.ts';
import {readProc} from './open.ts';

/** A process that is or was a member. */
export interface Held {
  readonly pid: number;
  readonly startTime: number;
  readonly tie: KinTie;
  readonly depth: number;
  readonly usage: UsageState;
  stat: Stat;
  status: Status;
  /** Children that were members and have ended, and that it may not have waited for yet. */
  ended: number;
}

/** What is read of a member in each sample. */
export interface Read {
  readonly stat: Stat;
  readonly status: Status;
}

/**
 * @param tries how often it is read again, where its first thread has ended and another, which is read in its place,
 * ends meanwhile
 * @returns undefined if there is no such process; `hidden` if its files may not be read, or are not shown
 * @throws Trouble `deadline` where descriptors or memory are short
 */
export function readMember(pid: number, root: string, tries = 2): Read | 'hidden' | undefined {
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    const stat = handle.stat();
    const folder = folderOf(handle, stat);
    const status = folder === '' ? handle.status() : parseStatus(readProc(handle.path(`${folder}status`)));
    return {stat, status};
  } catch (error) {
    if (!(error instanceof Trouble)) return tries > 0 ? readMember(pid, root, tries - 1) : undefined;
    if (error.kind === 'denied') return 'hidden';
    if (error.kind === 'gone') return handle === undefined && isHidden(pid, root) ? 'hidden' : undefined;
    throw error;
  } finally {
    handle?.close();
  }
}

/** /proc does not show it, and kill(2) with signal 0 finds it: the mount has hidepid (proc(5)). */
function isHidden(pid: number, root: string): boolean {
  if (root !== '/proc') return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** A zombie has no memory, and neither has a process that is about to become one, or a kernel thread. */
export const hasMemory = ({status}: Read): boolean => status['vmSize'] !== undefined;

/** Lines of status that are of the memory map, and are all the same if two processes have one. */
const LENDER = ['vmPeak', 'vmSize', 'vmHwm', 'vmRss', 'rssAnon', 'rssFile', 'rssShmem', 'vmData', 'vmStk', 'vmPte'];

/**
 * Between vfork(2), or posix_spawn(3), and execve(2) a child runs in its parent's memory. What both show is then the
 * very same, in numbers that fork(2) makes different: it does not copy the page tables of files.
 */
export const isOneMemory = (a: Read, b: Read): boolean => LENDER.every((line) => a.status[line] === b.status[line]);

/** A number of status: bytes, for the lines of memory. */
export const bytesIn = (status: Status, key: string): number | undefined => {
  const value = status[key];
  return typeof value === 'number' ? value : undefined;
};

/** A member as a sample reports it. */
export function kinOf({pid, startTime, tie, depth, stat, status, usage: {usage, missing}}: Held): Kin {
  return {
    pid,
    startTime,
    ppid: stat.ppid,
    comm: stat.comm,
    tie,
    depth,
    state: stat.state,
    threads: stat.threads,
    rss: bytesIn(status, 'vmRss'),
    swap: bytesIn(status, 'vmSwap'),
    size: bytesIn(status, 'vmSize'),
    peak: bytesIn(status, 'vmHwm'),
    usage,
    missing,
  };
}

/** A member of which nothing but its PID is known. */
export const hiddenKin = (pid: number, ppid: number, tie: KinTie): Kin => ({
  pid,
  startTime: 0,
  ppid,
  comm: '',
  tie,
  depth: 1,
  state: '',
  missing: 'hidden',
});
