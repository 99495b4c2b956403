import {setTimeout as sleep} from 'node:timers/promises';
import {type Change, changeJSON, type Delta} from '../../model/change.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {Moment} from '../../model/moment.ts';
import type {Recording} from '../../recording/recording.ts';
import {diffInPlace} from '../../diff/diff.ts';
import {Compare} from '../../history/compare.ts';
import {changeLine} from '../../text/changes.ts';
import {jsonLinePieces} from '../../text/json.ts';
import {markLine, replayEndLine, replayStartLine} from './moments.ts';
import {clockTime, execLine, exitLine} from '../watch/tell.ts';
import {writeOut, writePieces} from '../../shell/output.ts';

/** What a replay tells. The times are those of the recording. */
interface ReplayReporter {
  start(moment: Moment, snapshot: Snapshot): Promise<void>;
  mark(moment: Moment, name: string): Promise<void>;
  change(moment: Moment, changes: readonly Change[], delta: Delta): Promise<void>;
  exec(moment: Moment, snapshot: Snapshot): Promise<void>;
  exit(moment: Moment, state: 'zombie' | 'gone'): Promise<void>;
  end(moment: Moment, reason: string): Promise<void>;
}

interface ReplayOptions {
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
  let compare: Compare | undefined;
  let last = recording.moment(from);
  for (const {moment, snapshot} of recording.snapshots(from, to)) {
    if (!(await until(begin, (moment.t - recording.moment(from).t) / (speed ?? Infinity), signal))) return false;
    if (!compare) {
      compare = new Compare(snapshot, diffInPlace);
      await reporter.start(moment, snapshot);
    } else if (moment.event === 'exec') await reporter.exec(moment, compare.restart(snapshot));
    else if (moment.event === 'exit') await reporter.exit(moment, recording.exitState ?? 'gone');
    else await tell(compare, moment, snapshot, reporter);
    for (const name of moment.marks) await reporter.mark(moment, name);
    last = moment;
  }
  const isAll = to === recording.count - 1;
  await reporter.end(last, isAll ? (recording.end?.reason ?? 'cut') : 'to');
  return true;
}

async function tell(compare: Compare, moment: Moment, snapshot: Snapshot, reporter: ReplayReporter): Promise<void> {
  const {changes, delta} = compare.next(snapshot);
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

/** A replay as text, a line a change, with the times of day at which it was. */
export function replayLines(recording: Recording): ReplayReporter {
  const time = (moment: Moment): string => clockTime(new Date(moment.at));
  const line = (text: string): Promise<void> => writeOut(`${text}\n`);
  return {
    start: (moment, snapshot) => line(replayStartLine(recording, moment, snapshot)),
    mark: (moment, name) => line(`${time(moment)}  ${markLine(name)}`),
    change: (moment, changes) => line(changes.map((change) => changeLine(change, time(moment))).join('\n')),
    exec: (moment, snapshot) => line(`${time(moment)}  ${execLine(snapshot)}`),
    exit: (moment, state) => line(`${time(moment)}  ${exitLine(state)}`),
    end: (moment, reason) => line(replayEndLine(recording, moment, reason)),
  };
}

/** A replay as the events of watch --json; `at` is when it was, and `mark` is one more. */
export function replayJson(recording: Recording): ReplayReporter {
  const event = (name: string, moment: Moment, rest: object): Promise<void> =>
    writePieces(jsonLinePieces({event: name, at: moment.at, ...rest}));
  const tick = ({look}: Moment): number => Math.max(1, look - 1);
  const cost = recording.end?.cost ?? {
    looks: recording.looks,
    ms: 0,
    duty: 0,
    usageReads: 0,
    usageMs: 0,
    usageSkipped: 0,
  };
  return {
    start: (moment, snapshot) => event('start', moment, snapshot.document()),
    mark: (moment, name) => event('mark', moment, {tick: moment.look - 1, name}),
    change: (moment, changes, delta) =>
      event('change', moment, {tick: tick(moment), changes: changes.map(changeJSON), delta}),
    exec: (moment, snapshot) => event('exec', moment, {tick: tick(moment), ...snapshot.document()}),
    exit: (moment, state) => event('exit', moment, {tick: tick(moment), state}),
    end: (moment, reason) => event('end', moment, {ticks: moment.look - 1, reason, cost}),
  };
}
