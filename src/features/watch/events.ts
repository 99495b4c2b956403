import type {Change, Delta} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {Cost} from '../../procfs/session.ts';

/**
 * What a watch, a run or a replay tells, as it happens. `start` comes first and `end` last. Each look is one event:
 * `look` if nothing changed (or nobody compared), `change`, `exec` or `exit`.
 */
export type WatchEvent = StartEvent | LookEvent | ChangeEvent | MarkEvent | ExecEvent | ExitEvent | EndEvent;

/** When it was. */
export interface Stamp {
  /** The time of day, ISO 8601. */
  readonly at: string;
  /** ms since the watch began; in a run, since the command was let go. This clock never goes back. */
  readonly t: number;
  /** The number of the look, the first one not counted. */
  readonly tick: number;
  /** In a recording: the number of the moment. */
  readonly moment?: number | undefined;
}

/** The process as a look saw it. */
interface Seen extends Stamp {
  readonly snapshot: Snapshot;
  /** The present /proc/PID/status: a snapshot of maps alone has an older one. */
  readonly status: Snapshot['status'];
}

export interface StartEvent extends Seen {
  readonly event: 'start';
  /** It is the gate that is seen. The command itself begins with `exec`. */
  readonly isGate?: boolean | undefined;
}

export interface LookEvent extends Seen {
  readonly event: 'look';
}

export interface ChangeEvent extends Seen {
  readonly event: 'change';
  readonly changes: readonly Change[];
  readonly delta: Delta;
}

/** Somebody gave this moment a name. */
interface MarkEvent extends Stamp {
  readonly event: 'mark';
  readonly name: string;
}

/** Another program began: nothing of what was there before is left. */
export interface ExecEvent extends Seen {
  readonly event: 'exec';
}

/** The process ended; a zombie still waits for its parent. */
export interface ExitEvent extends Stamp {
  readonly event: 'exit';
  readonly state: 'zombie' | 'gone';
  /** How it ended, where it is our child: one of both is there. */
  readonly code?: number | undefined;
  readonly signal?: NodeJS.Signals | undefined;
}

export interface EndEvent extends Stamp {
  readonly event: 'end';
  /**
   * `exit` (the process did), `count` or `for` (a limit was reached), `until` (a condition came true), `quit`, a signal's
   * name; of a replay also `to` (it was to end there) and `cut` (the recording breaks off).
   */
  readonly reason: string;
  readonly cost: WatchCost;
  /** What a reader should know, a sentence each. */
  readonly notes?: readonly string[] | undefined;
}

/** What watching cost; times in ms. `duty` is the part of the time that was spent looking. */
export interface WatchCost extends Cost {
  readonly duty: number;
}

/** Who is told. */
export interface Sink {
  /** The next event comes once this is done. */
  tell(event: WatchEvent): Promise<void> | void;
  /** Nothing more will be told, as something failed: a terminal is restored, for the message that comes. */
  abandon?(): void;
}

/** Tells several sinks, one after the other. */
export const tee = (...sinks: readonly Sink[]): Sink => ({
  async tell(event) {
    for (const sink of sinks) await sink.tell(event);
  },
  abandon: () => sinks.forEach((sink) => sink.abandon?.()),
});

/**
 * Tells a sink all events, as they come.
 *
 * @returns the last one; undefined if there was no end, as a replay was interrupted
 * @throws what the source or the sink throws
 */
export async function tellAll(events: AsyncIterable<WatchEvent>, sink: Sink): Promise<EndEvent | undefined> {
  try {
    let end: EndEvent | undefined;
    for await (const event of events) {
      await sink.tell(event);
      if (event.event === 'end') end = event;
    }
    return end;
  } catch (error) {
    sink.abandon?.();
    throw error;
  }
}
