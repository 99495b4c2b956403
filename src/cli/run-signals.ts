import type {Target} from '../lessons/gate.ts';

/** A terminal sends these to the whole foreground group: the target has them already, and we must outlive it. */
const SHARED = ['SIGINT', 'SIGQUIT'] as const;

/** These come to one process: who sends them to us means the target. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** From now on the target has its signals, and memmap ends when it does. @returns how to undo that */
export function leaveSignalsTo(target: Target): () => void {
  const ignore = (): void => {};
  const forward = (signal: NodeJS.Signals): void => target.signal(signal);
  for (const signal of SHARED) process.on(signal, ignore);
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of SHARED) process.off(signal, ignore);
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}
