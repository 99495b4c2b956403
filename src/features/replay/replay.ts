import type {Moment} from '../../model/moment.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {Recording} from '../../recording/recording.ts';
import {pause} from '../../procfs/sampling/poll.ts';
import type {RecordedCauses} from '../cause/recorded/replayed.ts';
import type {EndEvent, Sink, Stamp, StartEvent, WatchCost, WatchEvent} from '../watch/events.ts';
import {causeEnd, lineSink} from '../watch/sinks.ts';
import {compared} from '../watch/watch.ts';
import {replayEndLine, replayStartLine} from './moments.ts';

interface ReplayOptions {
  /** Numbers of the first and the last moment. */
  readonly from: number;
  readonly to: number;
  /** How many times as fast as recorded; undefined: as fast as possible. */
  readonly speed: number | undefined;
  readonly signal: AbortSignal;
  /** Whose the changes are, where that was recorded. */
  readonly causes?: RecordedCauses | undefined;
}

/**
 * What happened in a recording, as if it happened now: the events of a watch, and marks. The times are those of the
 * recording. If the signal interrupts it, there is no `end`.
 */
export async function* replay(recording: Recording, options: ReplayOptions): AsyncGenerator<WatchEvent, void> {
  for await (const event of compared(momentsOf(recording, options))) yield withCause(event, options.causes);
}

/** Adds whose the changes of an event are; to the end of the whole, what it came to. */
export function withCause(event: WatchEvent, causes: RecordedCauses | undefined): WatchEvent {
  if (!causes || (event.event !== 'change' && event.event !== 'end')) return event;
  const isEnd = event.event === 'end' && event.reason !== 'to' && event.reason !== 'cut';
  const cause = causes.news(event.moment, event.event === 'change' ? event.changes : [], isEnd);
  return {...event, cause};
}

async function* momentsOf(recording: Recording, options: ReplayOptions): AsyncGenerator<WatchEvent, void> {
  const {from, to, speed = Infinity, signal} = options;
  const begin = performance.now();
  const first = recording.moment(from);
  for (const {moment, snapshot} of recording.snapshots(from, to)) {
    if (!(await until(begin, (moment.t - first.t) / speed, signal))) return;
    yield moment.index === from ? startAt(recording, moment, snapshot) : eventAt(recording, moment, snapshot);
    for (const name of moment.marks) yield {event: 'mark', ...stampOf(moment), name};
  }
  yield endAt(recording, recording.moment(to));
}

/** Waits until `ms` after `begin`. @returns false if it was interrupted */
async function until(begin: number, ms: number, signal: AbortSignal): Promise<boolean> {
  const rest = begin + ms - performance.now();
  if (rest <= 1) return !signal.aborted;
  return pause(rest, signal);
}

const stampOf = ({at, t, look, index}: Moment): Stamp => ({at, t, tick: look - 1, moment: index});

/** The moment that a replay begins with, whatever happened at it. */
export const startAt = (recording: Recording, moment: Moment, snapshot: Snapshot): StartEvent => ({
  event: 'start',
  ...stampOf(moment),
  snapshot,
  status: snapshot.status,
  ...familyOf(recording, moment),
});

function familyOf(recording: Recording, {index}: Moment): Pick<StartEvent, 'family'> {
  const family = recording.family(index);
  return family ? {family} : {};
}

/** What a later sample saw; it isn't compared with another. */
export function eventAt(recording: Recording, moment: Moment, snapshot: Snapshot): WatchEvent {
  const stamp = stampOf(moment);
  const later = {...stamp, tick: Math.max(1, stamp.tick)};
  if (moment.event === 'exit') return {event: 'exit', ...later, state: recording.exitState ?? 'gone'};
  return {event: moment.event ?? 'look', ...later, snapshot, status: snapshot.status, ...familyOf(recording, moment)};
}

function endAt(recording: Recording, moment: Moment): EndEvent {
  const isAll = moment.index === recording.count - 1;
  const nothing = {looks: recording.looks, ms: 0, duty: 0, usageReads: 0, usageMs: 0, usageSkipped: 0};
  return {
    event: 'end',
    ...stampOf(moment),
    reason: isAll ? (recording.end?.reason ?? 'cut') : 'to',
    // As it is in the file.
    cost: (recording.end?.cost as WatchCost | undefined) ?? nothing,
  };
}

/**
 * A replay as text, one line per change, with the times of day at which they were recorded.
 *
 * @param width columns of a terminal; undefined: what is below the last line is not wrapped
 */
export const replayLines = (recording: Recording, width?: number): Sink =>
  lineSink({
    start: ({moment = 0, snapshot}) => replayStartLine(recording, moment, snapshot),
    end: (event) => {
      const {moment = 0, t, reason} = event;
      return [replayEndLine(recording, {index: moment, t}, reason), ...causeEnd(event, width)].join('\n');
    },
  });
