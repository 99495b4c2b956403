import {setTimeout as sleep} from 'node:timers/promises';
import type {Change, Delta} from '../model/change.ts';
import type {Snapshot} from '../model/snapshot.ts';
import type {Moment} from '../model/moment.ts';
import type {Recording} from '../record/recording.ts';
import {History} from './watching.ts';

/** What a replay tells. The times are those of the recording. */
export interface ReplayReporter {
  start(moment: Moment, snapshot: Snapshot): Promise<void>;
  mark(moment: Moment, name: string): Promise<void>;
  change(moment: Moment, changes: readonly Change[], delta: Delta): Promise<void>;
  exec(moment: Moment, snapshot: Snapshot): Promise<void>;
  exit(moment: Moment, state: 'zombie' | 'gone'): Promise<void>;
  end(moment: Moment, reason: string): Promise<void>;
}

export interface ReplayOptions {
  /** Numbers of the first and the last moment. */
  readonly from: number;
  readonly to: number;
  /** How many times as fast as it was; undefined: as fast as can be. */
  readonly speed: number | undefined;
  readonly signal: AbortSignal;
}

/** Tells what happened in a recording, as if it happened now. @returns false if it was ended by the signal */
export async function replay(recording: Recording, options: ReplayOptions, reporter: ReplayReporter): Promise<boolean> {
  const {from, to, speed, signal} = options;
  const begin = performance.now();
  let history: History | undefined;
  let last = recording.moment(from);
  for (const {moment, snapshot} of recording.snapshots(from, to)) {
    if (!(await until(begin, (moment.t - recording.moment(from).t) / (speed ?? Infinity), signal))) return false;
    if (!history) {
      history = new History(snapshot);
      await reporter.start(moment, snapshot);
    } else if (moment.event === 'exec') await reporter.exec(moment, history.restart(snapshot));
    else if (moment.event === 'exit') await reporter.exit(moment, recording.exitState ?? 'gone');
    else await tell(history, moment, snapshot, reporter);
    for (const name of moment.marks) await reporter.mark(moment, name);
    last = moment;
  }
  const isAll = to === recording.count - 1;
  await reporter.end(last, isAll ? (recording.end?.reason ?? 'cut') : 'to');
  return true;
}

async function tell(history: History, moment: Moment, snapshot: Snapshot, reporter: ReplayReporter): Promise<void> {
  const {changes, delta} = history.compare(snapshot);
  if (changes.length > 0) await reporter.change(moment, changes, delta);
}

/** Waits until `ms` after `begin`. @returns false if it was ended */
async function until(begin: number, ms: number, signal: AbortSignal): Promise<boolean> {
  const rest = begin + ms - performance.now();
  if (rest <= 1) return !signal.aborted;
  try {
    await sleep(rest, undefined, {signal});
    return true;
  } catch {
    return false;
  }
}
