import {countText, sizeText} from '../../model/amounts.ts';
import type {Kin} from '../../model/kin/kin.ts';
import type {MeasureKey} from '../../model/measures.ts';
import {isCount} from './rules.ts';

/** The kernel's peak of one process may be this much above the samples: between two of them it may grow further. */
export const NEARLY = 0.05;

/**
 * Why nothing is known of all, where the kernel told more of one. @param told bytes; @param value of all, in samples
 */
export const missedPeak = (told: number, value: number): string =>
  `one of its processes had ${sizeText(told)}, which no sample saw (${sizeText(value)} together at ` +
  `most), so how much ` +
  `all had then is not known`;

/** An amount as its measure is counted. */
export const ruleAmount = (amount: number, measure: MeasureKey): string =>
  isCount(measure) ? countText(amount) : sizeText(amount);

/** `it was not read of python3 (pid 4242: not permitted)`. */
export function notReadOf(unread: readonly Kin[]): string {
  if (unread.length === 0) return 'it was not read of each process in time';
  const names = unread
    .slice(0, 3)
    .map((kin) => `${kin.comm || 'process'} (${kin.pid}: ${WHY[kin.missing ?? 'ended']})`);
  const more = unread.length > 3 ? ` and ${unread.length - 3} more` : '';
  return `it was not read of ${names.join(', ')}${more}`;
}

const WHY: Readonly<Record<NonNullable<Kin['missing']> | 'ended', string>> = {
  denied: 'not permitted',
  hidden: 'not permitted',
  spared: 'to spare it',
  borrowed: 'it had no memory of its own',
  ended: 'there was no time',
};
