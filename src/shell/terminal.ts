import {fstatSync} from 'node:fs';

const known = new Map<number, boolean>();

/**
 * Is this descriptor a terminal? Only a character device can be one (isatty(3)): elsewhere node:tty, which takes 3 ms
 * to load, isn't asked.
 *
 * @param fd 1 for standard output, 2 for standard error
 */
export function isTerminal(fd: 1 | 2): boolean {
  let is = known.get(fd);
  if (is === undefined) known.set(fd, (is = isDevice(fd) && streamOf(fd).isTTY));
  return is;
}

/** Columns and rows of the terminal; undefined where it doesn't say, and where there is none. */
export function sizeOf(fd: 1 | 2): {readonly columns: number | undefined; readonly rows: number | undefined} {
  if (!isTerminal(fd)) return {columns: undefined, rows: undefined};
  const {columns, rows} = streamOf(fd);
  return {columns: columns || undefined, rows: rows || undefined};
}

/** Node's stream of a descriptor. Asking for it makes it, which takes 2 ms. */
export const streamOf = (fd: 1 | 2): NodeJS.WriteStream => (fd === 1 ? process.stdout : process.stderr);

/** The major number of /dev/null, /dev/full and their like (the kernel's devices.txt). */
const MEMORY = 1;

function isDevice(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev >> 8 !== MEMORY;
  } catch {
    return false; // It is closed.
  }
}
