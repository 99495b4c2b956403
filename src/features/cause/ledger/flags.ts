import {PR_SET_MEMORY_MERGE} from '../../../trace/calls.ts';
import type {LedgerCall} from './effect.ts';

/**
 * The VmFlags (proc_pid_smaps(5)) that calls change which leave the memory where it is; undefined where it may be any.
 * Of advice (madvise(2)) by its number: what is not here is about pages, and leaves the mapping as it is.
 */
const PROTECTION = ['rd', 'wr', 'ex', 'mr', 'mw', 'me', 'ms', 'ac', 'nr', 'sd'];
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  mprotect: PROTECTION,
  pkey_mprotect: PROTECTION,
  mlock: ['lo', 'lf'],
  mlock2: ['lo', 'lf'],
  munlock: ['lo', 'lf'],
  mlockall: ['lo', 'lf'],
  munlockall: ['lo', 'lf'],
  mseal: ['sl'],
  prctl: [],
  mbind: [],
};
const ACCESS = ['rr', 'sr'];
const FORK = ['dc', 'wf'];
const HUGE = ['hg', 'nh'];
const ADVICE: ReadonlyMap<number, readonly string[]> = new Map([
  [0, ACCESS],
  [1, ACCESS],
  [2, ACCESS],
  [10, FORK],
  [11, FORK],
  [12, ['mg']],
  [13, ['mg']],
  [14, HUGE],
  [15, HUGE],
  [16, ['dd']],
  [17, ['dd']],
  [18, FORK],
  [19, FORK],
  [102, ['gu']],
]);
/**
 * MADV_WILLNEED, DONTNEED, FREE, REMOVE, COLD, PAGEOUT, POPULATE_READ, POPULATE_WRITE, DONTNEED_LOCKED, COLLAPSE,
 * GUARD_REMOVE (the mapping keeps its flag).
 */
const ABOUT_PAGES: ReadonlySet<number> = new Set([3, 4, 8, 9, 20, 21, 22, 23, 24, 25, 103]);

const adviceOf = ({args}: LedgerCall): number => Number(BigInt.asIntN(32, args?.[2] ?? -1n));

/** Does it leave what the kernel lists of a mapping as it is? */
export const isAboutPages = (call: LedgerCall): boolean => call.name === 'madvise' && ABOUT_PAGES.has(adviceOf(call));

/** @returns which VmFlags a call may change; undefined: any */
export function flagsOf(call: LedgerCall): readonly string[] | undefined {
  if (call.name === 'madvise') return ADVICE.get(adviceOf(call));
  return call.name === 'prctl' && call.args?.[0] === PR_SET_MEMORY_MERGE ? ['mg'] : FLAGS[call.name];
}
