/** A wish to end: Ctrl-C, a signal, or the key that quits. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Which signal came; undefined if none did. */
  readonly received: () => NodeJS.Signals | undefined;
  /** Ends as if the signal had come, or, without one, as wished by the user. */
  readonly end: (signal?: NodeJS.Signals) => void;
  readonly dispose: () => void;
}

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** From now on these signals don't kill: they end the work in order, so that the last data is written and the terminal restored. */
export function interruption(): Interruption {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const end = (signal?: NodeJS.Signals): void => {
    received ??= signal;
    controller.abort();
  };
  for (const signal of ENDING) process.on(signal, end);
  return {
    signal: controller.signal,
    received: () => received,
    end,
    dispose: () => ENDING.forEach((signal) => process.off(signal, end)),
  };
}
