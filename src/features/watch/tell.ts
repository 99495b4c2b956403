import {changeJSON} from '../../model/change.ts';
import {jsonLinePieces} from '../../text/json.ts';
import {writeOut, writePieces} from '../../shell/output.ts';
import type {Reporter} from './watch.ts';
import {changeLine} from '../../text/changes.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {safe} from '../../text/safe.ts';
import {howMuch, who} from '../../text/who.ts';
import {paint} from '../../text/theme.ts';

/** Watch events as NDJSON: one object a line, written as it happens. `end` is always the last. */
export const jsonReporter: Reporter = {
  start: (snapshot) => event('start', snapshot.document()),
  change: (tick, changes, delta) => event('change', {tick, changes: changes.map(changeJSON), delta}),
  exec: (tick, snapshot) => event('exec', {tick, ...snapshot.document()}),
  exit: (tick, state) => event('exit', {tick, state}),
  end: (ticks, reason, cost) => event('end', {ticks, reason, cost}),
};

const event = (name: string, rest: object): Promise<void> =>
  writePieces(jsonLinePieces({event: name, at: new Date().toISOString(), ...rest}));

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

/** The sentences with which a watch begins and ends. */
export const startLine = (snapshot: Snapshot, interval: number): string =>
  `${paint('title', `Watching ${who(snapshot)}`)}: ${howMuch(snapshot)}; a look every ${interval} ms.`;

export function execLine(snapshot: Snapshot): string {
  const {comm = '', exe = ''} = snapshot.process;
  return paint(
    'change',
    `! exec         it now runs ${safe(exe || comm)}: all its memory is new, ${howMuch(snapshot)}.`,
  );
}

export const exitLine = (state: 'zombie' | 'gone'): string =>
  paint(
    'go',
    `- exit         the process ended${state === 'zombie' ? '; its parent has not asked for its status yet' : ''}.`,
  );

export interface EndCost {
  readonly ms: number;
  readonly duty: number;
  readonly usageReads: number;
  readonly usageMs: number;
  readonly usageSkipped: number;
}

export function endLine(ticks: number, reason: string, cost: EndCost): string {
  const usage =
    cost.usageReads === 0 ? 'smaps was not read' : `smaps was read ${times(cost.usageReads)} (${ms(cost.usageMs)})`;
  const skipped = cost.usageSkipped === 0 ? '' : `, and left out ${times(cost.usageSkipped)} to spare the process`;
  const duty = `${(cost.duty * 100).toFixed(1)} % of the time`;
  return `${REASONS[reason] ?? `Ended by ${reason}`} after ${ticks} ${ticks === 1 ? 'look' : 'looks'}. Looking took ${ms(cost.ms)}, ${duty}; ${usage}${skipped}.`;
}

const REASONS: Readonly<Record<string, string>> = {
  exit: 'The process ended',
  count: 'The count was reached',
  for: 'The time was over',
  until: 'The condition came true',
  quit: 'Ended as wished',
};

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
