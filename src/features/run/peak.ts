import type {ProcessEnd} from '../watch/events.ts';

/** The highest resident set (RSS) of a command, or of one of its family, in bytes. */
export interface PeakRss {
  readonly value: number;
  /** It is the peak to the very end, of all that there was: else it may have been higher, or be more of several. */
  readonly isExact: boolean;
  /** The kernel told it at the end, and no sample was as high. */
  readonly isTold: boolean;
}

/**
 * What is known of the peak once a command has ended. The highest sample of VmHWM misses what came after it.
 *
 * @param sampled the highest VmHWM that was seen, in bytes; 0 if there was none
 * @returns undefined if nothing is known
 */
export function peakOf({usage, orphans = []}: ProcessEnd, sampled: number): PeakRss | undefined {
  const told = usage ? Math.max(usage.maxRss, ...orphans.map(({maxRss}) => maxRss)) : 0;
  const value = Math.max(told, sampled);
  return value > 0 ? {value, isExact: usage?.isAlone === true, isTold: told > sampled} : undefined;
}
