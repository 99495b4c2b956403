import {type CheckReport, marginOf, type Result} from './result.ts';
import {familyParts, familyTable, ofFamily} from './family.ts';
import {slopeText} from '../growth/words.ts';
import {endWords, quoted} from '../run/text.ts';
import {safe} from '../../text/safe.ts';
import type {TextOptions} from '../../text/process/who.ts';
import {renderTable, type Cell, type Column} from '../../text/table.ts';
import {paint, type Role} from '../../text/theme.ts';
import {wrapped} from '../../text/lines.ts';
import {isOfThings, LINTS, type Rule} from './rules.ts';
import {KIND_MEANINGS} from '../../model/kind.ts';
import {counted, countText, sizeText, spanText} from '../../model/amounts.ts';

/** Each rule with what was measured, for people. */
export function renderCheck(report: CheckReport, look: TextOptions = {}): string {
  const {command, target, end, ms, results, notes} = report;
  const isBad = results.some(({verdict}) => verdict !== 'ok');
  const more = results.filter(
    ({rule, verdict, measured}) =>
      verdict === 'not measured' ||
      (verdict === 'broken' && rule.is === 'no') ||
      (verdict === 'ok' && rule.is === 'max' && measured === undefined),
  );
  // Of all processes, what could not be measured is a single result for a rule.
  const told = report.host ? [...more].sort(byVerdict).slice(0, MOST_TOLD) : more;
  return [
    paint('title', `memmap check: ${command?.map(quoted).join(' ') ?? safe(target ?? '')}`),
    ...(end ? [`ended ${endWords(end)}, after ${spanText(ms)}`] : []),
    '',
    ...(report.host
      ? renderTable(
          [WHOSE, ...COLUMNS],
          results.map((result) => [whoseCell(result), ...cells(result)]),
          look.width,
        )
      : renderTable(COLUMNS, results.map(cells), look.width)),
    ...told.flatMap((result) => wrapped(resultSentence(result), look.width, '  ')),
    ...(told.length < more.length ? [`… and ${more.length - told.length} more; --json has all.`] : []),
    '',
    ...familyLines(report, look),
    ...wrapped(howSeen(report), look.width).map((line) => paint('quiet', line)),
    ...notes.flatMap((note) => wrapped(safe(note), look.width)),
    paint(isBad ? 'bad' : 'good', `${summary(report)}.`),
    '',
  ].join('\n');
}

/** At most this many sentences on single processes. */
const MOST_TOLD = 10;

/** What could not be measured first. */
const byVerdict = (a: Result, b: Result): number =>
  Number(b.verdict === 'not measured') - Number(a.verdict === 'not measured');

/** The family and its largest members, where there was more than one process. */
function familyLines(report: CheckReport, {width}: TextOptions): string[] {
  const {before, after} = familyParts(report);
  const table = familyTable(report.family, width);
  const lines = [...wrapped(before, width), ...table, ...after.flatMap((sentence) => wrapped(sentence, width))];
  return table.length > 0 ? [...lines, ''] : lines.filter(Boolean);
}

const COLUMNS: readonly Column[] = [
  {title: 'rule', gives: 'cut'},
  {title: 'verdict'},
  {title: 'measured', align: 'right'},
  {title: 'limit', align: 'right'},
  {title: 'margin', align: 'right'},
  {title: 'reached', align: 'right', least: 90},
  {title: 'by', least: 90},
];

/** Before the others, where all processes were checked. */
const WHOSE: Column = {title: 'process', gives: 'cut'};

const whoseCell = ({process, unmeasured}: Result): Cell => ({
  text: process
    ? `${safe(process.name)} (pid ${process.pid})`
    : unmeasured
      ? counted(unmeasured.length, 'process', 'processes')
      : 'all',
});

const ROLES: Readonly<Record<Result['verdict'], Role>> = {ok: 'good', broken: 'bad', 'not measured': 'change'};

function cells(result: Result): Cell[] {
  const {rule, verdict, measured, at} = result;
  const margin = marginOf(result);
  const isMax = rule.is === 'max';
  return [
    {text: safe(rule.text)},
    {text: verdict === 'broken' ? 'BROKEN' : verdict, role: ROLES[verdict]},
    {text: measuredText(result)},
    {text: isMax ? amountText(rule, rule.limit) : ''},
    {text: margin === undefined ? '' : `${margin < 0 ? '−' : ''}${amountText(rule, Math.abs(margin))}`},
    {text: at === undefined ? '' : spanText(at)},
    {text: verdict === 'not measured' || measured === undefined ? '' : byWhom(result)},
  ];
}

function measuredText(result: Result): string {
  const {rule, measured, slope, verdict, detail} = result;
  if (rule.is === 'no-growth')
    return verdict === 'broken' && slope ? slopeText(slope) : verdict === 'ok' ? (detail ?? '') : '';
  if (measured === undefined) return '';
  if (rule.is === 'no') return measured === 0 ? 'none' : `${measured} region${measured === 1 ? '' : 's'}`;
  return `${leastWords(result)}${amountText(rule, measured)}`;
}

const byWhom = ({isExact, isLeast}: Result): string => (isExact || isLeast ? 'kernel' : 'samples');

const leastWords = ({isLeast}: Result): string => (isLeast ? 'at least ' : '');

/** An amount as its rule counts it: bytes, or things. */
const amountText = (rule: Rule, amount: number): string =>
  rule.is === 'max' && !isOfThings(rule.subject) ? sizeText(amount) : countText(amount);

/** What was found, in a sentence that stands on its own. */
export function resultSentence(result: Result): string {
  const {rule, verdict, measured, at, detail} = result;
  const what = `${safe(rule.text)}${result.process ? `, ${safe(whoseCell(result).text)}` : ''}`;
  if (verdict === 'not measured') return `${what}: not measured, since ${safe(detail ?? '')}`;
  if (rule.is === 'max') {
    if (measured === undefined) return `${what}: ok, since ${safe(detail ?? '')}`;
    const margin = marginOf(result)!;
    const side = margin < 0 ? `${amountText(rule, -margin)} over` : `${amountText(rule, margin)} under`;
    const amount = `${leastWords(result)}${amountText(rule, measured)}`;
    const limit = amountText(rule, rule.limit);
    return `${what}: ${amount}, ${side} the limit of ${limit}${when(at)}${ofFamily(result)}`;
  }
  if (verdict === 'ok') return `${what}: ok${detail === undefined ? '' : ` (${detail})`}`;
  if (rule.is === 'no-growth') return `${what}: it grows steadily, by ${slopeText(result.slope!)}`;
  const meaning = {...KIND_MEANINGS, ...LINTS}[rule.lint];
  return `${what}: ${counted(measured!, 'region')}${when(at)}, the first is ${safe(detail ?? '')} (${meaning})`;
}

const when = (at: number | undefined): string => (at === undefined ? '' : ` after ${spanText(at)}`);

/** `2 of 5 rules are broken, 1 of 5 rules could not be measured`. */
export function summary({results, host}: CheckReport): string {
  if (host) return summaryOfAll(results);
  const count = (verdict: Result['verdict']): number => results.filter((result) => result.verdict === verdict).length;
  const [broken, unmeasured] = [count('broken'), count('not measured')];
  if (broken + unmeasured === 0) return allHold(results.length);
  return [
    broken > 0 && `${broken} of ${counted(results.length, 'rule')} ${broken === 1 ? 'is' : 'are'} broken`,
    unmeasured > 0 && `${unmeasured} of ${counted(results.length, 'rule')} could not be measured`,
  ]
    .filter(Boolean)
    .join(', ');
}

const allHold = (rules: number): string =>
  rules === 1 ? 'The rule holds' : rules === 2 ? 'Both rules hold' : `All ${rules} rules hold`;

/** The same of all processes, where a rule may have more than one result. */
function summaryOfAll(results: readonly Result[]): string {
  const rules = new Set(results.map(({rule}) => rule)).size;
  const having = (verdict: Result['verdict']): Result[] => results.filter((result) => result.verdict === verdict);
  const [broken, unmeasured] = [having('broken'), having('not measured')];
  if (broken.length + unmeasured.length === 0) return allHold(rules);
  const of = (them: readonly Result[]): string => {
    const count = new Set(them.map(({rule}) => rule)).size;
    return `${count} of ${counted(rules, 'rule')}`;
  };
  const breakers = new Set(broken.map(({process}) => process?.pid)).size;
  return [
    broken.length > 0 && `${counted(breakers, 'process breaks', 'processes break')} ${of(broken)}`,
    unmeasured.length > 0 && `${of(unmeasured)} could not be measured of every process`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** How far what was seen can be trusted. */
export function howSeen({looks, interval, results, beforeEnd, command, end}: CheckReport): string {
  // Of all processes a rule may have many results.
  const kept = [...new Set(results.filter(({isExact}) => isExact).map(({rule}) => rule.text))];
  const exact =
    kept.length === 0
      ? ''
      : `${kept.map((text) => `"${text}"`).join(' and ')} ${kept.length === 1 ? 'is' : 'are'} exact up to ` +
        `the ${end ? 'end' : 'last sample'}: the kernel keeps that peak. `;
  const spread = interval === undefined || looks < 2 ? '' : `, ${command ? 'at most ' : ''}${spanText(interval)} apart`;
  const last = beforeEnd === undefined ? '' : `, the last one ${Math.round(beforeEnd)} ms before the end`;
  const missed = looks > 1 ? ': a shorter peak may be missed' : '';
  return `${exact}${exact === '' ? 'This' : 'The rest'} is from ${counted(looks, 'sample')}${spread}${last}${missed}.`;
}
