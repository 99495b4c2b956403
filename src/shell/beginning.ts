import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs';
import {errnoOf} from '../model/trouble.ts';

/**
 * The first bytes of a regular file. A link is not followed, and a FIFO is not waited for.
 *
 * @param most bytes
 * @returns undefined where there is none
 * @throws the system's error, where it is there and can't be read
 */
export function beginningOf(path: string, most: number): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO'].includes(errnoOf(error))) return undefined;
    throw error;
  }
  try {
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = Buffer.alloc(most);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, most, 0));
  } finally {
    closeSync(fd);
  }
}
