import {type EndReason, pause} from '../sampling/poll.ts';
import type {Host, HostWatch} from './host.ts';

interface RoundOptions {
  /** ms between the beginnings of two rounds. */
  readonly interval: number;
  /** Rounds at most. */
  readonly count?: number | undefined;
  /** ms at most. */
  readonly duration?: number | undefined;
  readonly signal: AbortSignal;
}

/** ms of reading after which others have their turn: keys, and signals. */
const TURN = 25;

/** Nothing is read for this many times as long as a round took: a quarter of the time is spent reading at most. */
const REST = 3;

/**
 * Looks at all processes at an interval, from now on. The beat is kept: a round that takes long makes the next pause
 * shorter, and beats that it overran are skipped; and so are those at which it must rest.
 */
export async function* rounds(watch: HostWatch, options: RoundOptions): AsyncGenerator<Host, EndReason> {
  const {interval, count = Infinity, duration = Infinity, signal} = options;
  const begin = performance.now();
  for (let done = 0; ;) {
    const host = await lookInTurns(watch, signal);
    if (!host) return 'stopped';
    yield host;
    if (++done >= count) return 'count';
    const elapsed = performance.now() - begin;
    if (elapsed >= duration) return 'for';
    const next = Math.ceil((elapsed + REST * host.ms) / interval) * interval;
    if (!(await pause(Math.min(next, duration) - elapsed, signal))) return 'stopped';
    if (next > duration) return 'for';
  }
}

/** @returns undefined if it was ended by the signal */
async function lookInTurns(watch: HostWatch, signal: AbortSignal): Promise<Host | undefined> {
  const steps = watch.steps();
  let begin = performance.now();
  for (;;) {
    if (signal.aborted) return undefined;
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() - begin < TURN) continue;
    await new Promise((resolve) => setImmediate(resolve));
    begin = performance.now();
  }
}
