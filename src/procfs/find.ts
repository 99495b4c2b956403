import {existsSync, readdirSync} from 'node:fs';
import {parseStat} from '../parse/proc/stat.ts';
import {parseStatus, threadGroup} from '../parse/proc/status.ts';
import {withoutProcfs} from './mount.ts';
import {readIfThere} from './open.ts';
import {titleIn} from './title.ts';

/** A process that may be looked at, by its name. */
export interface Found {
  readonly pid: number;
  readonly comm: string;
  /** The command line, its words joined by spaces; '' for kernel threads. */
  readonly command: string;
  readonly threads: number;
}

/** Processes called `name`, as namesOf() has it. */
export const findByName = (name: string, root?: string): Found[] =>
  allProcesses(root).filter((each) => namesOf(each).includes(name));

/** Its comm, and the last part of the program that it was started as: comm holds only 15 bytes. */
export function namesOf({comm, command}: Pick<Found, 'comm' | 'command'>): readonly string[] {
  const program = command.split(' ')[0]!.split('/').at(-1)!;
  return program === '' || program === comm ? [comm] : [comm, program];
}

/** All processes but memmap's own. @throws Trouble `gone`: no procfs is mounted */
export function allProcesses(root = '/proc'): Found[] {
  const lack = withoutProcfs(root, 'Cannot list processes.');
  if (lack) throw lack;
  const found: Found[] = [];
  for (const entry of readdirSync(root)) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const stat = parseStat(readIfThere(`${root}/${entry}/stat`) ?? new Uint8Array());
    if (!stat) continue;
    const command = titleIn(`${root}/${entry}`, stat.state) ?? '';
    found.push({pid: Number(entry), comm: stat.comm, command, threads: stat.threads});
  }
  return found;
}

/** VmRSS of a process, in bytes; undefined where there is none. */
export function residentIn(pid: number, root = '/proc'): number | undefined {
  const {vmRss} = parseStatus(readIfThere(`${root}/${pid}/status`) ?? new Uint8Array());
  return typeof vmRss === 'number' ? vmRss : undefined;
}

/**
 * The process that a thread belongs to: /proc has a folder for each thread's ID too, which readdir(3) doesn't list.
 *
 * @returns its PID and the thread's name; undefined for the ID of a process, and where there is none
 */
export function processOfThread(
  tid: number,
  root = '/proc',
): {readonly pid: number; readonly name: string} | undefined {
  const status = readIfThere(`${root}/${tid}/status`) ?? new Uint8Array();
  const pid = threadGroup(status);
  const isThread = pid !== undefined && pid !== tid && existsSync(`${root}/${pid}/task/${tid}`);
  return isThread ? {pid, name: String(parseStatus(status)['name'])} : undefined;
}
