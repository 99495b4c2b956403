import {type Growth, type GrowthLine, riseOf} from './growth.ts';
import type {Verdict} from './judge.ts';
import {address, regionJSON} from '../../model/region.ts';
import {counted, countText, deltaText, sizeText, spanText} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {headline, measureWords, slopeText} from './words.ts';
import {safe} from '../../text/safe.ts';
import {who, type TextOptions} from '../../text/who.ts';
import {renderRows, renderTable, type Cell, type Column} from '../../text/table.ts';
import {paint, type Role} from '../../text/theme.ts';
import {wrapped} from '../../text/lines.ts';

interface GrowthLook extends TextOptions {
  /** Regions at most; undefined: all that moved. */
  readonly rows?: number | undefined;
}

/** What grew, for people: the answer, then each kind and each region that moved. */
export function renderGrowth(growth: Growth, last: Snapshot, look: GrowthLook = {}): string {
  const {kinds, regions, counts, total, least} = growth;
  const moved = (line: GrowthLine): boolean =>
    (line.verdict !== 'flat' && line.verdict !== 'not enough data') || Math.abs(riseOf(line)) >= least;
  const [movedKinds, movedRegions] = [kinds.filter(moved), regions.filter(moved)];
  const shown = movedRegions.slice(0, look.rows ?? movedRegions.length);
  const share = (line: GrowthLine): number | undefined => shareOf(line, growth);
  const more = movedRegions.length - shown.length;
  const still = kinds.length - movedKinds.length;
  return [
    ...wrapped(who(last), look.width).map((line) => paint('title', line)),
    ...wrapped(`${how(growth)}.`, look.width),
    '',
    ...headline(growth).flatMap((sentence) => wrapped(sentence, look.width)),
    '',
    ...renderTable(
      KIND_COLUMNS,
      [...movedKinds.map((line) => kindCells(line.kind!, line, share(line))), kindCells('total', total, undefined)],
      look.width,
    ),
    ...(still > 0 ? [paint('quiet', `${counted(still, 'other kind')} moved by less than ${sizeText(least)}.`)] : []),
    ...(shown.length === 0 ? [] : ['', ...regionTable(shown, growth, look.width)]),
    ...(more > 0 ? [paint('quiet', `… and ${counted(more, 'more region')} that moved (--all shows them).`)] : []),
    ...counts
      .filter(({verdict}) => verdict !== 'flat' && verdict !== 'not enough data')
      .flatMap((line) => wrapped(countSentence(line), look.width)),
    '',
  ].join('\n');
}

function how({looks, usageLooks, span, measure, asked, totalMeasure}: Growth): string {
  const times = `${counted(looks, 'sample')} in ${spanText(span)}`;
  if (measure !== asked)
    return (
      `${times}; smaps could not be read often enough to follow ${measureWords(asked)} by kind, so ` +
      `kinds and regions are judged by their size, and the total by ` +
      `${totalMeasure === 'vmRss' ? 'VmRSS of status' : 'its size'} (a higher --max-duty reads it more often)`
    );
  if (measure === 'size') return `${times}, of the size of regions`;
  const total =
    totalMeasure === measure ? '' : '; smaps was not read for long periods, so the total is VmRSS of status';
  return (
    `${times}, ${usageLooks === looks ? 'each' : countText(usageLooks)} with ${measureWords(measure)} ` +
    `of each region${total}`
  );
}

/** @param least the last two are left out where the terminal has fewer columns */
const amountColumns = (least: number): Column[] => [
  {title: 'last', align: 'right'},
  {title: 'rise', align: 'right'},
  {title: 'verdict'},
  {title: 'slope', align: 'right'},
  {title: 'since', align: 'right', least},
  {title: 'share', align: 'right', least},
];

const KIND_COLUMNS: readonly Column[] = [
  {title: 'kind', gives: 'cut'},
  {title: 'first', align: 'right'},
  ...amountColumns(90),
];

const REGION_COLUMNS: readonly Column[] = [{title: 'start'}, {title: 'region', gives: 'cut'}, ...amountColumns(110)];

function regionTable(lines: readonly GrowthLine[], growth: Growth, width: number | undefined): string[] {
  const rows = lines.map((line): Cell[] => [
    {text: address(line.region!.start), role: 'quiet'},
    {text: regionName(line)},
    ...amountCells(line, shareOf(line, growth)),
  ]);
  return renderRows(REGION_COLUMNS, rows, width);
}

const kindCells = (name: string, line: GrowthLine, share: number | undefined): Cell[] => [
  {text: name, role: name === 'total' ? 'title' : undefined},
  {text: sizeText(line.first)},
  ...amountCells(line, share),
];

const ROLES: Readonly<Partial<Record<Verdict, Role>>> = {
  'steady growth': 'bad',
  'not enough data': 'quiet',
  flat: 'quiet',
};

function amountCells(line: GrowthLine, share: number | undefined): Cell[] {
  const {verdict, slope, since, last, isBelowTeeth} = line;
  const hasSlope = slope !== undefined && (verdict === 'steady growth' || (verdict === 'shrinks' && slope.high < 0));
  return [
    {text: sizeText(last)},
    {text: deltaText(riseOf(line))},
    {text: isBelowTeeth ? 'steady, low points' : verdict, role: ROLES[verdict]},
    {text: hasSlope ? slopeText(slope) : ''},
    {text: since === undefined ? '' : spanText(since)},
    {text: share === undefined ? '' : `${Math.round(share * 100)} %`},
  ];
}

/** Its share of all that was gained. */
function shareOf(line: GrowthLine, {kinds}: Growth): number | undefined {
  const gained = kinds.reduce((sum, kind) => sum + Math.max(0, riseOf(kind)), 0);
  return gained > 0 && riseOf(line) > 0 && line.isThere ? riseOf(line) / gained : undefined;
}

const regionName = ({region, isThere}: GrowthLine): string =>
  `${safe(region!.name || region!.label || region!.kind)}${isThere ? '' : ' (gone)'}`;

function countSentence({of, verdict, first, last, slope}: GrowthLine): string {
  const rate = verdict === 'steady growth' && slope ? `, by ${slopeText(slope, true)}` : '';
  return `Number of ${of}: ${countText(first)} at first, ${countText(last)} at the end; ${verdict}${rate}.`;
}

/** The document `memmap.growth/1`: times in ms since the first look, amounts in bytes, slopes in bytes a second. */
export function growthJSON(growth: Growth, last: Snapshot, notes: readonly string[]): Record<string, unknown> {
  const {measure, asked, totalMeasure, looks, usageLooks, span, least, total, kinds, regions, counts} = growth;
  return {
    schema: 'memmap.growth/1',
    source: last.source,
    process: last.process,
    measure,
    asked,
    totalMeasure,
    looks,
    usageLooks,
    span: Math.round(span),
    least,
    total: lineJSON(total),
    kinds: kinds.map(lineJSON),
    regions: regions.map(lineJSON),
    counts: counts.map(lineJSON),
    notes: notes.length > 0 ? notes : undefined,
  };
}

function lineJSON(line: GrowthLine): Record<string, unknown> {
  const {of, kind, region, verdict, slope, since, isBelowTeeth, first, last, firstSeen, isThere} = line;
  return {
    of,
    kind,
    region: region && {...regionJSON(region), usage: undefined},
    verdict,
    first,
    last,
    rise: riseOf(line),
    slope: slope && {perSecond: slope.slope * 1000, low: slope.low * 1000, high: slope.high * 1000},
    since: since === undefined ? undefined : Math.round(since),
    firstSeen: Math.round(firstSeen),
    isThere,
    lowPoints: isBelowTeeth || undefined,
    looks: line.points.t.length,
  };
}
