import {parseStat, type Stat} from '../../parse/proc/stat.ts';
import {ignoresSignal} from '../../parse/proc/status.ts';
import {childrenIn} from './family.ts';
import {isForeign} from '../mount.ts';
import {readIfThere} from '../open.ts';

/** The signal that a parent gets when a child ends, on all machines but Alpha, MIPS, PA-RISC and SPARC (signal(7)). */
const SIGCHLD = 17;

/**
 * Did a process have children, as far as it still shows when it has ended and is a zombie? Each child that it waited
 * for left its page faults (cminflt and cmajflt of proc_pid_stat(5); kernel/exit.c, wait_task_zombie()), and no program
 * runs without any. A child that nobody waited for since SIGCHLD is ignored leaves nothing, which is unknown then; the
 * same by SA_NOCLDWAIT can't be seen.
 *
 * @param root where procfs is mounted
 * @returns undefined if that can't be told
 */
export function hadChildren(pid: number, root = '/proc'): boolean | undefined {
  const faults = statOf(pid, root)?.childFaults;
  if (faults === undefined) return undefined;
  if (faults > 0) return true;
  const status = readIfThere(`${root}/${pid}/status`);
  return status && ignoresSignal(status, SIGCHLD) === false ? false : undefined;
}

/** The PIDs of a process's descendants that are no zombies. @returns undefined where procfs can't be read */
export function runningBelow(pid: number, root = '/proc'): number[] | undefined {
  if (statOf(pid, root) === undefined) return undefined;
  const childrenOf = childrenIn(root);
  const below = (each: number): number[] => childrenOf(each).flatMap((child) => [child, ...below(child)]);
  return below(pid).filter((each) => isRunning(statOf(each, root)));
}

/** Does a process still run that began at `startTime` (Stat has it)? Later ones may have its PID. */
export const runsSince = (pid: number, startTime: number | undefined, root = '/proc'): boolean => {
  const stat = statOf(pid, root);
  return isRunning(stat) && stat.startTime === startTime;
};

/** @returns undefined if there is no such process */
export const startTimeOf = (pid: number, root = '/proc'): number | undefined => statOf(pid, root)?.startTime;

const isRunning = (stat: Stat | undefined): stat is Stat => stat !== undefined && !/[ZX]/.test(stat.state);

/** The PIDs are those that our own children have for us. */
const statOf = (pid: number, root: string): Stat | undefined =>
  isForeign(root) ? undefined : parseStat(readIfThere(`${root}/${pid}/stat`) ?? new Uint8Array());
