import {Series} from '../../../history/series.ts';
import {isSameProcess} from '../../../model/same.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import {Trouble} from '../../../model/trouble.ts';
import {glimpse} from '../../../procfs/capture.ts';
import {pause} from '../../../procfs/sampling/poll.ts';
import {type Growth, growthOf} from '../../growth/growth.ts';

/** Samples of status: it is open to all, and costs the process nothing. */
const SAMPLES = 100;
const LEAST = 64 * 1024;

const DENIED = new Trouble({kind: 'denied', what: '', why: '', next: ''});

/** Judges VmRSS and threads of a process whose memory map may not be read. @returns as it was seen last, too */
export async function watchStatus(
  pid: number,
  root: string,
  duration: number,
  signal: AbortSignal,
): Promise<{readonly growth: Growth | undefined; readonly last: Snapshot | undefined}> {
  const series = new Series(['rss'], 'rss');
  const begin = performance.now();
  let last: Snapshot | undefined;
  for (;;) {
    const snapshot = glimpse(pid, DENIED, root);
    if (!snapshot || (last && !goesOn(snapshot, last))) break;
    last = snapshot;
    series.add({t: performance.now() - begin, snapshot});
    const left = duration - (performance.now() - begin);
    if (left <= 0 || !(await pause(Math.min(left, duration / SAMPLES), signal))) break;
  }
  return {growth: last && growthOf(series, 'rss', LEAST), last};
}

/**
 * A process that ends gives its memory back first (exit_mm() in kernel/exit.c), and is a zombie only then: status has
 * no memory from there on, and what it had is what was seen before.
 */
const goesOn = ({process, status}: Snapshot, last: Snapshot): boolean =>
  status['vmRss'] !== undefined && isSameProcess(process, last.process);
