import type {ReadAt} from '../elf/headers.ts';
import {latin1, placeOfText} from '../scan.ts';

/**
 * As glibc prints it when it is executed: `GNU C Library (Debian GLIBC 2.36-9+deb12u14) stable release version 2.36.`
 */
const BANNER = 'GNU C Library (';
const RELEASE = /^GNU C Library \([^\n]{0,200}?\) \w+ release version (\d+)\.(\d+)/;

/** A C library has 2 MiB, a static program seldom more than this. */
const MOST = 64 * 2 ** 20;
const PIECE = 2 ** 20;

/** Enough for the banner that begins at the end of a piece. */
const OVERLAP = 512;

/**
 * Finds out which version of glibc a file contains.
 *
 * @param read gives bytes of the file
 * @param size bytes of the file
 * @returns such as `2.36`
 */
export function versionIn(read: ReadAt, size: number): string | undefined {
  for (let at = 0; at < Math.min(size, MOST); at += PIECE) {
    const bytes = read(at, PIECE + OVERLAP);
    for (let from = placeOfText(bytes, BANNER); from >= 0; from = placeOfText(bytes, BANNER, from + 1)) {
      const found = RELEASE.exec(latin1(bytes, from, Math.min(bytes.length, from + OVERLAP)));
      if (found) return `${found[1]}.${found[2]}`;
    }
  }
  return undefined;
}
