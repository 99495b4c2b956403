import {closeSync, readFileSync, readSync} from 'node:fs';
import {errnoOf, Trouble} from '../model/trouble.ts';
import type {ProcessHandle} from './handle.ts';
import {openProc} from './open.ts';
import {processTrouble} from './trouble.ts';

const AT_PAGESZ = 6;

/** Bytes of a page on this machine: AT_PAGESZ of our own auxiliary vector, getauxval(3). */
export function pageSizeHere(): number {
  const auxv = readFileSync('/proc/self/auxv');
  const words = new BigUint64Array(auxv.buffer.slice(auxv.byteOffset, auxv.byteOffset + (auxv.length & ~7)));
  for (let at = 0; at + 1 < words.length; at += 2) if (words[at] === BigInt(AT_PAGESZ)) return Number(words[at + 1]);
  return 4096;
}

/**
 * The word of /proc/PID/pagemap for the page with an address: proc_pid_pagemap(5). Eight bytes are read, and nothing else.
 *
 * @returns undefined where the kernel has none: above user space, or the process is gone; a Trouble (`denied`) as a value
 * where it may not be read
 */
export function readPageWord(handle: ProcessHandle, address: bigint): bigint | Trouble | undefined {
  let fd: number | undefined;
  try {
    fd = openProc(handle.path('pagemap'));
    const bytes = Buffer.alloc(8);
    const count = readSync(fd, bytes, 0, 8, (address / BigInt(pageSizeHere())) * 8n);
    return count === 8 ? new BigUint64Array(bytes.buffer, bytes.byteOffset, 1)[0] : undefined;
  } catch (error) {
    return /^E(ACCES|PERM)$/.test(errnoOf(error)) ? processTrouble(handle.pid, error, handle.root) : undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
