import type {Kin, KinTie} from '../../model/kin/kin.ts';
import {errnoOf, Trouble} from '../../model/trouble.ts';
import {parseMemory} from '../../parse/proc/status.ts';
import type {Stat} from '../../parse/proc/stat.ts';
import {folderOf} from '../capture.ts';
import {ProcessHandle} from '../handle.ts';
import type {UsageState} from './usage.ts';
import {readProc} from '../open.ts';
import {processTrouble} from '../trouble.ts';

/** A process that is or was a member. */
export interface Held {
  readonly pid: number;
  readonly startTime: number;
  readonly tie: KinTie;
  readonly depth: number;
  readonly usage: UsageState;
  stat: Stat;
  memory: Memory;
  /** Children that were members and have ended, and that it may not have waited for yet. */
  ended: number;
}

/** What is read of a member in each sample. */
export interface Read {
  readonly stat: Stat;
  readonly memory: Memory;
}

/** The lines of /proc/PID/status that are about memory, in bytes. */
type Memory = Readonly<Record<string, number>>;

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
    return {stat, memory: parseMemory(readProc(handle.path(`${folder}status`)))};
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EACCES' || errno === 'EPERM') return 'hidden';
    const isGone = errno === 'ENOENT' || errno === 'ESRCH';
    if (isGone) return tries > 0 ? readMember(pid, root, tries - 1) : undefined;
    if (!(error instanceof Trouble)) throw processTrouble(pid, error, root);
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
export const hasMemory = ({memory}: Read): boolean => memory['vmSize'] !== undefined;

/** Lines of status that are of the memory map, and are all the same if two processes have one. */
const LENDER = ['vmPeak', 'vmSize', 'vmHwm', 'vmRss', 'rssAnon', 'rssFile', 'rssShmem', 'vmData', 'vmStk', 'vmPte'];

/**
 * Between vfork(2), or posix_spawn(3), and execve(2) a child runs in its parent's memory. What both show is then the
 * very same, in numbers that fork(2) makes different: it does not copy the page tables of files.
 */
export const isOneMemory = (a: Read, b: Read): boolean => LENDER.every((line) => a.memory[line] === b.memory[line]);

/** A member as a sample reports it. */
export function kinOf({pid, startTime, tie, depth, stat, memory, usage: {usage, missing}}: Held): Kin {
  return {
    pid,
    startTime,
    ppid: stat.ppid,
    comm: stat.comm,
    tie,
    depth,
    state: stat.state,
    threads: stat.threads,
    rss: memory['vmRss'],
    swap: memory['vmSwap'],
    size: memory['vmSize'],
    peak: memory['vmHwm'],
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
