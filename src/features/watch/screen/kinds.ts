import {deltaText, sizeText} from '../../../model/amounts.ts';
import {compareTexts} from '../../../model/choose.ts';
import type {Kind} from '../../../model/kind.ts';
import {MEASURES} from '../../../model/measures.ts';
import {rssGrowth, sizeGrowth, type Row} from '../../../history/rows.ts';
import {KIND_ROLES} from '../../../text/columns.ts';
import {lineOf, padded, type Piece, sidesOf} from '../../../text/lines.ts';
import {cells} from '../../../text/safe.ts';
import {shownRows} from './order.ts';
import {agePieces, regionsText} from './table.ts';
import type {FrameState, View} from './view.ts';

/** What the regions of one kind have together, in bytes. */
interface Sum {
  readonly kind: Kind | 'total';
  regions: number;
  size: number;
  sizeGrowth: number;
  /** Of those whose resident memory is known. */
  rss: number;
  rssGrowth: number;
  /** How many regions' resident memory is not known. */
  unknown: number;
}

/**
 * The totals by kind of the regions that are shown: a caption, the column heads, `count` rows, the total always last.
 */
export function kindLines(state: FrameState, width: number, count: number): string[] {
  const {picture, view} = state;
  const rows = shownRows(picture, view);
  const sums = sumsOf(rows);
  const isMeasured = picture.usageMs !== undefined;
  const room = Math.max(0, count - 1);
  const from = Math.min(view.scroll, Math.max(0, sums.length - room));
  const shown = ordered(sums, view, isMeasured).slice(from, from + room);
  const all = [...shown, totalOf(sums)];
  const columns = columnsFor(all, width, isMeasured);
  const caption: Piece[] = [
    {text: `${sums.length} ${sums.length === 1 ? 'kind' : 'kinds'}`, role: 'title'},
    {text: ` of memory in ${regionsText(state, rows.length)}`, role: 'quiet'},
  ];
  return [
    sidesOf(caption, agePieces(state), width),
    lineOf(
      spaced(columns.map(({title, width: wide, align}) => ({text: padded(title, wide, align), role: 'title'}))),
      width,
    ),
    ...all.map((sum) => lineOf(spaced(columns.map((column) => cellOf(column, sum))), width)),
  ].map((line) => line.trimEnd());
}

/** How many kinds there are to scroll through. */
export const kindCount = ({picture, view}: FrameState): number => sumsOf(shownRows(picture, view)).length;

/** Found once for each sample and filter: there may be 60,000 rows. */
function sumsOf(rows: readonly Row[]): readonly Sum[] {
  const known = found.get(rows);
  if (known) return known;
  const sums = new Map<Kind, Sum>();
  for (const row of rows) {
    const {kind} = row.region;
    let sum = sums.get(kind);
    if (!sum) sums.set(kind, (sum = nothing(kind)));
    sum.regions++;
    sum.size += row.size;
    sum.sizeGrowth += sizeGrowth(row);
    if (row.rss === undefined) sum.unknown++;
    else sum.rss += row.rss;
    sum.rssGrowth += rssGrowth(row) ?? 0;
  }
  const all = [...sums.values()];
  found.set(rows, all);
  return all;
}

const found = new WeakMap<readonly Row[], readonly Sum[]>();

const nothing = (kind: Sum['kind']): Sum => ({
  kind,
  regions: 0,
  size: 0,
  sizeGrowth: 0,
  rss: 0,
  rssGrowth: 0,
  unknown: 0,
});

function totalOf(sums: readonly Sum[]): Sum {
  const total = nothing('total');
  for (const sum of sums)
    for (const key of ['regions', 'size', 'sizeGrowth', 'rss', 'rssGrowth', 'unknown'] as const) total[key] += sum[key];
  return total;
}

/** In the order of the view, as far as kinds have one; else what takes the most first. */
function ordered(sums: readonly Sum[], {sort, isReversed}: View, isMeasured: boolean): readonly Sum[] {
  const weight = ({rss, size}: Sum): number => (isMeasured && sort !== 'size' ? rss : size);
  const growth = (sum: Sum): number => (isMeasured ? sum.rssGrowth : sum.sizeGrowth);
  const key = sort === 'growth' ? growth : weight;
  const isByName = sort === 'name' || sort === 'kind';
  const all = sums.toSorted((a, b) => (isByName ? compareTexts(a.kind, b.kind) : key(b) - key(a) || b.size - a.size));
  return isReversed ? all.reverse() : all;
}

interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  readonly width: number;
  readonly text: (sum: Sum) => string;
  readonly isGrowth?: boolean;
}

/** What part of a kind has resident memory that is not known is left out of its sum. */
const least = ({unknown}: Sum): string => (unknown > 0 ? '≥ ' : '');

const growthText = (bytes: number): string => (bytes === 0 ? '' : deltaText(bytes));

const {size: SIZE, rss: RSS} = MEASURES;

const COLUMNS: ReadonlyArray<Omit<Column, 'width'>> = [
  {title: 'kind', align: 'left', text: ({kind}) => kind},
  {title: 'regions', align: 'right', text: ({regions}) => String(regions)},
  {title: SIZE.title, align: 'right', text: ({size}) => sizeText(size)},
  {title: `Δ ${SIZE.title}`, align: 'right', text: (sum) => growthText(sum.sizeGrowth), isGrowth: true},
];

const MEASURED: ReadonlyArray<Omit<Column, 'width'>> = [
  {
    title: RSS.title,
    align: 'right',
    text: (sum) => (sum.unknown === sum.regions ? '?' : least(sum) + sizeText(sum.rss)),
  },
  {title: `Δ ${RSS.title}`, align: 'right', text: (sum) => growthText(sum.rssGrowth), isGrowth: true},
];

const GAP = '  ';

/** The widest usual contents, so that columns don't move while figures come and go. */
const LEAST_WIDTH = 10;

/** The columns that fit; where there is little room, first the growth of the size is left out, then the count. */
function columnsFor(sums: readonly Sum[], width: number, isMeasured: boolean): readonly Column[] {
  const [kind, regions, size, growth] = COLUMNS as [Omit<Column, 'width'>, ...Array<Omit<Column, 'width'>>];
  const measured = isMeasured ? MEASURED : [];
  const sets = [
    [kind, regions!, size!, growth!, ...measured],
    [kind, regions!, size!, ...measured],
    [kind, size!, ...measured],
    [kind, ...(isMeasured ? [MEASURED[0]!] : [size!])],
  ].map((columns) =>
    columns.map((column): Column => {
      const widest = sums.reduce((most, sum) => Math.max(most, cells(column.text(sum))), cells(column.title));
      return {...column, width: Math.max(column === regions ? 0 : LEAST_WIDTH, widest)};
    }),
  );
  const taken = (columns: readonly Column[]): number =>
    columns.reduce((sum, column) => sum + column.width + GAP.length, -GAP.length);
  return sets.find((columns) => taken(columns) <= width) ?? sets.at(-1)!;
}

function cellOf({text, align, width, isGrowth}: Column, sum: Sum): Piece {
  const own = text(sum);
  const role = sum.kind === 'total' ? 'title' : isGrowth ? (own.startsWith('+') ? 'come' : 'go') : KIND_ROLES[sum.kind];
  return {text: padded(own, width, align), role};
}

const spaced = (pieces: readonly Piece[]): Piece[] =>
  pieces.flatMap((piece, index) => (index === 0 ? [piece] : [{text: GAP}, piece]));
