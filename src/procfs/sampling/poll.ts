import {setTimeout as sleep} from 'node:timers/promises';
import {Trouble} from '../../model/trouble.ts';
import {LONGEST_TIMER} from '../open.ts';
import type {Look, Session} from './session.ts';

export interface PollOptions {
  /** ms between the beginnings of two looks. */
  readonly interval: number;
  /** Looks at most. */
  readonly count?: number | undefined;
  /** ms at most. */
  readonly duration?: number | undefined;
  /** Ends the polling at once; its reason is handed on. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Many programs are short. So the looks come 1, 2, 4, 8, … ms after the start of one, until the interval is reached;
   * and again after each exec.
   */
  readonly isEager?: boolean | undefined;
}

/** ms to the first look, where the looks come close together at first. */
const FIRST_PAUSE = 1;

/** Why the polling ended: the process ended, the given number of looks or time is over, or the caller stopped it. */
export type EndReason = 'exit' | 'count' | 'for' | 'stopped';

/**
 * Looks at a process at an interval, until it ends or a limit is reached. The beat is kept: a look that takes long
 * makes the next pause shorter, and beats that it overran are skipped; so are those at which maps must rest. At the
 * look that is known to be the last one smaps is read.
 */
export async function* poll(session: Session, options: PollOptions): AsyncGenerator<Look, EndReason> {
  const {interval, count = Infinity, duration = Infinity, signal, isEager = false} = options;
  const begin = performance.now();
  /** When the beat began: with the polling, or the program. */
  let first = 0;
  for (let looks = 0; looks < count; looks++) {
    const elapsed = performance.now() - begin;
    const since = elapsed - first;
    const rest = session.rest;
    const due = Math.max(1, Math.ceil(since / interval));
    const beats = Math.max(due, Math.ceil((since + rest) / interval));
    const beat = first + beats * interval;
    const next = isEager ? Math.min(beat, elapsed + Math.max(FIRST_PAUSE, since, rest)) : beat;
    const end = Math.min(next, duration);
    if (!(await pause(end - elapsed, signal))) return 'stopped';
    if (end === duration && duration < next) return 'for';
    await session.readable(signal);
    if (signal?.aborted) return 'stopped';
    if (next === beat && beats > due) session.passOver(beats - due);
    const look = session.look(looks === count - 1 || end === duration);
    if (isEager && look.saw === 'exec') first = performance.now() - begin;
    yield look;
    if (look.saw === 'exit') return 'exit';
    if (performance.now() - begin >= duration) return 'for';
  }
  return 'count';
}

/** Waits for this many ms, however many. @returns false if it was ended by the signal */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted) return false;
  try {
    for (let left = Math.max(0, ms); left >= 0; left -= LONGEST_TIMER)
      await sleep(Math.min(left, LONGEST_TIMER), undefined, signal ? {signal} : {});
    return true;
  } catch {
    return false;
  }
}

/** ms for which a last look may wait for a thread that may hold the lock. */
const LAST_WAIT = 1000;

/**
 * The last look, where smaps was not read just now though it may be: so the end is known as well as the start.
 *
 * @returns undefined if there is nothing to add, or the map can't be read now
 */
export async function lastLook(session: Session): Promise<Look | undefined> {
  if (!session.owesUsage) return undefined;
  const patience = AbortSignal.timeout(LAST_WAIT);
  try {
    await session.readable(patience);
    return patience.aborted ? undefined : session.look(true);
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  }
}
