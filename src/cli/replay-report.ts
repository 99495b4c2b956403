import {changeJSON} from '../model/change.ts';
import {changeLine} from '../render/change.ts';
import {jsonLinePieces} from '../render/json.ts';
import {markLine, replayEndLine, replayStartLine} from '../render/replay.ts';
import {execLine, exitLine} from '../render/watch.ts';
import type {Moment} from '../model/moment.ts';
import type {Recording} from '../record/recording.ts';
import {writeOut, writePieces} from './output.ts';
import type {ReplayReporter} from './replay-play.ts';
import {clockTime} from './report-lines.ts';

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
  const cost = recording.end?.cost ?? {looks: recording.looks, ms: 0, duty: 0, usageReads: 0, usageMs: 0, usageSkipped: 0}; // prettier-ignore
  return {
    start: (moment, snapshot) => event('start', moment, snapshot.document()),
    mark: (moment, name) => event('mark', moment, {tick: moment.look - 1, name}),
    change: (moment, changes, delta) => event('change', moment, {tick: tick(moment), changes: changes.map(changeJSON), delta}), // prettier-ignore
    exec: (moment, snapshot) => event('exec', moment, {tick: tick(moment), ...snapshot.document()}),
    exit: (moment, state) => event('exit', moment, {tick: tick(moment), state}),
    end: (moment, reason) => event('end', moment, {ticks: moment.look - 1, reason, cost}),
  };
}
