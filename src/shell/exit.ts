import {constants} from 'node:os';
import type {TroubleKind} from '../model/trouble.ts';

/** memmap's exit codes. Scripts rely on them. */
export const EXIT = {
  done: 0,
  /** The answer is "no": there are changes, or an observation did not match its prediction. */
  no: 1,
  usage: 2,
  gone: 3,
  denied: 4,
  incomplete: 5,
  input: 6,
  output: 7,
  deadline: 8,
  bug: 70,
} as const;

export const exitOf = (kind: TroubleKind): number => EXIT[kind];

/** glibc's SIGRTMIN: the kernel's real-time signals begin at 32, and glibc keeps two for itself (signal(7)). */
const RTMIN = 34;
const RTMIN_NAME = 'SIGRTMIN';

/** The name of a signal. Node has none for the real-time signals, which are counted from SIGRTMIN. */
export function signalName(number: number): string {
  const known = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  const beyond = number - RTMIN;
  return known ?? `${RTMIN_NAME}${beyond < 0 ? '' : '+'}${beyond}`;
}

/** Ended by a signal, as shells count it: 130 for Ctrl-C. @param signal its name, as signalName gives it */
export const exitOfSignal = (signal: string): number =>
  128 + ((constants.signals as Record<string, number>)[signal] ?? RTMIN + Number(signal.slice(RTMIN_NAME.length)));
