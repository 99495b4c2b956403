import {call, type Operation, type Value} from '../program/program.ts';

/** Constants of <sys/mman.h>, the same on all machines here (include/uapi/asm-generic/mman-common.h, mman.h). */
export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_READ_WRITE = 3;

const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_ANONYMOUS = 0x20;
const MAP_FIXED_NOREPLACE = 0x100000;

export const PAGE = 4096;

/**
 * Where lessons map: far above the program and any place where its heap may begin (up to 1 GiB above the program), and
 * far below the libraries. The places are 2 MiB apart, since the kernel merges neighbours that are alike.
 */
export const place = (number: number): number => 0x1_0000_0000 + number * 0x20_0000;

/** mmap(2) of memory without a file, at an address of our choice; the address goes into a slot. */
export const mapAnonymous = (at: number, pages: number, protection = PROT_READ_WRITE, into = 'memory'): Operation =>
  call('mmap', [at, pages * PAGE, protection, MAP_PRIVATE + MAP_ANONYMOUS + MAP_FIXED_NOREPLACE, -1, 0], into);

/** mmap(2) of a file whose descriptor is in a slot. */
export const mapFile = (
  at: number,
  pages: number,
  how: {readonly protection: number; readonly isShared: boolean; readonly file: Value; readonly offset?: number},
  into = 'memory',
): Operation =>
  call(
    'mmap',
    [
      at,
      pages * PAGE,
      how.protection,
      (how.isShared ? MAP_SHARED : MAP_PRIVATE) + MAP_FIXED_NOREPLACE,
      how.file,
      how.offset ?? 0,
    ],
    into,
  );
