import {counted} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {KinCost} from '../../procfs/kin.ts';
import {changeLine} from '../../text/changes.ts';
import {safe} from '../../text/safe.ts';
import {paint} from '../../text/theme.ts';
import {howMuch, who} from '../../text/who.ts';
import type {WatchCost, WatchEvent} from './events.ts';

/** The local time of day, to the millisecond, of a time in ISO 8601. */
export function clockTime(at: string): string {
  const time = new Date(at);
  return `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** What happened, one line each, with the time of day; no lines for a sample in which nothing changed. */
export function eventLines(event: Exclude<WatchEvent, {event: 'start' | 'end'}>): string[] {
  const time = clockTime(event.at);
  switch (event.event) {
    case 'look':
      return [];
    case 'change':
      return event.changes.map((change) => changeLine(change, time));
    case 'mark':
      return [`${time}  ${markLine(event.name)}`];
    case 'exec':
      return [`${time}  ${execLine(event.snapshot)}`];
    case 'exit':
      return [`${time}  ${exitLine(event.state)}`];
  }
}

/** The sentence that a watch begins with. */
export const startLine = (snapshot: Snapshot, interval: number): string =>
  `${paint('title', `Watching ${who(snapshot)}`)}: ${howMuch(snapshot)}; a sample every ${interval} ms.`;

function execLine(snapshot: Snapshot): string {
  const {comm = '', exe = ''} = snapshot.process;
  return paint(
    'change',
    `! exec         it now runs ${safe(exe || comm)}: all its memory is new, ${howMuch(snapshot)}.`,
  );
}

const exitLine = (state: 'zombie' | 'gone'): string =>
  paint(
    'go',
    `- exit         the process ended${state === 'zombie' ? '; its parent has not collected its status yet' : ''}.`,
  );

const markLine = (name: string): string => paint('title', `* mark         ${safe(name)}`);

/**
 * `, 1.5 % of the time`: the share of the time that sampling took. For less than a second no share is given: the first
 * sample alone takes some ms, so a share would say nothing.
 */
export function dutyText({ms, duty}: Pick<WatchCost, 'ms' | 'duty'>): string {
  const isShort = duty === 0 || ms / duty < 1000;
  return isShort ? '' : `, ${(duty * 100).toFixed(1)} % of the time`;
}

/** How a watch ended, and what it cost the process. */
export function endLine(ticks: number, reason: string, cost: WatchCost, family?: KinCost): string {
  const usage =
    cost.usageReads === 0 ? 'smaps was not read' : `smaps was read ${times(cost.usageReads)} (${ms(cost.usageMs)})`;
  const skipped = cost.usageSkipped === 0 ? '' : ` and skipped ${times(cost.usageSkipped)} to spare the process`;
  const duty = dutyText(cost);
  const why = REASONS[reason] ?? `Ended by ${reason}`;
  const kin = family
    ? `; the family was sampled ${times(family.samples)}, smaps_rollup read ${times(family.usageReads)}`
    : '';
  return `${why} after ${counted(ticks, 'sample')}. Sampling took ${ms(cost.ms)}${duty}; ${usage}${skipped}${kin}.`;
}

const REASONS: Readonly<Record<string, string>> = {
  exit: 'The process ended',
  count: 'The count was reached',
  for: 'The time was up',
  until: 'The condition became true',
  quit: 'Stopped',
};

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
