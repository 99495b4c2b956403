import {latin1} from '../scan.ts';

/** SysV segments that no process has attached: they stay until somebody removes them. */
export interface Unattached {
  readonly segments: number;
  /** In RAM and on swap. */
  readonly bytes: number;
}

/**
 * /proc/sysvipc/shm: proc(5), shmctl(2). A title and a line for each segment; rss and swap, since Linux 2.6.32, in
 * bytes.
 *
 * @returns undefined if the columns aren't there
 */
export function parseSysvShm(bytes: Uint8Array): Unattached | undefined {
  const [title = '', ...lines] = latin1(bytes, 0, bytes.length).split('\n');
  const names = title.trim().split(/\s+/);
  const columns = ['nattch', 'rss', 'swap'].map((name) => names.indexOf(name));
  if (columns.includes(-1)) return undefined;
  let [segments, sum] = [0, 0];
  for (const line of lines) {
    const values = line.trim().split(/\s+/);
    const [attached, rss, swap] = columns.map((column) => Number(values[column] ?? NaN));
    if (attached !== 0 || !Number.isSafeInteger(rss) || !Number.isSafeInteger(swap)) continue;
    segments++;
    sum += rss! + swap!;
  }
  return {segments, bytes: sum};
}
