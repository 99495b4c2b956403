import type {Snapshot} from '../model/snapshot.ts';
import {sizeText} from '../model/size.ts';
import {safe} from './safe.ts';
import {howMuch, who} from './snapshot.ts';
import {paint} from './theme.ts';

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

/** A few words about a status: resident memory now, and its peak. */
export function statusWords(status: Readonly<Record<string, unknown>>): string {
  const {vmRss, vmHwm, vmSwap} = status as Record<string, number | undefined>;
  if (vmRss === undefined) return '';
  const swap = vmSwap ? `, swapped ${sizeText(vmSwap)}` : '';
  return `${sizeText(vmRss)} resident (peak ${sizeText(vmHwm ?? vmRss)})${swap}`;
}
