import type {ProcessInfo} from '../model/snapshot.ts';
import {parseStat, type Stat} from '../parse/proc/stat.ts';
import type {Status} from '../parse/proc/status.ts';
import type {ProcessHandle} from './handle.ts';
import {readProc, readProcText} from './open.ts';

/** One process and one program image: exec keeps the start time, and places code and stack anew. */
export const isSame = (a: Stat, b: Stat): boolean =>
  a.startTime === b.startTime && a.startCode === b.startCode && a.endCode === b.endCode && a.startStack === b.startStack &&
  a.argStart === b.argStart && b.state !== 'X'; // prettier-ignore

/** Who a process is: what tells it from others, now and later. */
export function processInfo(handle: ProcessHandle, stat: Stat, status: Status): ProcessInfo {
  const exe = handle.exe();
  const bootId = bootIdOf(handle.root);
  return {
    pid: handle.pid,
    ppid: stat.ppid,
    comm: stat.comm,
    ...(exe !== undefined && {exe}),
    startTime: stat.startTime,
    ...(bootId !== undefined && {bootId}),
    state: stat.state,
    threads: stat.threads,
    ...(typeof status['uid'] === 'number' && {uid: status['uid']}),
    startCode: stat.startCode,
    startStack: stat.startStack,
    startBrk: stat.startBrk,
  };
}

/** Tells two runs of the machine apart, since start times count from boot. */
function bootIdOf(root: string): string | undefined {
  try {
    return readProcText(`${root}/sys/kernel/random/boot_id`).trim();
  } catch {
    return undefined;
  }
}

/** What tells a process from all others, those before it with its number too; undefined if there is none. */
export function identify(
  pid: number,
  root = '/proc',
): {readonly startTime: number; readonly bootId: string} | undefined {
  try {
    const stat = parseStat(readProc(`${root}/${pid}/stat`));
    return stat && {startTime: stat.startTime, bootId: bootIdOf(root) ?? ''};
  } catch {
    return undefined;
  }
}
