import type {Limits} from '../../model/clues/clues.ts';
import {latin1} from '../scan.ts';

const NAMES: ReadonlyArray<readonly [title: string, name: keyof Limits]> = [
  ['Max data size', 'data'],
  ['Max stack size', 'stack'],
  ['Max locked memory', 'locked'],
  ['Max address space', 'addressSpace'],
];

/**
 * /proc/PID/limits: a title, the soft limit, the hard one and the unit, in columns. getrlimit(2); fs/proc/base.c,
 * proc_pid_limits().
 *
 * @returns the soft limits on memory in bytes, and the hard one of data; null is unlimited; what isn't there is absent
 */
export function parseLimits(bytes: Uint8Array): Limits {
  const limits: {-readonly [name in keyof Limits]: Limits[name]} = {};
  for (const line of latin1(bytes, 0, bytes.length).split('\n')) {
    const known = NAMES.find(([title]) => line.startsWith(`${title} `));
    if (!known) continue;
    const [title, name] = known;
    const [soft, hard] = line.slice(title.length).trim().split(/\s+/).map(limit);
    if (soft !== undefined) limits[name] = soft;
    if (name === 'data' && hard !== undefined) limits.hardData = hard;
  }
  return limits;
}

/**
 * How many files may be open: the soft RLIMIT_NOFILE.
 *
 * @param bytes /proc/PID/limits
 * @returns null: unlimited; undefined: it doesn't say
 */
export function parseOpenFiles(bytes: Uint8Array): number | null | undefined {
  const soft = /^Max open files\s+(\S+)/m.exec(latin1(bytes, 0, bytes.length))?.[1];
  return soft === undefined ? undefined : limit(soft);
}

function limit(text: string): number | null | undefined {
  if (text === 'unlimited') return null;
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}
