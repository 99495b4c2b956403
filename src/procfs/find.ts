import {readdirSync, readFileSync} from 'node:fs';

/** A process that may be looked at, by its name. */
export interface Found {
  readonly pid: number;
  readonly comm: string;
  /** The command line, its words joined by blanks; '' for kernel threads. */
  readonly command: string;
}

/**
 * Processes called `name`: their comm, or the last part of the program they were started as (comm holds only 15 bytes).
 * memmap's own process is left out.
 */
export function findByName(name: string, root = '/proc'): Found[] {
  const found: Found[] = [];
  for (const entry of readdirSync(root)) {
    if (!/^\d+$/.test(entry) || Number(entry) === process.pid) continue;
    const comm = readOrEmpty(`${root}/${entry}/comm`).replace(/\n$/, '');
    const words = readOrEmpty(`${root}/${entry}/cmdline`).split('\0');
    const program = words[0]?.split('/').at(-1);
    if (comm === name || program === name) found.push({pid: Number(entry), comm, command: words.join(' ').trim()});
  }
  return found;
}

/** Processes end while one lists them. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
