import {lineOf, padded, sidesOf, type Piece} from '../../../text/lines.ts';
import {ageOf} from './log.ts';
import {placeOf, rowsAt, shownRows} from './order.ts';
import {type Row, rssGrowth, sizeGrowth} from '../../../history/rows.ts';
import type {Selectable} from './keys.ts';
import {type FrameState, type Sort, sortWords, type View} from './view.ts';
import {roleOf, signOf} from '../../../text/changes.ts';
import {cells, safe} from '../../../text/safe.ts';
import {isAll} from '../../../model/choose.ts';
import {address, isWritableCode, rangeText} from '../../../model/region.ts';
import {deltaText, sizeText} from '../../../model/amounts.ts';
import {type ByteKey, MEASURES} from '../../../model/measures.ts';
import {KIND_ROLES} from '../../../text/columns.ts';
import type {Role} from '../../../text/theme.ts';

const GAP = '  ';

/**
 * The regions, in the order that the reader chose: a caption, the column heads, and `count` rows.
 *
 * It doesn't use cli-table3, as other tables do: that takes 5 ms for the 40 rows of a screen, and this 0.3 ms.
 */
export function tableLines(state: FrameState, width: number, count: number): string[] {
  const {view} = state;
  const {rows, from, isMeasured} = sectionOf(state, count);
  const shown = rowsAt(rows, view, from, count, isMeasured);
  const columns = columnsFor(shown, width, isMeasured, view.sort);
  const head = columns.map((column) => titlePiece(column, view.sort, view.isReversed));
  return [
    captionLine(state, rows.length, from, shown.length, width),
    lineOf(spaced(head), width).trimEnd(),
    ...shown.map((row) => rowLine(row, columns, state, width)),
  ];
}

/** Which part of the rows is shown: the selected one is always in it. */
function sectionOf({picture, view}: FrameState, count: number): Section {
  const rows = shownRows(picture, view);
  const isMeasured = picture.usageMs !== undefined;
  const selected = view.selected === undefined ? undefined : placeOf(rows, view, view.selected, isMeasured);
  const from = Math.min(view.scroll, Math.max(0, rows.length - count));
  if (selected === undefined) return {rows, from, isMeasured, selected};
  return {rows, from: Math.max(0, selected - count + 1, Math.min(from, selected)), isMeasured, selected};
}

interface Section {
  /** All that there are to scroll through, in address order. */
  readonly rows: readonly Row[];
  /** The places, in the order that is shown, of the first one shown and of the selected one. */
  readonly from: number;
  readonly selected: number | undefined;
  readonly isMeasured: boolean;
}

/** How many rows there are to scroll through. */
export const rowCount = ({picture, view}: FrameState): number => shownRows(picture, view).length;

/** What keys may select. @param count rows that are shown */
export function selectable(state: FrameState, count: number): Selectable {
  const {rows, from, selected, isMeasured} = sectionOf(state, count);
  return {
    top: from,
    selected,
    startAt: (place) => rowsAt(rows, state.view, place, 1, isMeasured)[0]?.region.start,
    hasPages: state.explain !== undefined,
  };
}

function captionLine(state: FrameState, count: number, from: number, shown: number, width: number): string {
  const {view} = state;
  const place = shown < count ? ` (${from + 1}–${from + shown})` : '';
  const left: Piece[] = [
    {text: regionsText(state, count, place), role: 'title'},
    {text: `, ${sortWords(view.sort)}${view.isReversed ? ', reversed' : ''}`, role: 'quiet'},
  ];
  return sidesOf(left, agePieces(state), width);
}

/** `3 of 120 regions (1–3) matching “lib”`. */
export function regionsText({picture, view}: FrameState, count: number, place = ''): string {
  const all = picture.rows.length;
  const isPart = view.filter !== '' || !isAll(picture.choice);
  const which = view.filter === '' ? '' : ` matching “${safe(view.filter)}”`;
  return `${count}${isPart ? ` of ${all}` : ''} ${all === 1 ? 'region' : 'regions'}${place}${which}`;
}

/** smaps is read within a budget. Its numbers are shown until it is read again, with their age once they are old. */
export function agePieces({picture}: Pick<FrameState, 'picture'>): Piece[] {
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
const MARKED: Partial<Readonly<Record<Sort, readonly Name[]>>> = {
  changed: [],
  growth: ['rssGrowth', 'sizeGrowth'],
  address: ['range', 'address'],
  name: ['name', 'nameOrKind'],
  rss: ['rss'],
  size: ['size'],
  kind: ['kind'],
};

/** Orders that begin with what is least. */
const ASCENDING: ReadonlySet<Sort> = new Set(['address', 'name', 'kind']);

function titlePiece({title, name, width, align}: Column, sort: Sort, isReversed: boolean): Piece {
  const isAscending = ASCENDING.has(sort) !== isReversed;
  const mark = (MARKED[sort] ?? ['by']).includes(name) ? (isAscending ? '▴' : '▾') : '';
  const text = cells(title + mark) <= width ? title + mark : title;
  return {text: padded(text, width, align), role: 'title'};
}

/** A selected row has a sign of its own, since not every terminal shows one reversed. */
function rowLine(row: Row, columns: readonly Column[], state: FrameState, width: number): string {
  const pieces = spaced(rowPieces(row, columns, state));
  if (!isSelected(row, state.view)) return lineOf(pieces, width);
  const text = pieces.map((piece, index) => (index === 1 ? SELECTED : piece.text)).join('');
  return lineOf([{text: padded(text, width), role: 'selected'}], width);
}

/** In place of the gap before the first column. */
const SELECTED = '▸ ';

const isSelected = ({region}: Row, {selected}: View): boolean =>
  selected !== undefined && region.start <= selected && selected < region.end;

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

/** `by` is the measure that the rows are sorted by, where no other column has it. */
type Name = keyof typeof COLUMNS | 'by';

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

function byColumn(key: ByteKey): Omit<Column, 'name' | 'width'> & {readonly least: number} {
  const {title, ofRegion} = MEASURES[key];
  const text = ({region}: Row): string => {
    const bytes = ofRegion(region);
    return bytes === undefined ? '?' : sizeText(bytes);
  };
  return {title, least: Math.max(9, title.length + 1), align: 'right', text};
}

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
 * @param sort a measure that no other column has gets one
 */
function columnsFor(rows: readonly Row[], width: number, isMeasured: boolean, sort: Sort): readonly Column[] {
  const widths = new Map<Name, number>();
  const isOther = !Object.hasOwn(MARKED, sort);
  const columnOf = (name: Name): Omit<Column, 'name' | 'width'> & {readonly least: number} =>
    name === 'by' ? byColumn(sort as ByteKey) : COLUMNS[name];
  const withBy = (set: readonly Name[]): readonly Name[] =>
    isOther ? set.flatMap((name): Name[] => (name === 'size' ? ['size', 'by'] : [name])) : set;
  const widthOf = (name: Name): number => {
    const known = widths.get(name);
    if (known !== undefined) return known;
    const {least, text} = columnOf(name);
    const widest = rows.reduce<number>((most, row) => Math.max(most, cells(text(row))), least);
    widths.set(name, widest);
    return widest;
  };
  const taken = (set: readonly Name[]): number =>
    set.slice(0, -1).reduce((sum, name) => sum + widthOf(name) + COLUMN_GAP, 0);
  const sets = (isMeasured ? SETS : UNMEASURED_SETS).map(withBy);
  const set = sets.find((names) => taken(names) + NAME_WIDTH <= width) ?? sets.at(-1)!;
  const last = Math.max(0, width - taken(set));
  return set.map((name, index) => ({
    ...columnOf(name),
    name,
    width: index === set.length - 1 ? last : widthOf(name),
  }));
}
