import type {Host, HostWatch} from '../../procfs/host/host.ts';
import {rounds} from '../../procfs/host/rounds.ts';
import {nextPicture, type TopPicture} from './picture.ts';

/** What a sample showed, and what all samples cost so far. */
export interface Sample {
  readonly picture: TopPicture;
  readonly cost: TopCost;
}

/** What sampling cost; times in ms. */
export interface TopCost {
  readonly samples: number;
  /** Since the first sample began. */
  readonly passed: number;
  readonly ms: number;
  /** For how long all processes together were held up, and one in one sample at most. */
  readonly stallMs: number;
  readonly longestMs: number;
}

/** The share of the time that sampling took; undefined where too little has passed to call it one. */
export const dutyOf = ({samples, passed, ms}: TopCost): number | undefined =>
  samples > 1 && passed >= 1000 ? ms / passed : undefined;

/** Who receives the samples. */
export interface TopSink {
  /** The next sample comes once this has settled. */
  tell(sample: Sample): Promise<void> | void;
  /** No more come. @param sample the latest; undefined: there was none */
  end(sample: Sample | undefined): Promise<void>;
  /** Something failed: the terminal is restored before the message is printed. */
  abandon?(): void;
}

/**
 * Looks at all processes at an interval, and tells a sink.
 *
 * @param check called with what was seen first @throws what it throws
 */
export async function top(
  watch: HostWatch,
  options: Parameters<typeof rounds>[1],
  sink: TopSink,
  check: (host: Host) => void,
): Promise<void> {
  const begin = performance.now();
  let sample: Sample | undefined;
  let cost: TopCost = {samples: 0, passed: 0, ms: 0, stallMs: 0, longestMs: 0};
  try {
    for await (const host of rounds(watch, options)) {
      if (!sample) check(host);
      cost = costAfter(cost, host, begin);
      const first: number = sample ? sample.picture.host.now - sample.picture.ms : host.now;
      sample = {picture: nextPicture(sample?.picture, host, host.now - first), cost};
      await sink.tell(sample);
    }
    await sink.end(sample);
  } catch (error) {
    sink.abandon?.();
    throw error;
  }
}

const costAfter = ({samples, ms, stallMs, longestMs}: TopCost, host: Host, begin: number): TopCost => ({
  samples: samples + 1,
  passed: host.now - begin,
  ms: ms + host.ms,
  stallMs: stallMs + host.stallMs,
  longestMs: Math.max(longestMs, host.longestMs),
});
