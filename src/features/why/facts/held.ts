import {heldBy} from '../../../model/host/descriptors.ts';
import type {Points} from '../../../history/series.ts';
import {readDescriptors} from '../../../procfs/details/descriptors.ts';
import {ProcessHandle} from '../../../procfs/handle.ts';
import {regionsNow} from '../../../procfs/regions.ts';
import {pause} from '../../../procfs/sampling/poll.ts';
import {judge, type Judgement} from '../../growth/verdict/judge.ts';

/** Bytes that descriptors hold and no region maps, over time. */
export interface HeldLine extends Judgement {
  readonly points: Points;
  readonly first: number;
  readonly last: number;
}

/** Samples in all; each takes memmap a tenth of the time between two at most. */
const SAMPLES = 24;
const PART = 10;

/** A movement of fewer bytes doesn't matter. */
const LEAST = 256 * 1024;

/**
 * Follows what the open descriptors of a process hold besides its regions: leaked memfds are in no other figure.
 *
 * @param duration ms
 * @returns undefined where /proc/PID/fd may not be read
 */
export async function watchHeld(
  pid: number,
  root: string,
  duration: number,
  signal: AbortSignal,
): Promise<HeldLine | undefined> {
  let handle: ProcessHandle | undefined;
  const points = {t: [] as number[], v: [] as number[]};
  const begin = performance.now();
  try {
    handle = new ProcessHandle(pid, root);
    for (;;) {
      const started = performance.now();
      const descriptors = readDescriptors({path: (file) => handle!.path(file)});
      if (!descriptors) break;
      points.t.push(started - begin);
      // Without memory in descriptors it doesn't matter what is mapped.
      const isEmpty = descriptors.held.every(({bytes}) => bytes === 0);
      points.v.push(isEmpty ? 0 : heldBy(descriptors, regionsNow(handle).mapped).unmapped);
      const took = performance.now() - started;
      const wait = Math.max(duration / SAMPLES - took, PART * took);
      if (started - begin + wait > duration || !(await pause(wait, signal))) break;
    }
  } catch {
    // It ended: what was seen until then is judged.
  } finally {
    handle?.close();
  }
  if (points.t.length === 0) return undefined;
  return {points, first: points.v[0]!, last: points.v.at(-1)!, ...judge(points, LEAST)};
}
