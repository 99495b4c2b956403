import {type Growth, type GrowthLine, riseOf, thingsOf} from './growth.ts';
import type {Verdict} from './verdict/judge.ts';
import {address, regionJSON} from '../../model/region.ts';
import {counted, countText, deltaText, sizeText, spanText} from '../../model/amounts.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {HeapGrowth} from './heap.ts';
import {headline, measureWords, sizeSentence, slopeText, thingName} from './words.ts';
import {who, type TextOptions} from '../../text/process/who.ts';
import {renderRows, renderTable, type Cell, type Column} from '../../text/table.ts';
import {paint, type Role} from '../../text/theme.ts';
import {wrapped} from '../../text/lines.ts';

interface GrowthLook extends TextOptions {
  /** Regions at most; undefined: all that moved. */
  readonly rows?: number | undefined;
  /** The samples are listings that somebody saved. */
  readonly isSaved?: boolean | undefined;
  /** Where malloc's books were read. */
  readonly heap?: HeapGrowth | undefined;
}

/** What grew, for people: the answer, then each kind and each region that moved. */
export function renderGrowth(growth: Growth, last: Snapshot, look: GrowthLook = {}): string {
  const {kinds, counts, total, sum, least, measure, asked} = growth;
  const moved = (line: GrowthLine): boolean => hasMoved(line, least);
  const {heap} = look;
  const said = [...headline(growth), ...(heap ? [heap.sentence] : []), ...sizeSentence(growth)];
  const [movedKinds, movedThings] = [kinds.filter(moved), thingsOf(growth).filter(moved)];
  const shown = movedThings.slice(0, look.rows ?? movedThings.length);
  const share = (line: GrowthLine): number | undefined => shareOf(line, growth);
  const more = movedThings.length - shown.length;
  const still = kinds.length - movedKinds.length;
  return [
    ...wrapped(who(last), look.width).map((line) => paint('title', line)),
    ...wrapped(`${how(growth, look.isSaved)}.`, look.width),
    '',
    ...said.flatMap((sentence) => wrapped(sentence, look.width)),
    '',
    ...renderTable(
      heap?.last ? BOOKS_COLUMNS : KIND_COLUMNS,
      [
        ...movedKinds.map((line) => kindCells(line.kind!, line, share(line))),
        kindCells(measure === asked ? 'total' : 'total size', measure === asked ? total : sum, undefined),
        ...(heap?.last
          ? [heap.inUse, heap.free].map((line) => kindCells(`malloc: ${line.name}`, line, undefined))
          : []),
      ],
      look.width,
    ),
    ...(still > 0 ? [paint('quiet', `${counted(still, 'other kind')} changed by less than ${sizeText(least)}.`)] : []),
    ...(shown.length === 0 ? [] : ['', ...regionTable(shown, growth, look.width)]),
    ...(more > 0 ? [paint('quiet', `… and ${countText(more)} more that changed (--all shows them).`)] : []),
    ...counts
      .filter(({verdict}) => verdict !== 'flat' && verdict !== 'not enough data')
      .flatMap((line) => wrapped(countSentence(line), look.width)),
    '',
  ].join('\n');
}

/** Is it worth a row? @param least bytes */
export const hasMoved = (line: GrowthLine, least: number): boolean =>
  (line.verdict !== 'flat' && line.verdict !== 'not enough data') || Math.abs(riseOf(line)) >= least;

function how({looks, usageLooks, span, measure, asked, totalMeasure}: Growth, isSaved = false): string {
  const times = `${counted(looks, isSaved ? 'listing' : 'sample')} in ${spanText(span)}`;
  const total = totalMeasure === 'vmRss' ? `; the total is VmRSS of each sample` : '';
  if (measure !== asked) {
    const read = usageLooks === 0 ? 'was not read' : `was read ${counted(usageLooks, 'time')}, which is not enough`;
    if (isSaved) {
      const saved = usageLooks === 0 ? 'is in none of them' : `is in ${counted(usageLooks, 'listing')}, too few`;
      return (
        `${times}; ${measureWords(asked)} ${saved}, so the table is of sizes: address space, which need not be in ` +
        'use'
      );
    }
    return (
      `${times}; ${measureWords(asked)} by kind ${read} (a higher --max-duty reads it more often), so the table ` +
      `is of sizes: address space, which need not be in use${total}`
    );
  }
  if (measure === 'size') return `${times}, of the size of regions`;
  return (
    `${times}, ${usageLooks === looks ? 'each' : countText(usageLooks)} with ${measureWords(measure)} ` +
    `of each region${total}`
  );
}

/** @param least the last two are left out where the terminal has fewer columns */
export const amountColumns = (least: number): Column[] => [
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

/** With rows of malloc's books, whose names are longer: they must not be cut on a terminal of 80 columns. */
const BOOKS_COLUMNS: readonly Column[] = KIND_COLUMNS.map((column) =>
  column.title === 'first' ? {...column, least: 90} : column,
);

const REGION_COLUMNS: readonly Column[] = [{title: 'start'}, {title: 'region', gives: 'cut'}, ...amountColumns(110)];

function regionTable(lines: readonly GrowthLine[], growth: Growth, width: number | undefined): string[] {
  const rows = lines.map((line): Cell[] => [
    {text: line.region ? address(line.region.start) : counted(line.count!, 'region'), role: 'quiet'},
    {text: `${thingName(line)}${line.isThere && line.count !== 0 ? '' : ' (gone)'}`},
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

export function amountCells(line: GrowthLine, share: number | undefined): Cell[] {
  const {verdict, slope, since, last, isBelowTeeth} = line;
  const hasSlope = slope !== undefined && (verdict === 'steady growth' || (verdict === 'shrinks' && slope.high < 0));
  return [
    {text: sizeText(last)},
    {text: deltaText(riseOf(line))},
    {text: isBelowTeeth ? 'steady, low points' : verdict, role: ROLES[verdict]},
    {text: hasSlope ? slopeText(slope) : ''},
    {text: line.steps && line.steps.length > 1 ? line.steps.map(({t}) => spanText(t)).join(', ') : sinceText(since)},
    {text: share === undefined ? '' : `${Math.round(share * 100)} %`},
  ];
}

const sinceText = (since: number | undefined): string => (since === undefined ? '' : spanText(since));

/** Its share of all that was gained. */
function shareOf(line: GrowthLine, {kinds}: Growth): number | undefined {
  const gained = kinds.reduce((sum, kind) => sum + Math.max(0, riseOf(kind)), 0);
  return gained > 0 && riseOf(line) > 0 && line.isThere ? riseOf(line) / gained : undefined;
}

function countSentence({of, verdict, first, last, slope}: GrowthLine): string {
  const rate = verdict === 'steady growth' && slope ? `, by ${slopeText(slope, true)}` : '';
  return `Number of ${of}: ${countText(first)} at first, ${countText(last)} at the end; ${verdict}${rate}.`;
}

/** The document `memmap.growth/1`: times in ms since the first look, amounts in bytes, slopes in bytes a second. */
export function growthJSON(
  growth: Growth,
  last: Snapshot,
  notes: readonly string[],
  heap?: HeapGrowth,
): Record<string, unknown> {
  const {measure, asked, totalMeasure, looks, usageLooks, span, least, counts} = growth;
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
    total: lineJSON(growth.total),
    sum: lineJSON(growth.sum),
    kinds: growth.kinds.map(lineJSON),
    groups: growth.groups.map(lineJSON),
    regions: growth.regions.map(lineJSON),
    counts: counts.map(lineJSON),
    heap: heap && heapGrowthJSON(heap),
    notes: notes.length > 0 ? notes : undefined,
  };
}

/** malloc's books in a document. */
export const heapGrowthJSON = (heap: HeapGrowth): object => ({
  verdict: heap.verdict,
  sentence: heap.sentence,
  readings: heap.readings,
  used: heap.used,
  why: heap.why,
  inUse: lineJSON(heap.inUse),
  free: lineJSON(heap.free),
  last: heap.last ?? null,
});

export function lineJSON(line: GrowthLine): Record<string, unknown> {
  const {of, kind, region, name, count, verdict, slope, since, isBelowTeeth, steps, hole} = line;
  const {first, last, firstSeen, isThere} = line;
  return {
    of,
    kind,
    name,
    count,
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
    steps: steps?.map(({t, rise}) => ({t: Math.round(t), rise: Math.round(rise)})),
    unread: hole && {from: Math.round(hole.from), to: Math.round(hole.to)},
    looks: line.points.t.length,
  };
}
