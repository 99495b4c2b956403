import type {Marks} from '../../model/clues/clues.ts';
import {decode, latin1} from '../scan.ts';
import {isExact} from '../../model/region.ts';

/**
 * /proc/PID/stat: one record, fields separated by blanks. proc_pid_stat(5); fs/proc/array.c, do_task_stat(). Field
 * numbers below are the man page's. Addresses are 64 bits wide and not whole pages, so they stay text; a reader without
 * ptrace access gets 1 for startcode and endcode and 0 for the others.
 */
export interface Stat {
  readonly pid: number;
  /** Up to 15 bytes of the program's name, or what the process called itself. */
  readonly comm: string;
  /** R, S, D, Z, T, t, X, I. */
  readonly state: string;
  readonly ppid: number;
  /** The process that leads its session; setsid(2) begins one, and fork(2) passes it on. */
  readonly session: number;
  /** It was forked, and has not called execve(2) since: PF_FORKNOEXEC of include/linux/sched.h. */
  readonly isForked: boolean;
  readonly threads: number;
  /** Page faults, minor and major, of the children that it waited for, and of theirs. */
  readonly childFaults: number;
  /** Clock ticks after boot. exec doesn't change it. */
  readonly startTime: number;
  readonly startCode: string;
  readonly endCode: string;
  readonly startStack: string;
  readonly startBrk: string;
  readonly argStart: string;
  /** The addresses as numbers; undefined where the kernel hides them. */
  readonly marks: Marks | undefined;
}

/** A bit of the kernel flags of a thread. */
const PF_FORKNOEXEC = 0x40;

/**
 * @returns undefined if it isn't a stat record. The name is in parentheses and may itself hold any byte, parentheses
 * and newlines too: it ends at the last `)`.
 */
export function parseStat(bytes: Uint8Array): Stat | undefined {
  const text = latin1(bytes, 0, bytes.length);
  const open = text.indexOf('(');
  const close = lastParenthesis(text);
  if (open < 0 || close < open) return undefined;
  const pid = Number.parseInt(text, 10);
  const rest = text.slice(close + 2).split(/[ \n]/);
  const field = (number: number): string => rest[number - 3] ?? '';
  if (!Number.isInteger(pid) || !/^[A-Za-z]$/.test(field(3))) return undefined;
  return {
    pid,
    comm: decode(text.slice(open + 1, close)).text,
    state: field(3),
    ppid: Number(field(4)),
    session: Number(field(6)),
    isForked: (Number(field(9)) & PF_FORKNOEXEC) !== 0,
    threads: Number(field(20)),
    childFaults: Number(field(11)) + Number(field(13)),
    startTime: Number(field(22)),
    startCode: field(26),
    endCode: field(27),
    startStack: field(28),
    startBrk: field(47),
    argStart: field(48),
    marks: marksOf(field),
  };
}

/** Field 3 alone, for many threads: the letter of the state. @returns undefined if it isn't a stat record */
export function parseState(bytes: Uint8Array): string | undefined {
  const letter = bytes[bytes.lastIndexOf(CLOSE) + 2];
  return letter === undefined ? undefined : String.fromCharCode(letter);
}

const CLOSE = ')'.charCodeAt(0);

/** Field 22 alone, for many processes: clock ticks after boot. @returns undefined if it isn't a stat record */
export function parseStartTime(bytes: Uint8Array): number | undefined {
  const text = latin1(bytes, 0, bytes.length);
  const ticks = Number(text.slice(text.lastIndexOf(')') + 2).split(' ', 20)[19] || NaN);
  return Number.isInteger(ticks) ? ticks : undefined;
}

/** Fields 26-28 and 45-51. A stack can't begin at 0, so a 0 there means that the kernel hides them. */
function marksOf(field: (number: number) => string): Marks | undefined {
  const names = [
    ['startCode', 26],
    ['endCode', 27],
    ['startStack', 28],
    ['startData', 45],
    ['endData', 46],
    ['startBrk', 47],
    ['argStart', 48],
    ['argEnd', 49],
    ['envStart', 50],
    ['envEnd', 51],
  ] as const;
  const marks = Object.fromEntries(names.map(([name, number]) => [name, Number(field(number) || NaN)]));
  const isTold = marks['startStack'] !== 0 && Object.values(marks).every(isExact);
  return isTold ? (marks as unknown as Marks) : undefined;
}

/**
 * After the name come a letter and numbers only. Text after the record (a script that prints itself) may hold a `)`.
 */
function lastParenthesis(text: string): number {
  const record = /^[^]*\)(?= [A-Za-z] -?\d+ -?\d+ -?\d+ )/.exec(text);
  return record ? record[0].length - 1 : -1;
}
