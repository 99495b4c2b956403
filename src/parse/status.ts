import {camelCase, decode, latin1} from './scan.ts';

/**
 * /proc/PID/status: `Key:` tab `value` lines. proc_pid_status(5); fs/proc/array.c, proc_pid_status().
 * The memory lines (VmPeak … VmSwap, in kB) are absent for kernel threads and zombies.
 */
export type Status = Record<string, number | string | boolean>;

/** Beside the kB lines, what memmap uses. */
const WORDS = new Set(['State', 'Umask', 'NSpid']);
const NUMBERS = new Set(['Tgid', 'Pid', 'PPid', 'TracerPid', 'Threads', 'FDSize', 'Seccomp']);
const YES_OR_NO = new Set(['Kthread', 'CoreDumping', 'THP_enabled']);

/**
 * @returns keys in camelCase: sizes in bytes (`vmRss`, `rssAnon`, …), `name`, `state` (its letter), `threads`, `uid` and
 * `gid` (the real ones), `kthread`. The first line of a key counts: a process can't forge one in its name, since the
 * kernel writes a newline there as `\n`.
 */
export function parseStatus(bytes: Uint8Array): Status {
  const status: Status = {};
  for (const line of latin1(bytes, 0, bytes.length).split('\n')) {
    // The kernel puts one tab; what follows it in a name is the name's. Captures may have blanks instead.
    const match = /^([A-Za-z_0-9]+):(?:\t| *)(.*)$/s.exec(line);
    if (!match) continue;
    const [, key, text] = match as unknown as [string, string, string];
    const value = statusValue(key, text);
    const name = key === 'THP_enabled' ? 'thpEnabled' : camelCase(key);
    if (value !== undefined && status[name] === undefined) status[name] = value;
  }
  return status;
}

function statusValue(key: string, text: string): number | string | boolean | undefined {
  const kilobytes = /^\s*(\d+) kB$/.exec(text);
  if (kilobytes) return Number(kilobytes[1]) * 1024;
  if (key === 'Name') return decode(unescapeName(text)).text;
  if (key === 'State') return text.trim().charAt(0);
  if (key === 'Uid' || key === 'Gid') return Number.parseInt(text, 10);
  if (NUMBERS.has(key)) return Number(text);
  if (YES_OR_NO.has(key)) return text.trim() === '1';
  return WORDS.has(key) ? text.trim() : undefined;
}

/** In the name a newline is written `\n` and a backslash `\\`; nothing else is changed. */
const unescapeName = (text: string): string =>
  text.replace(/\\([n\\])/g, (_, letter) => (letter === 'n' ? '\n' : '\\'));
