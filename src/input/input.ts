import type {GroupName} from '../model/group/group.ts';
import {Trouble} from '../model/trouble.ts';

/** What an argument of the command line stands for. */
export type Input =
  | {readonly is: 'process'; readonly pid: number}
  /** A listing, a snapshot, or a recording as a whole: which one, its content decides when it is opened. */
  | {readonly is: 'file'; readonly path: string}
  /** One moment of a recording; `moment` is `#12`, `#name`, `@+30s` or `@14:03:20`. */
  | {readonly is: 'moment'; readonly path: string; readonly moment: string}
  | {readonly is: 'stdin'};

/** The same, or a group of processes. */
export type Target = Input | {readonly is: 'group'; readonly group: GroupName};

/** What a text alone can't say. */
interface Surroundings {
  /** Is there anything of this path? */
  readonly isThere: (path: string) => boolean;
  /** The PID of the one process of this name. @throws Trouble `gone` or `usage` if it is not exactly one */
  readonly pidOf: (name: string) => number;
}

/**
 * What is this argument? `-` is standard input, a decimal number a PID, and so is its directory in /proc. `cgroup:`,
 * `unit:` and `container:` begin a group of processes. A file takes precedence over the moment of a recording, and both
 * over the name of a process.
 *
 * @throws Trouble `usage` for a number that is not a PID, `input` for a path without a file, and what `pidOf` throws
 */
export function parseInput(text: string, {isThere, pidOf}: Surroundings): Target {
  if (text === '') throw noName;
  if (text === '-') return {is: 'stdin'};
  if (/^\d+$/.test(text) && isPid(text)) return {is: 'process', pid: Number(text)};
  const group = groupNamed(text);
  if (group) return {is: 'group', group};
  const directory = PROCESS_DIRECTORY.exec(text);
  if (directory) return {is: 'process', pid: Number(directory[1])};
  if (isThere(text)) return {is: 'file', path: text};
  const moment = splitMoment(text, isThere);
  if (moment) return {is: 'moment', ...moment};
  if (/^[+-]?\p{Nd}/u.test(text) && !/[/.]/.test(text)) throw notAPid(text);
  if (/[/.]/.test(text)) throw unusable(text, 'there is no such file.');
  return {is: 'process', pid: pidOf(text)};
}

/**
 * The kernel's highest PID is 4,194,304 (PID_MAX_LIMIT); larger ones that fit its type are accepted, and no process is
 * found.
 */
const isPid = (text: string): boolean => Number(text) > 0 && Number(text) < 2 ** 31;

/** The group that a text names; undefined if it names none. @throws Trouble `usage` if nothing follows the colon */
export function groupNamed(text: string): GroupName | undefined {
  const [, kind, id] = /^(cgroup|unit|container):(.*)$/s.exec(text) ?? [];
  if (kind === undefined) return undefined;
  if (id) return {kind: kind as GroupName['kind'], id};
  throw new Trouble({
    kind: 'usage',
    what: `"${text}" names no group.`,
    why: 'nothing follows the colon.',
    next: 'For example: cgroup:/system.slice, unit:ssh.service, container:4f5e (the beginning of its ID)',
  });
}

/** What `ls -d /proc/[0-9]*` prints. The files in it are read as any other file. */
const PROCESS_DIRECTORY = /^\/proc\/([1-9]\d*)\/?$/;

/** Takes `FILE#12` apart, at the last # or @ before which there is a file. */
function splitMoment(
  text: string,
  isThere: Surroundings['isThere'],
): {readonly path: string; readonly moment: string} | undefined {
  for (let at = text.length - 1; at > 0; at--) {
    if (text[at] !== '#' && text[at] !== '@') continue;
    const path = text.slice(0, at);
    if (isThere(path)) return {path, moment: text.slice(at)};
  }
  return undefined;
}

const noName = new Trouble({
  kind: 'usage',
  what: 'There is nothing to look at.',
  why: 'the name is empty.',
  next: 'Give a PID, the name of a process, a file, or - for standard input.',
});

const notAPid = (text: string): Trouble =>
  new Trouble({
    kind: 'usage',
    what: `"${text}" is not a PID.`,
    why: 'a PID is a whole number from 1 to 4194304, in decimal.',
    next: 'List processes with: memmap ps',
  });

/** What can't be used. @param name of the file, or `-` */
export const unusable = (
  name: string,
  why: string,
  next = 'Give a copy of /proc/PID/maps or /proc/PID/smaps, or a memmap snapshot.',
): Trouble => new Trouble({kind: 'input', what: `Cannot use ${name === '-' ? 'standard input' : name}.`, why, next});
