import {changeLine} from '../render/change.ts';
import {endLine, execLine, exitLine, startLine} from '../render/watch.ts';
import {writeOut} from './output.ts';
import type {Reporter} from './watching.ts';

/** Watch events as text, one line a change: for pipes, logs, and terminals that can't move the cursor. */
export function lineReporter(interval: number): Reporter {
  return {
    start: (snapshot) => line(startLine(snapshot, interval)),
    change: (_tick, changes) => line(changes.map((change) => changeLine(change, clockTime())).join('\n')),
    exec: (_tick, snapshot) => line(`${clockTime()}  ${execLine(snapshot)}`),
    exit: (_tick, state) => line(`${clockTime()}  ${exitLine(state)}`),
    end: (ticks, reason, cost) => line(endLine(ticks, reason, cost)),
  };
}

const line = (text: string): Promise<void> => writeOut(`${text}\n`);

/** The local time of day, to the millisecond. */
export function clockTime(now = new Date()): string {
  return `${now.toTimeString().slice(0, 8)}.${String(now.getMilliseconds()).padStart(3, '0')}`;
}
