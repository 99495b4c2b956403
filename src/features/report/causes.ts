import {flameRows} from '../cause/flame.ts';
import type {FlameRow} from '../cause/measures.ts';
import type {CauseEnd} from '../cause/news.ts';
import {counted, sizeText} from '../../model/amounts.ts';
import type {ReportCauses, ReportStacks} from './stacks.ts';

/** At most this many stacks are drawn: those with the most bytes by any measure. */
const MOST_STACKS = 2000;

/**
 * What a report says of memory calls.
 *
 * @param end undefined where the recording has none, or breaks off
 * @param breaksOff it has memory calls, and no end that says what they came to
 */
export const causesOf = (end: CauseEnd | undefined, breaksOff: boolean): ReportCauses => ({
  stacks: stacksOf(end),
  sentences: sentencesOf(end),
  notes: notesOf(end, breaksOff),
});

function stacksOf(end: CauseEnd | undefined): ReportStacks | undefined {
  if (!end) return undefined;
  const rows = flameRows(end.shares, 'own').sort((a, b) => largest(b) - largest(a));
  const rest = rows.slice(MOST_STACKS);
  const sum = (of: (row: FlameRow) => number): number => rest.reduce((all, row) => all + of(row), 0);
  const others = {
    path: ['[other stacks]'],
    kept: sum(({kept}) => kept),
    peak: sum(({peak}) => peak),
    mapped: sum(({mapped}) => mapped),
    touched: sum(({touched}) => touched),
  };
  return {rows: [...rows.slice(0, MOST_STACKS), ...(rest.length > 0 ? [others] : [])], every: end.touched?.every};
}

const largest = ({kept, peak, mapped, touched}: FlameRow): number => Math.max(kept, peak, mapped, touched);

/** Who holds most. */
function sentencesOf(end: CauseEnd | undefined): string[] {
  if (!end) return [];
  const shares = flameRows(end.shares, 'own').sort((a, b) => b.kept - a.kept);
  const all = shares.reduce((sum, {kept}) => sum + kept, 0);
  const [first] = shares;
  if (!first || all === 0) return [];
  const percent = Math.round((first.kept / all) * 100);
  return [
    `Of the ${sizeText(all)} that were mapped at the end, ${percent} % were mapped by ` +
      `${first.path.toReversed().join(' ← ')}.`,
  ];
}

function notesOf(end: CauseEnd | undefined, breaksOff: boolean): string[] {
  if (!end)
    return breaksOff ? ['Memory calls were recorded, but not what they came to: the recording breaks off.'] : [];
  const {lost} = end;
  if (lost === 0) return [];
  const many = lost === null ? 'An unknown number of memory calls' : counted(lost, 'memory call');
  return [
    `${many} ${lost === 1 ? 'was' : 'were'} lost: who mapped what is known without ${lost === 1 ? 'it' : 'them'}.`,
  ];
}
