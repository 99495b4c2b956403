import {readFileSync} from 'node:fs';

/**
 * Are we the job that the terminal listens to? One in the background would be stopped for touching the terminal's modes
 * (SIGTTOU). Fields 5 and 8 of proc_pid_stat(5): our process group, and that of the terminal's foreground.
 */
export function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return false;
  }
}
