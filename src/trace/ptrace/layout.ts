/*
 * What memmap and the tracer (program.ts) say to each other. All numbers are little endian.
 *
 *   memmap sends      SETUP: which process, how much of its stack, and what to tell of each system call
 *                     ACK, one byte, for each record that waits
 *   the tracer sends  records: a head, registers (CALL, LIGHT), a copy of the stack (CALL)
 */

/** The descriptor of the socket to memmap. */
export const SOCKET = 3;

/** System calls have numbers below this. */
export const MOST_NUMBERS = 512;

/** Offsets in the setup: the PID, bytes of a stack, and a byte for each number of a system call. */
export const SETUP = {pid: 0, stackBytes: 8, table: 16, size: 16 + MOST_NUMBERS} as const;

/**
 * What is told of a system call as it returns.
 *
 * call      with its stack
 * light     without
 * held      with its stack; the thread waits for an ACK, so that its maps can be read as the call left them
 * executes  the same, where its third argument has PROT_EXEC; else as `call`
 */
export const TELL = {call: 1, light: 2, held: 3, executes: 4} as const;

/** Kinds of records. */
export const RECORD = {
  /** `value`: 0, or the negative errno with which the process can't be traced. */
  started: 1,
  call: 2,
  light: 3,
  /** execve(2) has made another program; it waits for an ACK. */
  exec: 4,
  /** A thread has ended. */
  exit: 5,
  /** `value`: the ID of a new thread. */
  thread: 6,
  /** All that had happened when it was asked for by PING is reported. */
  pong: 7,
  /** Nothing is left to trace. */
  end: 8,
} as const;

/** Offsets in the head of a record. `time` is CLOCK_MONOTONIC, in s and ns. */
export const HEAD = {kind: 0, tid: 4, seconds: 8, nanoseconds: 16, value: 24, waits: 32, size: 40} as const;

/** struct user_regs_struct of x86-64 (sys/user.h), in words of 8 bytes, by the names of machine.ts. */
export const USER_REGISTERS = [
  'r15',
  'r14',
  'r13',
  'r12',
  'bp',
  'bx',
  'r11',
  'r10',
  'r9',
  'r8',
  'ax',
  'cx',
  'dx',
  'si',
  'di',
  'number',
  'ip',
  'cs',
  'flags',
  'sp',
  'ss',
  'fsBase',
  'gsBase',
  'ds',
  'es',
  'fs',
  'gs',
] as const;

/** Where a register is, in bytes. */
export const registerAt = (name: (typeof USER_REGISTERS)[number]): number => 8 * USER_REGISTERS.indexOf(name);

export const REGISTERS_SIZE: number = 8 * USER_REGISTERS.length;

/** Bytes of a stack at most. */
export const MOST_STACK = 64 * 1024;
