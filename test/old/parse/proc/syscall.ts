import {latin1} from '../scan.ts';
import {isExact} from '../../model/region.ts';

/**
 * /proc/PID/task/TID/syscall: the call that a thread waits in with its six arguments, its stack pointer and its program
 * counter; `-1 SP PC` if it waits for something else, `running` if it doesn't wait. proc_pid_syscall(5).
 *
 * @returns the stack pointer; undefined where there is none
 */
export function parseStackPointer(bytes: Uint8Array): number | undefined {
  const match = /^-?\d+ (?:0x[0-9a-f]+ )*(0x[0-9a-f]+) 0x[0-9a-f]+\n?$/.exec(latin1(bytes, 0, bytes.length));
  const pointer = match ? Number(match[1]) : 0;
  return pointer > 0 && isExact(pointer) ? pointer : undefined;
}
