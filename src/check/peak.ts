import type {Seen} from '../model/series.ts';
import {totalsByKind} from '../model/totals.ts';
import type {Subject} from './rule.ts';

/** The highest amount seen. */
export interface Peak {
  readonly value: number;
  /** ms */
  readonly at: number;
  readonly isExact: boolean;
}

/** status has the present value of some totals: known at each look, and where the regions' sums are not. */
const OF_STATUS: Readonly<Record<string, string>> = {
  rss: 'vmRss',
  size: 'vmSize',
  swap: 'vmSwap',
  locked: 'vmLck',
  threads: 'threads',
};

/** And of these the highest since the program began (proc_pid_status(5)): VmHWM, "high water mark", and VmPeak. */
const PEAK_OF_STATUS: Readonly<Record<string, string>> = {rss: 'vmHwm', size: 'vmPeak'};

/**
 * How much there is of something at one moment, or was until then where the kernel keeps that.
 *
 * @returns undefined if the moment doesn't say
 */
export function amountAt({snapshot, status = snapshot.status, t}: Seen, {of, counter}: Subject): Peak | undefined {
  if (of !== 'total') {
    const totals = totalsByKind(snapshot.regions).get(of);
    const isKnown = counter === 'size' || counter === 'regions' || snapshot.totals[counter] !== undefined;
    return isKnown ? {value: totals?.[counter] ?? 0, at: t, isExact: false} : undefined;
  }
  const highest = numberOf(status, PEAK_OF_STATUS[counter]);
  const now = numberOf(status, OF_STATUS[counter]);
  // The vsyscall page is listed, and is no part of the process: status leaves it out, the sum doesn't.
  const sum = counter === 'size' && (highest ?? now) !== undefined ? undefined : snapshot.totals[counter];
  const known = [highest, now, sum].filter((value) => value !== undefined);
  return known.length === 0 ? undefined : {value: Math.max(...known), at: t, isExact: highest !== undefined};
}

function numberOf(status: Seen['status'], key: string | undefined): number | undefined {
  const value = key === undefined ? undefined : status?.[key];
  return typeof value === 'number' ? value : undefined;
}
