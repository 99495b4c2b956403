import {counted, countText, sizeText, spanText} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {wrapped} from '../../text/lines.ts';
import {safe} from '../../text/safe.ts';
import {type Column, renderRows} from '../../text/table.ts';
import {paint} from '../../text/theme.ts';
import {who, type TextOptions} from '../../text/process/who.ts';
import {type GrowthLine, riseOf} from './growth.ts';
import type {StackGrowth} from './stacks.ts';
import {amountCells, amountColumns, hasMoved, lineJSON} from './text.ts';
import {headline} from './words.ts';

const COLUMNS: readonly Column[] = [...amountColumns(80), {title: 'mapped by', gives: 'wrap'}];

/** What each stack keeps, for people: the answer, then the stacks that moved. @param rows at most; undefined: all */
export function renderStackGrowth(
  growth: StackGrowth,
  last: Snapshot,
  {width, rows}: TextOptions & {readonly rows?: number | undefined} = {},
): string {
  const {looks, span, stacks, total, least} = growth;
  const moved = stacks.filter((line) => hasMoved(line, least));
  const shown = moved.slice(0, rows ?? moved.length);
  const more = moved.length - shown.length;
  const still = stacks.length - moved.length;
  const gained = gainedBy(stacks);
  const how =
    `${counted(looks, 'sample')} in ${spanText(span)}, of what is mapped and still there, by the call stack that ` +
    'mapped it: address space, which need not be in use.';
  const cells = shown.map((line) => [...amountCells(line, shareOf(line, gained)), {text: safe(line.name ?? '')}]);
  return [
    ...wrapped(who(last), width).map((line) => paint('title', line)),
    ...wrapped(how, width),
    '',
    ...[...headline(growth), ...mostOf(stacks, gained)].flatMap((sentence) => wrapped(sentence, width)),
    '',
    ...renderRows(COLUMNS, [...cells, [...amountCells(total, undefined), {text: 'total', role: 'title'}]], width),
    ...(more > 0 ? [paint('quiet', `… and ${countText(more)} more that changed (--all shows them).`)] : []),
    ...(still > 0 ? [paint('quiet', `${counted(still, 'other stack')} changed by less than ${sizeText(least)}.`)] : []),
    '',
  ].join('\n');
}

/** Of several that grow steadily, the one that grew most. */
function mostOf(stacks: readonly GrowthLine[], gained: number): string[] {
  const [first] = stacks;
  const share = first?.verdict === 'steady growth' ? shareOf(first, gained) : undefined;
  return share === undefined
    ? []
    : [`${Math.round(share * 100)} % of what was gained is kept by ${safe(first!.name ?? '')}.`];
}

const gainedBy = (stacks: readonly GrowthLine[]): number =>
  stacks.reduce((sum, line) => sum + Math.max(0, riseOf(line)), 0);

/** Its share of all that was gained. */
const shareOf = (line: GrowthLine, gained: number): number | undefined =>
  gained > 0 && riseOf(line) > 0 ? riseOf(line) / gained : undefined;

/** What the document `memmap.growth/1` has by stack: bytes that are mapped and still there. */
export const stackGrowthJSON = ({total, stacks, lost}: StackGrowth): object => ({
  total: lineJSON(total),
  stacks: stacks.map(lineJSON),
  lost,
});
