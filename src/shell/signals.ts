import {setTimeout as sleep} from 'node:timers/promises';
import {isatty} from 'node:tty';

/** A request to end: Ctrl-C, a signal, or the key that quits. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Which signal came; undefined if none did. */
  readonly received: () => NodeJS.Signals | undefined;
  /** Ends as if the signal had come, or, without one, as the user asked. */
  readonly end: (signal?: NodeJS.Signals) => void;
  readonly dispose: () => void;
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * From now on these signals don't kill: they end the work in order, so that the last data is written and the terminal
 * restored.
 */
export function interruption(): Interruption {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const end = (signal?: NodeJS.Signals): void => {
    received ??= signal;
    controller.abort();
  };
  for (const signal of ENDING) process.on(signal, end);
  const terminals = [0, 1, 2].filter(isatty);
  // Node can't restore the modes of a terminal that went away, and aborts (ResetStdio in its node.cc): so the signal
  // must end us.
  process.once('exit', () => {
    if (received !== 'SIGHUP' || terminals.every(isatty)) return;
    process.off('SIGHUP', end);
    process.kill(process.pid, 'SIGHUP');
  });
  return {
    signal: controller.signal,
    received: () => received,
    end,
    dispose: () => ENDING.forEach((signal) => process.off(signal, end)),
  };
}

/**
 * Ends like any program whose terminal went away: by SIGHUP, quietly. An orderly exit is not possible, since Node can't
 * restore the modes of such a terminal and aborts (ResetStdio in its node.cc).
 */
export function hangUp(interruption: Interruption): void {
  interruption.dispose();
  process.kill(process.pid, 'SIGHUP');
}

/**
 * A terminal's Ctrl-C ends our children too, and their end may be seen first.
 *
 * @throws the error, unless a signal came with it
 */
export async function unlessInterrupted(error: unknown, interrupted: Interruption): Promise<undefined> {
  await sleep(50);
  if (interrupted.received() === undefined) throw error;
}
