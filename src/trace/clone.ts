/*
 * How a thread or a process was made: include/uapi/linux/sched.h.
 */

/** The new one has the same memory, and not a copy of it. */
export const CLONE_VM = 0x100n;
/** Whoever made it waits until it has executed a program, or ended. */
export const CLONE_VFORK = 0x4000n;
export const CLONE_THREAD = 0x10000n;

/** Numbers of x86-64. */
const [CLONE, VFORK, CLONE3] = [56, 58, 435];

/**
 * How a process was made. The flags of clone3(2) are in memory, and may be gone: posix_spawn(3) makes processes like
 * vfork(2) does.
 *
 * @param number of the call
 * @param first its first argument
 */
export function cloneFlags(number: number, first: bigint): bigint {
  if (number === VFORK || number === CLONE3) return CLONE_VM | CLONE_VFORK;
  return number === CLONE ? first : 0n;
}
