import {readIfThere} from './open.ts';

/**
 * What a process was started as, or calls itself: /proc/PID/cmdline as ps(1) shows it, the words joined by blanks.
 * setproctitle(3) writes over it. It may hold passwords, and everybody may read it, unless /proc is mounted with
 * hidepid.
 *
 * It is in the memory of the process, and reading it waits for the lock of its map, which a process in uninterruptible
 * sleep may hold for long: such a one is not asked.
 *
 * @param folder /proc/PID, however it is reached
 * @param state one letter of proc_pid_stat(5)
 * @returns undefined where there is none (a kernel thread, a zombie), or it was not read
 */
export function titleIn(folder: string, state: string): string | undefined {
  if (state === 'D') return undefined;
  const bytes = readIfThere(`${folder}/cmdline`);
  return bytes && titleOf(bytes);
}

/** @param bytes of cmdline @returns undefined where there is none */
export const titleOf = (bytes: Buffer): string | undefined =>
  bytes.toString('utf8').replaceAll('\0', ' ').trim() || undefined;
