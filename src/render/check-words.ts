import {LINTS} from '../check/lints.ts';
import {marginOf, type CheckReport, type Result} from '../check/result.ts';
import {isCount, type Rule} from '../check/rule.ts';
import {KIND_MEANINGS} from '../model/kind.ts';
import {counted, countText, sizeText} from '../model/size.ts';
import {slopeText, timeText} from './growth-words.ts';
import {safe} from './safe.ts';

/** An amount as its rule counts it: bytes, or things. */
export const amountText = (rule: Rule, amount: number): string =>
  rule.is === 'max' && !isCount(rule.subject.counter) ? sizeText(amount) : countText(amount);

/** What was found, in a sentence that stands for itself. */
export function resultSentence(result: Result): string {
  const {rule, verdict, measured, at, detail} = result;
  const what = safe(rule.text);
  if (verdict === 'not measured') return `${what}: not measured, since ${safe(detail ?? '')}`;
  if (rule.is === 'max') {
    if (measured === undefined) return `${what}: ok, since ${safe(detail ?? '')}`;
    const margin = marginOf(result)!;
    const side = margin < 0 ? `${amountText(rule, -margin)} over` : `${amountText(rule, margin)} under`;
    return `${what}: ${amountText(rule, measured)}, ${side} the limit of ${amountText(rule, rule.limit)}${when(at)}`;
  }
  if (verdict === 'ok') return `${what}: ok${detail === undefined ? '' : ` (${detail})`}`;
  if (rule.is === 'no-growth') return `${what}: it grows steadily, by ${slopeText(result.slope!)}`;
  const meaning = {...KIND_MEANINGS, ...LINTS}[rule.lint];
  return `${what}: ${counted(measured!, 'region')}${when(at)}, the first is ${safe(detail ?? '')} (${meaning})`;
}

const when = (at: number | undefined): string => (at === undefined ? '' : ` after ${timeText(at)}`);

/** `2 of 5 rules are broken, 1 was not measured`. */
export function summary({results}: CheckReport): string {
  const count = (verdict: Result['verdict']): number => results.filter((result) => result.verdict === verdict).length;
  const [broken, unmeasured] = [count('broken'), count('not measured')];
  if (broken + unmeasured === 0) return results.length === 1 ? 'The rule holds' : `All ${results.length} rules hold`;
  return [
    broken > 0 && `${broken} of ${counted(results.length, 'rule')} ${broken === 1 ? 'is' : 'are'} broken`,
    unmeasured > 0 && `${unmeasured} of ${counted(results.length, 'rule')} could not be measured`,
  ].filter(Boolean).join(', '); // prettier-ignore
}

/** How far what was seen can be trusted. */
export function howSeen({looks, interval, results, beforeEnd, command}: CheckReport): string {
  const kept = results.filter(({isExact}) => isExact).map(({rule}) => rule.text);
  const exact = kept.length === 0 ? '' : `What ${kept.map((text) => `"${text}"`).join(' and ')} measured is exact up to the last look: the kernel keeps that peak. `; // prettier-ignore
  const spread = interval === undefined || looks < 2 ? '' : `, ${timeText(interval)} apart${command ? ' at most' : ''}`;
  const last = beforeEnd === undefined ? '' : `, the last one ${Math.round(beforeEnd)} ms before the end`;
  const missed = looks > 1 ? ': a shorter peak may be missed' : '';
  return `${exact}${exact === '' ? 'This' : 'The rest'} is what was seen at ${counted(looks, 'look')}${spread}${last}${missed}.`;
}
