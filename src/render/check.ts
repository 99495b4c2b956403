import {marginOf, type CheckReport, type Result} from '../check/result.ts';
import {amountText, howSeen, resultSentence, summary} from './check-words.ts';
import {slopeText, timeText} from './growth-words.ts';
import {quoted} from './run.ts';
import {safe} from './safe.ts';
import type {Look} from './snapshot.ts';
import {renderTable, type Cell, type Column} from './table.ts';
import {paint, type Role} from './theme.ts';
import {wrapped} from './wrap.ts';

/** Each rule with what was measured, for people. */
export function renderCheck(report: CheckReport, look: Look = {}): string {
  const {command, target, end, ms, results, notes} = report;
  const how = end && (end.signal === undefined ? `with exit code ${end.code}` : `by signal ${end.signal}`);
  // The last two have no room on a narrow terminal.
  const columns = look.width !== undefined && look.width < 90 ? COLUMNS.length - 2 : COLUMNS.length;
  const isBad = results.some(({verdict}) => verdict !== 'ok');
  const more = results.filter(({rule, verdict, measured}) => verdict === 'not measured' || (verdict === 'broken' && rule.is === 'no') || (verdict === 'ok' && rule.is === 'max' && measured === undefined));
  return [
    paint('title', `memmap check: ${command?.map(quoted).join(' ') ?? safe(target ?? '')}`),
    ...(how === undefined ? [] : [`ended ${how}, after ${timeText(ms)}`]),
    '',
    ...renderTable(COLUMNS.slice(0, columns), results.map((result) => cells(result).slice(0, columns)), look.width),
    ...more.flatMap((result) => wrapped(resultSentence(result), look.width, '  ')),
    '',
    ...wrapped(howSeen(report), look.width).map((line) => paint('quiet', line)),
    ...notes.flatMap((note) => wrapped(safe(note), look.width)),
    paint(isBad ? 'bad' : 'good', `${summary(report)}.`),
    '',
  ].join('\n');
} // prettier-ignore

const COLUMNS: readonly Column[] = [
  {title: 'rule', gives: true},
  {title: 'verdict'},
  {title: 'measured', align: 'right'},
  {title: 'limit', align: 'right'},
  {title: 'margin', align: 'right'},
  {title: 'reached', align: 'right'},
  {title: 'by'},
];

const ROLES: Readonly<Record<Result['verdict'], Role>> = {ok: 'good', broken: 'bad', 'not measured': 'change'};

function cells(result: Result): Cell[] {
  const {rule, verdict, measured, at, isExact} = result;
  const margin = marginOf(result);
  const isMax = rule.is === 'max';
  return [
    {text: safe(rule.text)},
    {text: verdict === 'broken' ? 'BROKEN' : verdict, role: ROLES[verdict]},
    {text: measuredText(result)},
    {text: isMax ? amountText(rule, rule.limit) : ''},
    {text: margin === undefined ? '' : `${margin < 0 ? '−' : ''}${amountText(rule, Math.abs(margin))}`},
    {text: at === undefined ? '' : timeText(at)},
    {text: verdict === 'not measured' || measured === undefined ? '' : isExact ? 'kernel' : 'looks'},
  ];
}

function measuredText({rule, measured, slope, verdict, detail}: Result): string {
  if (rule.is === 'no-growth')
    return verdict === 'broken' && slope ? slopeText(slope) : verdict === 'ok' ? (detail ?? '') : '';
  if (measured === undefined) return '';
  if (rule.is === 'no') return measured === 0 ? 'none' : `${measured} region${measured === 1 ? '' : 's'}`;
  return amountText(rule, measured);
}
