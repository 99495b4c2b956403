import {lineOf, padded, sidesOf, type Piece} from '../../../text/lines.ts';
import {ageOf} from './log.ts';
import {filtered, rowsAt} from './order.ts';
import {type Row, rssGrowth, sizeGrowth} from '../../../history/rows.ts';
import {type FrameState, type Sort, SORTS} from './view.ts';
import {roleOf, signOf} from '../../../text/changes.ts';
import {cells, safe} from '../../../text/safe.ts';
import {address, isWritableCode, rangeText} from '../../../model/region.ts';
import {deltaText, sizeText} from '../../../model/amounts.ts';
import {MEASURES} from '../../../model/measures.ts';
import {KIND_ROLES} from '../../../text/columns.ts';
import type {Role} from '../../../text/theme.ts';

const GAP = '  ';

/**
 * The regions, in the order that the reader chose: a caption, the column heads, and `count` rows.
 *
 * It doesn't use cli-table3, as other tables do: that takes 5 ms for the 40 rows of a screen, and this 0.3 ms.
 */
export function tableLines(state: FrameState, width: number, count: number): string[] {
  const {picture, view} = state;
  const rows = filtered(picture.rows, view.filter);
  const from = Math.min(view.scroll, Math.max(0, rows.length - count));
  const isMeasured = picture.usageMs !== undefined;
  const shown = rowsAt(rows, view, from, count, isMeasured);
  const columns = columnsFor(shown, width, isMeasured);
  const head = columns.map((column) => titlePiece(column, view.sort, view.isReversed));
  return [
    captionLine(state, rows.length, from, shown.length, width),
    lineOf(spaced(head), width).trimEnd(),
    ...shown.map((row) => lineOf(spaced(rowPieces(row, columns, state)), width)),
  ];
}

/** How many rows there are to scroll through. */
export const rowCount = ({picture, view}: FrameState): number => filtered(picture.rows, view.filter).length;

function captionLine(state: FrameState, count: number, from: number, shown: number, width: number): string {
  const {picture, view} = state;
  const all = picture.rows.length;
  const regions = `${count}${view.filter === '' ? '' : ` of ${all}`} ${all === 1 ? 'region' : 'regions'}`;
  const which = view.filter === '' ? '' : ` matching “${safe(view.filter)}”`;
  const place = shown < count ? ` (${from + 1}–${from + shown})` : '';
  const order = `, ${SORTS[view.sort]}${view.isReversed ? ', reversed' : ''}`;
  const left: Piece[] = [
    {text: regions + place + which, role: 'title'},
    {text: order, role: 'quiet'},
  ];
  return sidesOf(left, agePieces(state), width);
}

/** smaps is read within a budget. Its numbers are shown until it is read again, with their age once they are old. */
function agePieces({picture}: FrameState): Piece[] {
  const {ms, usageMs} = picture;
  if (usageMs === undefined) return [{text: 'smaps is not read', role: 'quiet'}];
  const age = ms - usageMs;
  return age <= STALE_MS ? [] : [{text: `resident as of ${agoText(age)} ago`, role: 'quiet'}];
}

/** Without smaps for this many ms, its numbers are called old. */
const STALE_MS = 2000;

const agoText = (ms: number): string =>
  ms < 60_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`;

/** The columns that an order belongs to: they are marked with it. */
const MARKED: Readonly<Record<Sort, readonly Name[]>> = {
  changed: [],
  rss: ['rss'],
  size: ['size'],
  growth: ['rssGrowth', 'sizeGrowth'],
  address: ['range', 'address'],
};

function titlePiece({title, name, width, align}: Column, sort: Sort, isReversed: boolean): Piece {
  const isAscending = (sort === 'address') !== isReversed;
  const mark = MARKED[sort].includes(name) ? (isAscending ? '▴' : '▾') : '';
  const text = cells(title + mark) <= width ? title + mark : title;
  return {text: padded(text, width, align), role: 'title'};
}

function rowPieces(row: Row, columns: readonly Column[], {picture, interval}: FrameState): Piece[] {
  const {change} = row;
  const age = ageOf(0, (picture.tick - row.changed) * interval);
  return columns.map(({name, text, width, align, roleOf: ownRole}) => {
    const cell = padded(text(row), width, align);
    return change !== undefined && MARKS_CHANGE.has(name)
      ? {text: cell, role: roleOf(change), age}
      : {text: cell, role: ownRole?.(row)};
  });
}

/** Columns that take the colour of what happened to the region. */
const MARKS_CHANGE: ReadonlySet<Name> = new Set(['sign', 'range', 'address', 'size']);

/** With gaps between the columns; the last one needs no trailing blanks. */
const spaced = (pieces: readonly Piece[]): Piece[] =>
  pieces.flatMap((piece, index) =>
    index === pieces.length - 1 ? [{...piece, text: piece.text.trimEnd()}] : [piece, {text: GAP}],
  );

interface Column {
  readonly name: Name;
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  readonly text: (row: Row) => string;
  readonly roleOf?: ((row: Row) => Role | undefined) | undefined;
}

type Name = keyof typeof COLUMNS;

/** `least`: the width of usual contents, so that columns don't move while rows come and go. */
const COLUMNS = {
  sign: {title: '', least: 1, align: 'left', text: ({change}: Row) => (change ? signOf(change) : '')},
  range: {title: 'range', least: 25, align: 'left', text: ({region}: Row) => rangeText(region)},
  address: {title: 'address', least: 12, align: 'left', text: ({region}: Row) => address(region.start)},
  size: {title: MEASURES.size.title, least: 9, align: 'right', text: (row: Row) => sizeText(row.size)},
  sizeGrowth: {
    title: `Δ ${MEASURES.size.title}`,
    least: 10,
    align: 'right',
    text: (row: Row) => growthText(sizeGrowth(row)),
  },
  rss: {
    title: MEASURES.rss.title,
    least: 9,
    align: 'right',
    // Unknown is not 0: smaps has not been read since the region appeared.
    text: ({rss}: Row) => (rss === undefined ? '?' : sizeText(rss)),
    roleOf: ({rss}: Row): Role | undefined => (rss ? undefined : 'quiet'),
  },
  rssGrowth: {
    title: `Δ ${MEASURES.rss.title}`,
    least: 10,
    align: 'right',
    text: (row: Row) => growthText(rssGrowth(row) ?? 0),
    roleOf: (row: Row): Role | undefined => ((rssGrowth(row) ?? 0) > 0 ? 'come' : 'go'),
  },
  perms: {
    title: 'perms',
    least: 5,
    align: 'left',
    text: ({region}: Row) => safe(region.perms),
    roleOf: ({region}: Row): Role | undefined => (isWritableCode(region) ? 'bad' : undefined),
  },
  kind: {
    title: 'kind',
    least: 8,
    align: 'left',
    text: ({region}: Row) => region.kind,
    roleOf: ({region}: Row): Role | undefined => KIND_ROLES[region.kind],
  },
  name: {
    title: 'name',
    least: 0,
    align: 'left',
    text: nameText,
    roleOf: ({region}: Row): Role | undefined => KIND_ROLES[region.kind],
  },
  /** Where there is no room for a kind column, the kind replaces a missing name. */
  nameOrKind: {
    title: 'name',
    least: 0,
    align: 'left',
    text: (row: Row) => nameText(row) || `(${row.region.kind})`,
    roleOf: ({region}: Row): Role | undefined => KIND_ROLES[region.kind],
  },
} as const;

const growthText = (bytes: number): string => (bytes === 0 ? '' : deltaText(bytes));

/** The kernel's name for the region, and memmap's label where there is one. */
function nameText({region}: Row): string {
  const {name, label = '', confidence} = region;
  const said = label !== '' && confidence === 'guess' ? `${label}?` : label;
  return safe([name, said].filter(Boolean).join('  '));
}

/** From the most columns to the fewest; the first set that leaves room for the name is used. */
const SETS: ReadonlyArray<readonly Name[]> = [
  ['sign', 'range', 'size', 'sizeGrowth', 'rss', 'rssGrowth', 'perms', 'kind', 'name'],
  ['sign', 'range', 'size', 'rss', 'rssGrowth', 'perms', 'kind', 'name'],
  ['sign', 'address', 'size', 'rss', 'rssGrowth', 'perms', 'kind', 'name'],
  ['sign', 'address', 'size', 'rss', 'rssGrowth', 'kind', 'name'],
  ['sign', 'address', 'size', 'rss', 'kind', 'name'],
  ['sign', 'address', 'size', 'rss', 'nameOrKind'],
  ['sign', 'size', 'rss', 'nameOrKind'],
  ['sign', 'size', 'nameOrKind'],
];

/** Without smaps: only how the regions' sizes grew is known. */
const UNMEASURED_SETS: ReadonlyArray<readonly Name[]> = [
  ['sign', 'range', 'size', 'sizeGrowth', 'perms', 'kind', 'name'],
  ['sign', 'address', 'size', 'sizeGrowth', 'perms', 'kind', 'name'],
  ['sign', 'address', 'size', 'sizeGrowth', 'kind', 'name'],
  ['sign', 'address', 'size', 'kind', 'name'],
  ['sign', 'size', 'nameOrKind'],
];

/** A name has at least this many columns of the terminal; otherwise other columns are left out. */
const NAME_WIDTH = 14;
const COLUMN_GAP = 2;

/**
 * The columns that fit, with their widths; the last one takes the rest.
 *
 * @param isMeasured smaps was read at least once
 */
function columnsFor(rows: readonly Row[], width: number, isMeasured: boolean): readonly Column[] {
  const widths = new Map<Name, number>();
  const widthOf = (name: Name): number => {
    const known = widths.get(name);
    if (known !== undefined) return known;
    const {least, text} = COLUMNS[name];
    const widest = rows.reduce<number>((most, row) => Math.max(most, cells(text(row))), least);
    widths.set(name, widest);
    return widest;
  };
  const taken = (set: readonly Name[]): number =>
    set.slice(0, -1).reduce((sum, name) => sum + widthOf(name) + COLUMN_GAP, 0);
  const sets = isMeasured ? SETS : UNMEASURED_SETS;
  const set = sets.find((names) => taken(names) + NAME_WIDTH <= width) ?? sets.at(-1)!;
  const last = Math.max(0, width - taken(set));
  return set.map((name, index) => ({
    ...COLUMNS[name],
    name,
    width: index === set.length - 1 ? last : widthOf(name),
  }));
}
