/*
 * What memmap and the hand (program.ts) say to each other, and where the hand keeps it. All numbers are 64 bits, little
 * endian.
 *
 *   memmap sends    calls, bytes                     how many calls follow, and how many bytes after them
 *                   calls × (number, 6 arguments)
 *                   bytes                            put into the buffer before the first call
 *   the hand sends  what calls of write(2) on SOCKET sent
 *                   calls × result                   -4095 to -1 is an error, the negative errno
 */
import {ARM64, type Machine, RISCV64, X64} from '../../elf/program.ts';

/** The processors for which there is a hand, by Node's names. */
export type Architecture = 'x64' | 'arm64' | 'riscv64';

/** The descriptor of the socket to memmap. */
export const SOCKET = 3;

/** Numbers that are not system calls. LOAD: the result is the 64 bits at argument 0. STORE: puts argument 1 there. */
export const LOAD = -1;
export const STORE = -2;

/** Bytes of the head of a message, and of a call in it. */
export const HEAD_SIZE = 16;
export const CALL_SIZE = 56;

/** How many calls a message may have, and how many bytes after them. A hand that is sent more ends. */
export const MOST_CALLS = 4096;
export const BUFFER_SIZE = 0x100000;

interface Layout {
  readonly machine: Machine;
  readonly base: number;
  readonly text: number;
  /** What is writable begins here, with the head of a message. */
  readonly data: number;
  readonly results: number;
  readonly calls: number;
  /** Where the bytes of a message are put. */
  readonly buffer: number;
  readonly end: number;
}

/** Addresses. Segments differ from their file offsets by whole pages of the machine's largest size. */
export const LAYOUTS: Readonly<Record<Architecture, Layout>> = {
  x64: layout(X64, 0x401000, 0x402000),
  arm64: layout(ARM64, 0x411000, 0x422000),
  riscv64: layout(RISCV64, 0x411000, 0x422000),
};

function layout(machine: Machine, text: number, data: number): Layout {
  const results = data + 0x1000;
  const calls = results + MOST_CALLS * 8;
  const buffer = calls + MOST_CALLS * CALL_SIZE;
  return {machine, base: 0x400000, text, data, results, calls, buffer, end: buffer + BUFFER_SIZE};
}
