import type {Change, Delta} from '../../model/change.ts';
import type {FamilySample} from '../../model/kin/kin.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {KinCost} from '../../procfs/kin/kin.ts';
import type {Cost} from '../../procfs/sampling/ledger.ts';
import type {LookedAt} from '../../procfs/sampling/session.ts';
import type {CauseNews} from '../cause/news.ts';

/**
 * What a watch, a run or a replay reports, as it happens. `start` comes first and `end` last. Each sample is one event:
 * `look` if nothing changed (or nobody compared), `change`, `exec` or `exit`.
 */
export type WatchEvent = StartEvent | LookEvent | ChangeEvent | MarkEvent | ExecEvent | ExitEvent | EndEvent;

/** When it was. */
export interface Stamp {
  /** The time of day, ISO 8601. */
  readonly at: string;
  /** ms since the watch began; in a run, since the command was released. This clock never goes back. */
  readonly t: number;
  /** The number of the sample; the first one is 0. */
  readonly tick: number;
  /** In a recording: the number of the moment. */
  readonly moment?: number | undefined;
  /** Where memory calls are watched: those since the last event, and what of the changes is theirs. */
  readonly cause?: CauseNews | undefined;
}

/** The process as a sample saw it. */
interface Seen extends Stamp {
  readonly snapshot: Snapshot;
  /** The current /proc/PID/status: a snapshot of maps alone has an older one. */
  readonly status: Snapshot['status'];
  /** The process and its descendants, where they are followed, and were looked at for this sample too. */
  readonly family?: FamilySample | undefined;
  /** When it was read. */
  readonly lookedAt?: LookedAt | undefined;
}

export interface StartEvent extends Seen {
  readonly event: 'start';
  /** What is seen is the gate. The command itself begins with `exec`. */
  readonly isGate?: boolean | undefined;
}

export interface LookEvent extends Seen {
  readonly event: 'look';
}

interface ChangeEvent extends Seen {
  readonly event: 'change';
  readonly changes: readonly Change[];
  readonly delta: Delta;
}

/** Somebody gave this moment a name. */
interface MarkEvent extends Stamp {
  readonly event: 'mark';
  readonly name: string;
}

/** Another program began: nothing of the earlier memory is left. */
export interface ExecEvent extends Seen {
  readonly event: 'exec';
}

/** The process ended; a zombie still waits for its parent. */
export interface ExitEvent extends Stamp, ProcessEnd {
  readonly event: 'exit';
  readonly state: 'zombie' | 'gone';
}

/** How a process that we started ended; of others nothing is known. */
export interface ProcessEnd {
  /** One of the two is present; neither, if that can't be known any more. */
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
  readonly usage?: Usage | undefined;
  /** Descendants that ended after their parent, and before the process did or with it. */
  readonly orphans?: readonly Orphan[] | undefined;
  /** The PIDs of descendants that still run. */
  readonly running?: readonly number[] | undefined;
}

/** What the kernel kept of a process that ended: getrusage(2), as its parent is told. */
interface Consumption {
  /**
   * Bytes: the largest resident set (RSS) that one process had, among it and the descendants that were waited for
   * (ru_maxrss). The kernel counts resident pages per processor and adds them up now and then, so some tens of pages
   * may be missing for each processor that it ran on.
   */
  readonly maxRss: number;
  /** ms of processor time of the same processes. */
  readonly user: number;
  readonly system: number;
}

interface Usage extends Consumption {
  /** It never had a child, so `maxRss` is its own. */
  readonly isAlone: boolean;
}

export interface Orphan extends Consumption {
  readonly pid: number;
  /** How it ended: one of the two is present. */
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
}

export interface EndEvent extends Stamp {
  readonly event: 'end';
  /**
   * `exit` (the process ended), `count` or `for` (a limit was reached), `until` (a condition became true), `quit`, a
   * signal's name; of a replay also `to` (`--to` was reached) and `cut` (the recording breaks off).
   */
  readonly reason: string;
  readonly cost: WatchCost;
  /** What following the family cost, where it was followed. */
  readonly familyCost?: KinCost | undefined;
  /** What a reader should know, one sentence each. */
  readonly notes?: readonly string[] | undefined;
}

/** What is known of each cost: an older recording has no more. */
type Always = 'looks' | 'ms' | 'usageReads' | 'usageMs' | 'usageSkipped';

/** What watching cost; times in ms. `duty` is the fraction of the time that was spent sampling. */
export type WatchCost = Pick<Cost, Always> & Partial<Cost> & {readonly duty: number};

/** Who receives the events. */
export interface Sink {
  /** The next event comes once this has settled. */
  tell(event: WatchEvent): Promise<void> | void;
  /** No more events will come, since something failed: the terminal is restored before the message is printed. */
  abandon?(): void;
}

/** Passes each event to several sinks, one after the other. */
export const tee = (...sinks: readonly Sink[]): Sink => ({
  async tell(event) {
    for (const sink of sinks) await sink.tell(event);
  },
  abandon: () => sinks.forEach((sink) => sink.abandon?.()),
});

/**
 * Passes all events to a sink, as they come.
 *
 * @returns the `end`; undefined if there was none because a replay was interrupted
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
