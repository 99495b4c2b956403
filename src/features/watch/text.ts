import {counted} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {KinCost} from '../../procfs/kin/kin.ts';
import {changeLine} from '../../text/changes.ts';
import {safe} from '../../text/safe.ts';
import {paint} from '../../text/theme.ts';
import {howMuch, who} from '../../text/process/who.ts';
import {causeLine} from '../cause/text.ts';
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
      return event.changes.flatMap((change) => [changeLine(change, time), ...causeLine(event.cause, change)]);
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
 * ms that were watched; undefined for less than a second: the first sample alone takes some, and a share says nothing.
 */
function watchedFor({ms, duty}: Pick<WatchCost, 'ms' | 'duty'>): number | undefined {
  const all = duty === 0 ? 0 : ms / duty;
  return all < 1000 ? undefined : all;
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.001 && share > 0 ? 2 : 1)} %`;

/** `, 1.5 % of the time`: the share of the time that sampling took. */
export const dutyText = (cost: Pick<WatchCost, 'ms' | 'duty'>): string =>
  watchedFor(cost) === undefined ? '' : `, ${percent(cost.duty)} of the time`;

/** How a watch ended, and what it cost the process. */
export function endLine(ticks: number, reason: string, cost: WatchCost, family?: KinCost): string {
  const why = REASONS[reason] ?? `Ended by ${reason}`;
  const sampling = `Sampling took ${ms(cost.ms)}${dutyText(cost)}`;
  const kin = family
    ? `; the family was sampled ${times(family.samples)}, smaps_rollup read ${times(family.usageReads)}`
    : '';
  return `${why} after ${counted(ticks, 'sample')}. ${sampling}; ${usageText(cost)}${kin}.${mapsText(cost)}`;
}

/** How often smaps was read, for how long that held up the process, and what is therefore not known. */
export function usageText(cost: WatchCost): string {
  const {usageReads: reads, usageSkipped: skipped, usageTooLong: tooLong = 0} = cost;
  const isTooLong = 'one read would hold up the process for longer than --max-stall';
  if (reads === 0) return `smaps was not read${tooLong > 0 ? `: ${isTooLong}` : ''}`;
  const gap = (cost.usageGap ?? 0) < SHORT_AGE ? '' : `; the longest gap was ${seconds(cost.usageGap!)}`;
  const why = tooLong > 0 ? ` (${times(tooLong)} since ${isTooLong})` : '';
  const spared = skipped === 0 ? '' : ` and skipped ${times(skipped)} to spare the process${why}${gap}`;
  const {usageAge: age = 0} = cost;
  const last = age < SHORT_AGE ? '' : `, the last time ${seconds(age)} before the end`;
  return `smaps was read ${times(reads)}${last}${heldText(cost)}${spared}`;
}

/** ms. What was read so shortly before the end is what was there at the end. */
const SHORT_AGE = 100;

function heldText(cost: WatchCost): string {
  const {usageHeld: held, maxDuty} = cost;
  if (held === undefined) return ` (${ms(cost.usageMs)})`;
  const all = watchedFor(cost);
  const share = all === undefined ? '' : `, ${percent(held / all)} of the time`;
  const isOver = all !== undefined && maxDuty !== undefined && held > maxDuty * all;
  const over = isOver ? '; more than --max-duty: it is read at the start, at marks, at the end, and every 5 s' : '';
  const passed = cost.usagePassed === undefined ? '' : `; ${ms(cost.usagePassed)} by the clock`;
  return ` (for ${ms(held)} of processor time${share}${passed}${over})`;
}

/** What reading maps cost, where it takes the process's lock as well. */
function mapsText({mapsLock}: WatchCost): string {
  if (!mapsLock) return '';
  const {kernel, held, skipped} = mapsLock;
  const fewer =
    skipped === 0 ? '' : `; to spare the process ${counted(skipped, 'sample')} fewer than asked ${were(skipped)} taken`;
  const system = kernel === '' ? 'this kernel, whose release is not known,' : `Linux ${safe(kernel)}, by its release,`;
  return ` On ${system} maps takes the process's lock as smaps does: it held it for ${ms(held)}${fewer}.`;
}

const were = (count: number): string => (count === 1 ? 'was' : 'were');

const REASONS: Readonly<Record<string, string>> = {
  exit: 'The process ended',
  count: 'The count was reached',
  for: 'The time was up',
  until: 'The condition became true',
  quit: 'Stopped',
  dump: 'The ring was saved',
};

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

const seconds = (value: number): string => `${(value / 1000).toFixed(1)} s`;

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
