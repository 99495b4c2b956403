import {readlinkSync} from 'node:fs';
import {bootIdOf} from '../handle.ts';
import {textIfThere} from '../open.ts';

/** Where and when a PID means what it means. */
export interface Boot {
  /** The boot, and the namespaces of PIDs and of time. */
  readonly id: string;
  /** ms since the machine was started, those of sleep too (CLOCK_BOOTTIME): /proc/uptime. */
  readonly uptime: number;
  /** performance.now() at that moment. */
  readonly now: number;
}

/**
 * This machine's boot, and how long ago it was.
 *
 * @param root where procfs is mounted
 * @returns undefined where it isn't /proc, which may be that of another machine, or where it can't be read
 */
export function bootOf(root: string): Boot | undefined {
  if (root !== '/proc') return undefined;
  const boot = bootIdOf(root);
  const seconds = Number(textIfThere(`${root}/uptime`).split(' ')[0] || NaN);
  if (boot === undefined || !Number.isFinite(seconds)) return undefined;
  return {
    id: [boot, ...['pid', 'time'].map((kind) => namespace(root, kind))].join(' '),
    uptime: seconds * 1000,
    now: performance.now(),
  };
}

/** '' before Linux 5.6, which has no namespaces of time. */
function namespace(root: string, kind: string): string {
  try {
    return readlinkSync(`${root}/self/ns/${kind}`);
  } catch {
    return '';
  }
}
