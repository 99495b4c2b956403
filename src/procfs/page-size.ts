import {readProc} from './open.ts';

const AT_PAGESZ = 6n;
const USUAL = 4096;

/**
 * Bytes of a page on this machine: AT_PAGESZ of our own auxiliary vector, getauxval(3). One kernel has one page size, and it
 * isn't in maps: it is 16 or 64 KiB on some arm64 and ppc64 machines.
 */
export function pageSizeHere(root = '/proc'): number {
  try {
    const bytes = readProc(`${root}/self/auxv`);
    const words = new BigUint64Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 3);
    for (let index = 0; index + 1 < words.length; index += 2) {
      if (words[index] === AT_PAGESZ) return Number(words[index + 1]);
    }
  } catch {
    // Hidden, or a folder that only looks like /proc.
  }
  return USUAL;
}
