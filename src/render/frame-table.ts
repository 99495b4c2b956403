import {columnsFor, type Column, type Name} from './frame-columns.ts';
import {lineOf, padded, sidesOf, type Piece} from './frame-line.ts';
import {ageOf} from './frame-log.ts';
import {filtered, rowsAt} from './frame-order.ts';
import type {Row} from './frame-rows.ts';
import {SORTS, type Sort} from './frame-view.ts';
import type {FrameState} from './frame-state.ts';
import {roleOf} from './change.ts';
import {cells, safe} from './safe.ts';

const GAP = '  ';

/**
 * The regions, in the order that the reader chose: a line that says which, the titles, and `count` rows.
 *
 * Not by cli-table3, as other tables are: for the 40 rows of a screen it takes 5 ms, and this 0.3 ms.
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
  const which = view.filter === '' ? '' : ` with “${safe(view.filter)}”`;
  const place = shown < count ? ` (${from + 1}–${from + shown})` : '';
  const order = `, ${SORTS[view.sort]}${view.isReversed ? ', reversed' : ''}`;
  const left: Piece[] = [
    {text: regions + place + which, role: 'title'},
    {text: order, role: 'quiet'},
  ];
  return sidesOf(left, agePieces(state), width);
}

/** smaps is read within a budget; what it said is shown until it is read again, and how old that is. */
function agePieces({picture, interval}: FrameState): Piece[] {
  const {ms, usageMs} = picture;
  if (usageMs === undefined) return [{text: 'smaps is not read', role: 'quiet'}];
  const age = ms - usageMs;
  return age <= Math.max(STALE_LOOKS * interval, STALE_MS)
    ? []
    : [{text: `resident as of ${agoText(age)} ago`, role: 'quiet'}];
}

/** After so many looks without smaps, and so many ms, its numbers are called old. */
const STALE_LOOKS = 3;
const STALE_MS = 2000;

const agoText = (ms: number): string => (ms < 60_000 ? `${Math.max(1, Math.round(ms / 1000))} s` : `${Math.round(ms / 60_000)} min`); // prettier-ignore

/** The order is marked where a column stands for it. */
const MARKED: Readonly<Record<Sort, readonly Name[]>> = {
  changed: [],
  resident: ['resident'],
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

/** Columns that have the colour of what happened to the region. */
const MARKS_CHANGE: ReadonlySet<Name> = new Set(['sign', 'range', 'address', 'size']);

/** With gaps between the columns; the last one needs no blanks behind it. */
const spaced = (pieces: readonly Piece[]): Piece[] =>
  pieces.flatMap((piece, index) =>
    index === pieces.length - 1 ? [{...piece, text: piece.text.trimEnd()}] : [piece, {text: GAP}],
  );
