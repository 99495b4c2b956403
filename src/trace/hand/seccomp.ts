import {handCall, type HandCall} from './calls.ts';
import type {Architecture} from './layout.ts';

/** What the hand does once its events are open: it reads messages and counters, sends, waits, and ends. */
const ALLOWED: readonly HandCall[] = ['read', 'write', 'ppoll', 'restart_syscall', 'exit_group'];

/** Of ioctl(2) it only needs to stop its events: PERF_EVENT_IOC_DISABLE. */
export const IOC_DISABLE = 0x2401;

/** AUDIT_ARCH_… of include/uapi/linux/audit.h. */
const AUDIT_ARCH: Readonly<Record<Architecture, number>> = {
  x64: 0xc000003e,
  arm64: 0xc00000b7,
  riscv64: 0xc00000f3,
};

/** include/uapi/linux/bpf_common.h: load a word of struct seccomp_data; jump if equal; return. */
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const RETURN = 0x06;

/** include/uapi/linux/seccomp.h: offsets in struct seccomp_data, and verdicts. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENT_1 = 24;
const KILL_PROCESS = 0x80000000;
const ALLOW = 0x7fff0000;

/** Bytes of struct sock_filter. */
const INSTRUCTION = 8;

/** Bytes of struct sock_fprog, before which the filter is put. */
const PROGRAM = 16;

/**
 * The filter for seccomp(2) with which the hand limits itself: any other call kills it.
 *
 * @param address where the bytes will be
 * @returns struct sock_fprog, and after it the filter to which it points
 */
export function seccompProgram(architecture: Architecture, address: number): Uint8Array {
  const allowed = ALLOWED.map((name) => handCall(name, architecture));
  // Jumps count instructions from the next one. After the tests of numbers come: ioctl?, kill, argument, stop?, kill,
  // allow.
  const tests = allowed.map((number, i) => [JUMP_EQUAL, allowed.length - i + 4, 0, number]);
  const filter = [
    [LOAD_WORD, 0, 0, ARCHITECTURE],
    [JUMP_EQUAL, 1, 0, AUDIT_ARCH[architecture]],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, NUMBER],
    ...tests,
    [JUMP_EQUAL, 1, 0, handCall('ioctl', architecture)],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD_WORD, 0, 0, ARGUMENT_1],
    [JUMP_EQUAL, 1, 0, IOC_DISABLE],
    [RETURN, 0, 0, KILL_PROCESS],
    [RETURN, 0, 0, ALLOW],
  ];
  const bytes = new Uint8Array(PROGRAM + filter.length * INSTRUCTION);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, filter.length, true);
  view.setBigUint64(8, BigInt(address + PROGRAM), true);
  for (const [i, [code = 0, ifTrue = 0, ifFalse = 0, value = 0]] of filter.entries()) {
    const at = PROGRAM + i * INSTRUCTION;
    view.setUint16(at, code, true);
    view.setUint8(at + 2, ifTrue);
    view.setUint8(at + 3, ifFalse);
    view.setUint32(at + 4, value, true);
  }
  return bytes;
}
