import {Series} from '../../history/series.ts';
import {Trouble} from '../../model/trouble.ts';
import {glimpse} from '../../procfs/capture.ts';
import {pause} from '../../procfs/sampling/poll.ts';
import {type Growth, growthOf} from '../growth/growth.ts';

/** Samples of status: it is open to all, and costs the process nothing. */
const SAMPLES = 100;
const LEAST = 64 * 1024;

const DENIED = new Trouble({kind: 'denied', what: '', why: '', next: ''});

/** Judges VmRSS and threads of a process whose memory map may not be read. @returns undefined if it ends at once */
export async function watchStatus(
  pid: number,
  root: string,
  duration: number,
  signal: AbortSignal,
): Promise<Growth | undefined> {
  const series = new Series(['rss'], 'rss');
  const begin = performance.now();
  for (;;) {
    const snapshot = glimpse(pid, DENIED, root);
    if (!snapshot) break;
    series.add({t: performance.now() - begin, snapshot});
    const left = duration - (performance.now() - begin);
    if (left <= 0 || !(await pause(Math.min(left, duration / SAMPLES), signal))) break;
  }
  return series.times.length === 0 ? undefined : growthOf(series, 'rss', LEAST);
}
