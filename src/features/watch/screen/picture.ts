import type {Change} from '../../../model/change.ts';
import {safe} from '../../../text/safe.ts';
import type {Snapshot} from '../../../model/snapshot.ts';
import {MOST_EVENTS, withChanges, type FrameEvent} from './events.ts';
import {firstRows, nextRows, type Row} from '../../../history/rows.ts';
import {hasUsage} from '../../../history/seen.ts';

/**
 * What the live screen knows of a process at one look. A further look makes a new picture and leaves the old one as it is,
 * so that a paused screen can stand still. Times are ms since the watch, or the recording, began.
 */
export interface Picture {
  readonly snapshot: Snapshot;
  /** The present status (proc_pid_status(5)): a snapshot that was made of maps alone has an older one. */
  readonly status: Status;
  readonly rows: readonly Row[];
  /** What happened, the newest last. */
  readonly events: readonly FrameEvent[];
  /** The totals at the latest looks, the newest last. */
  readonly history: readonly Moment[];
  /** Looks after the first. */
  readonly tick: number;
  readonly ms: number;
  /** When smaps was read last; undefined: never. */
  readonly usageMs: number | undefined;
  /** How many changes there were so far. */
  readonly changes: number;
  readonly isOver: boolean;
}

type Status = Readonly<Record<string, number | string | boolean>>;

/** What a sparkline is made of, in bytes. */
export interface Moment {
  readonly resident: number | undefined;
  readonly size: number;
  readonly regions: number;
}

/** What a look saw. */
export interface Sight {
  readonly snapshot: Snapshot;
  readonly status: Status;
  readonly changes: readonly Change[];
  readonly ms: number;
  /** The time of day, for people. */
  readonly time: string;
}

/** As many looks as the widest sparkline shows. */
const MOST_MOMENTS = 250;

export function firstPicture({snapshot, status, ms}: Omit<Sight, 'changes' | 'time'>): Picture {
  const rows = firstRows(snapshot.regions);
  const usageMs = hasUsage(snapshot) ? ms : undefined;
  const history = [momentOf(snapshot, status)];
  return {snapshot, status, rows, events: [], history, tick: 0, ms, usageMs, changes: 0, isOver: false};
}

/** The picture after a further look at the same program. */
export function nextPicture(picture: Picture, {snapshot, status, changes, ms, time}: Sight): Picture {
  const tick = picture.tick + 1;
  const isNew = snapshot !== picture.snapshot;
  const isMeasured = isNew && hasUsage(snapshot);
  return {
    ...picture,
    snapshot,
    status,
    rows: isNew ? nextRows(picture.rows, snapshot.regions, changes, tick, isMeasured) : picture.rows,
    events: withChanges(picture.events, changes, ms, time),
    history: [...picture.history, momentOf(snapshot, status)].slice(-MOST_MOMENTS),
    tick,
    ms,
    usageMs: isMeasured ? ms : picture.usageMs,
    changes: picture.changes + changes.length,
  };
}

/** The process runs another program: all its memory is new, and growth is counted from here. */
export function execPicture(picture: Picture, {snapshot, status, ms, time}: Omit<Sight, 'changes'>): Picture {
  const next = nextPicture(picture, {snapshot, status, changes: [], ms, time});
  const {exe, comm = ''} = snapshot.process;
  const text = `it now runs ${safe(exe ?? comm)}: all its memory is new.`;
  const event = {ms, time, sign: '!', word: 'exec', role: 'change', text} as const;
  return {...next, rows: firstRows(snapshot.regions), events: [...next.events, event].slice(-MOST_EVENTS)};
}

/** The process ended. */
export function lastPicture(picture: Picture, ms: number, time: string): Picture {
  const event = {ms, time, sign: '-', word: 'exit', role: 'go', text: 'the process ended.'} as const;
  return {...picture, ms, isOver: true, events: [...picture.events, event].slice(-MOST_EVENTS)};
}

/** VmRSS is in status at every look, the sum over smaps only at some. */
function momentOf(snapshot: Snapshot, status: Status): Moment {
  const {vmRss} = status;
  const {rss, size, regions} = snapshot.totals as Record<string, number | undefined> & {size: number; regions: number};
  return {resident: typeof vmRss === 'number' ? vmRss : rss, size, regions};
}
