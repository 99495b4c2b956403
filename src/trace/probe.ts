import type {Hand} from './hand/hand.ts';
import {ALWAYS, attrBytes, COMMON_FLAGS, SAMPLE, SOFTWARE, TYPE} from './perf/attr.ts';
import {Refused} from './perf/opened.ts';
import {PERF_FD_CLOEXEC} from './perf/ring.ts';

/** What may be watched of a process. */
export interface Means {
  /** Only what happens in user mode. */
  readonly isPlain: boolean;
  /** Does the kernel tell the page size of a fault? */
  readonly knowsPageSize: boolean;
  /** Can events be inherited by threads alone (Linux 5.13)? */
  readonly knowsThreads: boolean;
}

const ESRCH = 3;
const EACCES = 13;

/**
 * Tries events that cost nothing.
 *
 * @returns undefined if the process is gone
 * @throws Refused `process` if only this process may not be watched, else `own`
 */
export async function probe(hand: Hand, pid: number): Promise<Means | undefined> {
  const whole = await tried(hand, pid, {});
  const result = whole === -EACCES ? await tried(hand, pid, {isPlain: true}) : whole;
  if (result === -ESRCH) return undefined;
  const isPlain = whole < 0;
  if (result < 0) {
    const own = await tried(hand, 0, {isPlain: true});
    throw new Refused(own < 0 ? 'own' : 'process', -result);
  }
  return {
    isPlain,
    knowsPageSize: (await tried(hand, pid, {isPlain, knowsPageSize: true})) === 0,
    knowsThreads: (await tried(hand, pid, {isPlain, knowsThreads: true})) === 0,
  };
}

/** @param pid 0 is the hand itself @returns 0, or the negative errno */
async function tried(hand: Hand, pid: number, means: Partial<Means>): Promise<number> {
  const {isPlain, knowsPageSize, knowsThreads} = means;
  const attr = attrBytes({
    type: TYPE.software,
    config: SOFTWARE.dummy,
    period: 1,
    sample: ALWAYS | (knowsPageSize ? SAMPLE.dataPageSize : 0),
    flags: [
      ...COMMON_FLAGS,
      'disabled',
      ...(isPlain ? (['excludeKernel'] as const) : []),
      ...(knowsThreads ? (['inheritThread'] as const) : []),
    ],
    registers: 0n,
    stack: 0,
    wakeup: 0,
  });
  // On any processor: a descriptor with `inherit` is never mapped here.
  const {results} = await hand.batch([['perf_event_open', hand.buffer, pid, -1, -1, PERF_FD_CLOEXEC]], attr);
  const fd = results[0]!;
  if (fd >= 0) await hand.batch([['close', fd]]);
  return Math.min(fd, 0);
}
