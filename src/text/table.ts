import Table from 'cli-table3';
import {cells, clip, shorten, shortenPath} from './safe.ts';
import {wrapped} from './lines.ts';
import {paint, type Role} from './theme.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** It gets what room the others leave: `cut` shortens what is longer, `wrap` sets it on several lines. */
  readonly gives?: 'cut' | 'wrap';
  /** Where the terminal has fewer columns than this, it is left out. */
  readonly least?: number;
}

export interface Cell {
  /** Safe for a terminal. */
  readonly text: string;
  readonly role?: Role | undefined;
  /** How many columns of the terminal it takes, where that is known. */
  readonly length?: number | undefined;
  /** What is left out where it is too long: the middle, unless it is a path or a phrase. */
  readonly is?: 'path' | 'phrase' | undefined;
}

/** This many lines of a long table are one string: one by one, 60,000 of them would take 20 MB. */
const BLOCK = 500;

const SHORTEN = {path: shortenPath, phrase: clip, name: shorten};

const GAP = '  ';

/**
 * A table whose number of rows memmap itself bounds: limits, lessons, verdicts. cli-table3 draws it. It takes 5 ms to
 * start, and compares each cell with all rows before it (40 rows take 10 ms, 1,000 rows 0.4 s, 10,000 rows 13 s), so it
 * is not for a listing, nor for what each `show` and `diff` prints.
 *
 * @param width columns of the terminal; undefined: nothing is shortened
 * @returns lines without their newlines
 */
export function renderTable(
  columns: readonly Column[],
  rows: ReadonlyArray<readonly Cell[]>,
  width?: number,
): string[] {
  const layout = laidOut(columns, rows, width);
  return layout.lengths.some((length) => length > LONGEST_DRAWN) ? ownRows(layout) : tableRows(layout);
}

/**
 * Columns of the terminal. cli-table3 shortens each cell for a debug message that nobody sees, and measures it again
 * for each character that it takes off where characters are wide or combine (truncateWidth() in its src/utils.js): a
 * name of 9,000 takes 2 s. What is longer than this is drawn as a listing is.
 */
const LONGEST_DRAWN = 200;

/**
 * A listing in the same style, of what a process or a machine has, which may be a million rows: regions, totals,
 * changes, pages, moments, files, processes.
 *
 * @returns lines without their newlines; of a long listing, each string is several lines, with newlines between them
 */
export function renderRows(columns: readonly Column[], rows: ReadonlyArray<readonly Cell[]>, width?: number): string[] {
  return ownRows(laidOut(columns, rows, width));
}

/** Columns for which there is room, and cells that fit them, the titles first. */
interface Layout {
  readonly columns: readonly Column[];
  /** A row of one cell is a line of its own below the row before it, whatever the columns. */
  readonly rows: ReadonlyArray<readonly Cell[]>;
  readonly widths: readonly number[];
  /** How many columns of the terminal each cell takes, row by row. */
  readonly lengths: Int32Array;
}

function laidOut(columns: readonly Column[], rows: ReadonlyArray<readonly Cell[]>, width: number | undefined): Layout {
  if (columns.some((column) => isLeftOut(column, width))) {
    const left = <Entry>(list: readonly Entry[]): readonly Entry[] =>
      list.length === 1 ? list : list.filter((_, index) => !isLeftOut(columns[index]!, width));
    return laidOut(left(columns), rows.map(left), width);
  }
  const all = [columns.map(({title}): Cell => ({text: title, role: 'title'})), ...rows];
  const natural = measured(columns, all);
  if (width === undefined) return natural;
  const giving = columns.findIndex((column) => column.gives);
  const room = width - natural.widths.reduce((sum, each, index) => sum + (index === giving ? 0 : each + GAP.length), 0);
  if (giving < 0 || natural.widths[giving]! <= room) return natural;
  if (columns[giving]!.gives === 'wrap') return measured(columns, wrappedRows(all, giving, room, width));
  const most = Math.max(LEAST_WIDTH, room);
  return measured(
    columns,
    all.map((row) => row.map((cell, index) => (index === giving ? fitted(cell, most) : cell))),
  );
}

/** A column that is cut becomes no narrower than this. */
const LEAST_WIDTH = 8;

/** In a column that is narrower than this, sentences can't be read: they go below their row. */
const READABLE = 28;

/** How far what is below a row is set in. */
const INDENT = '   ';

/** The cells of one column on several lines: within it, or below the row where it is too narrow for that. */
function wrappedRows(
  rows: ReadonlyArray<readonly Cell[]>,
  giving: number,
  room: number,
  width: number,
): Array<readonly Cell[]> {
  const isBelow = room < READABLE;
  return rows.flatMap((row, index) => {
    const cell = row[giving];
    if (!cell) return [row];
    const others = (text: string): Cell[] => row.map((each, at) => (at === giving ? {...cell, text} : each));
    if (isBelow && index === 0) return [others('')];
    const most = isBelow ? width - INDENT.length : room;
    const words = cell.text.split(' ').map((word) => shortenPath(word, most));
    const lines = wrapped(words.join(' '), most);
    const line = (text: string): Cell => ({text: paint(cell.role, text), length: 0});
    if (isBelow) return [others(''), ...(cell.text === '' ? [] : lines.map((text) => [line(INDENT + text)]))];
    const [first = '', ...more] = lines;
    return [
      others(first),
      ...more.map((text) => row.map((_, at): Cell => (at === giving ? {...cell, text} : NOTHING))),
    ];
  });
}

const NOTHING: Cell = {text: '', length: 0};

function measured(columns: readonly Column[], rows: ReadonlyArray<readonly Cell[]>): Layout {
  const lengths = lengthsOf(rows, columns.length);
  return {columns, rows, lengths, widths: columns.map((_, index) => largest(lengths, index, columns.length))};
}

const isLeftOut = ({least = 0}: Column, width = Infinity): boolean => width < least;

/**
 * How many columns of the terminal each cell takes, row by row. A cell that is the same object as the one above it is
 * not counted again.
 */
function lengthsOf(rows: ReadonlyArray<readonly Cell[]>, columns: number): Int32Array {
  const lengths = new Int32Array(rows.length * columns);
  let above = rows[0]!;
  for (let row = 0, at = 0; row < rows.length; row++) {
    const current = rows[row]!;
    for (let index = 0; index < columns; index++, at++) {
      const cell = current[index];
      lengths[at] =
        row > 0 && cell === above[index] ? lengths[at - columns]! : (cell?.length ?? cells(cell?.text ?? ''));
    }
    above = current;
  }
  return lengths;
}

function largest(lengths: Int32Array, index: number, columns: number): number {
  let most = 0;
  for (let at = index; at < lengths.length; at += columns) if (lengths[at]! > most) most = lengths[at]!;
  return most;
}

function fitted(cell: Cell, width: number): Cell {
  if (cells(cell.text) <= width) return cell;
  return {...cell, text: SHORTEN[cell.is ?? 'name'](cell.text, width), length: undefined};
}

function tableRows({columns, rows}: Layout): string[] {
  const none = [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ];
  const table = new Table({
    chars: {...Object.fromEntries(none.map((place) => [place, ''])), middle: GAP},
    style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0},
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  for (const row of rows) {
    const [first] = row;
    if (row.length === 1 && columns.length > 1) table.push([{content: first!.text, colSpan: columns.length}]);
    else table.push(row.map((cell) => paint(cell.role, cell.text)));
  }
  return table.toString().split('\n').map(withoutTrailingBlanks);
}

/** Blanks are written once something follows them, so that none end a line. */
function ownRows({columns, rows, lengths, widths}: Layout): string[] {
  const isRight = columns.map(({align}) => align === 'right');
  const blocks: string[] = [];
  const lines: string[] = [];
  let at = 0;
  for (const row of rows) {
    let line = '';
    let blanks = 0;
    for (let index = 0; index < columns.length; index++, at++) {
      const {text, role} = row[index] ?? NOTHING;
      const missing = widths[index]! - lengths[at]!;
      if (isRight[index]) blanks += missing;
      if (text !== '') {
        line += blanksOf(blanks) + paint(role, text);
        blanks = 0;
      }
      blanks += isRight[index] ? GAP.length : missing + GAP.length;
    }
    if (lines.push(line) === BLOCK) blocks.push(lines.splice(0).join('\n'));
  }
  return [...blocks, ...lines];
}

const BLANKS: readonly string[] = Array.from({length: 100}, (_, count) => ' '.repeat(count));

const blanksOf = (count: number): string => BLANKS[count] ?? ' '.repeat(Math.max(0, count));

const withoutTrailingBlanks = (line: string): string => line.replace(/ +$/, '');
