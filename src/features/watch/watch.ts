import {diffInPlace} from '../../diff/diff.ts';
import {Compare} from '../../history/compare.ts';
import type {Change, Delta} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {poll, type EndReason, type PollOptions} from '../../procfs/poll.ts';
import type {Cost, Session} from '../../procfs/session.ts';
import type {Condition} from './until.ts';

/** What a watch tells, as it happens. `tick` counts the looks after the first. */
export interface Reporter {
  start(snapshot: Snapshot): Promise<void>;
  /** Once a look, whether or not something changed. */
  tick?(tick: number, snapshot: Snapshot): Promise<void>;
  change(tick: number, changes: readonly Change[], delta: Delta, snapshot: Snapshot): Promise<void>;
  exec(tick: number, snapshot: Snapshot): Promise<void>;
  exit(tick: number, state: 'zombie' | 'gone'): Promise<void>;
  end(ticks: number, reason: WatchEnd, cost: WatchCost): Promise<void>;
  /** The watch failed, and nothing more will be told: a terminal is restored, for the message that comes. */
  abandon?(): void;
}

/** Why it ended: beside the limits, `until` (the condition came true), `quit`, or a signal's name. */
export type WatchEnd = Exclude<EndReason, 'stopped'> | 'until' | 'quit' | NodeJS.Signals;

/** What watching cost; times in ms. `duty` is the part of the time that was spent looking. */
export interface WatchCost extends Cost {
  readonly duty: number;
}

interface WatchOptions extends PollOptions {
  readonly until?: Condition | undefined;
  /** Asked when the polling was stopped: by which signal? */
  readonly stoppedBy?: () => NodeJS.Signals | undefined;
}

/** Watches a process until it ends or a limit is reached, and tells each change as it is seen. */
export async function watch(session: Session, options: WatchOptions, reporter: Reporter): Promise<WatchEnd> {
  const begin = performance.now();
  const compare = new Compare(session.snapshot, diffInPlace);
  let tick = 0;
  try {
    await reporter.start(session.snapshot);
    const reason = await follow();
    const {ms, ...cost} = session.cost;
    await reporter.end(tick, reason, {...cost, ms, duty: ms / Math.max(1, performance.now() - begin)});
    return reason;
  } catch (error) {
    reporter.abandon?.();
    throw error;
  }

  async function follow(): Promise<WatchEnd> {
    if (options.until?.(session.snapshot)) return 'until';
    const looks = poll(session, options);
    for (;;) {
      const next = await looks.next();
      if (next.done) return next.value === 'stopped' ? (options.stoppedBy?.() ?? 'quit') : next.value;
      const look = next.value;
      tick++;
      if (look.saw === 'exit') await reporter.exit(tick, look.state);
      else if (look.saw === 'exec') await reporter.exec(tick, compare.restart(look.snapshot));
      else {
        const {changes, delta} = compare.next(look.snapshot);
        if (changes.length > 0) await reporter.change(tick, changes, delta, look.snapshot);
        await reporter.tick?.(tick, look.snapshot);
      }
      if (look.saw !== 'exit' && options.until?.(look.snapshot)) return 'until';
    }
  }
}
