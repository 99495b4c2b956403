import Table from 'cli-table3';
import {cells, shorten, shortenPath, shortenPhrase} from './safe.ts';
import {paint, type Role} from './theme.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** It may be shortened where the terminal is narrow. */
  readonly gives?: boolean;
}

export interface Cell {
  /** Safe for a terminal. */
  readonly text: string;
  readonly role?: Role | undefined;
  /** What goes where it is too long: the middle, unless it is a path or a phrase. */
  readonly is?: 'path' | 'phrase' | undefined;
}

const SHORTEN = {path: shortenPath, phrase: shortenPhrase, name: shorten};

const GAP = '  ';

/**
 * cli-table3 compares each cell with all rows before it: 40 rows take 5 ms, where `ownRows` takes 0.3 ms, and 1,000 rows 0.4 s.
 * It draws the small tables; above so many rows `ownRows` draws the same, or a small `show` would take a third longer.
 */
const MOST_ROWS = 20;

/**
 * Cells as lines of text.
 *
 * @param width columns of the terminal; undefined: nothing is shortened
 */
export function renderTable(
  columns: readonly Column[],
  rows: ReadonlyArray<readonly Cell[]>,
  width?: number,
): string[] {
  const titles = columns.map((column) => ({text: column.title, role: 'title' as const}));
  const all = [titles, ...rows];
  const widths = columns.map((_, index) => all.reduce((most, row) => Math.max(most, cells(row[index]?.text ?? '')), 0));
  if (width !== undefined) narrow(columns, widths, width);
  const fitting = width === undefined ? all : all.map((row) => row.map((cell, index) => fitted(cell, widths[index]!)));
  return fitting.length <= MOST_ROWS ? tableRows(columns, fitting) : ownRows(columns, fitting, widths);
}

function fitted(cell: Cell, width: number): Cell {
  return cells(cell.text) <= width ? cell : {...cell, text: SHORTEN[cell.is ?? 'name'](cell.text, width)};
}

function narrow(columns: readonly Column[], widths: number[], width: number): void {
  const giving = columns.findIndex((column) => column.gives);
  if (giving < 0) return;
  const others = widths.reduce((sum, each, index) => sum + (index === giving ? 0 : each + GAP.length), 0);
  widths[giving] = Math.max(8, Math.min(widths[giving]!, width - others));
}

function tableRows(columns: readonly Column[], rows: ReadonlyArray<readonly Cell[]>): string[] {
  const none = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid']; // prettier-ignore
  const table = new Table({
    chars: {...Object.fromEntries(none.map((place) => [place, ''])), middle: GAP},
    style: {head: [], border: [], 'padding-left': 0, 'padding-right': 0},
    colAligns: columns.map((column) => column.align ?? 'left'),
  });
  for (const row of rows) table.push(row.map((cell) => paint(cell.role, cell.text)));
  return table.toString().split('\n').map(withoutTrailingBlanks);
}

function ownRows(
  columns: readonly Column[],
  rows: ReadonlyArray<readonly Cell[]>,
  widths: readonly number[],
): string[] {
  const last = columns.length - 1;
  return rows.map((row) => {
    let line = '';
    for (const [index, cell] of row.entries()) {
      const isLast = index === last;
      const isRight = columns[index]!.align === 'right';
      const padding = isLast && !isRight ? '' : ' '.repeat(Math.max(0, widths[index]! - cells(cell.text)));
      const text = paint(cell.role, cell.text);
      line += (isRight ? padding + text : text + padding) + (isLast ? '' : GAP);
    }
    return withoutTrailingBlanks(line);
  });
}

const withoutTrailingBlanks = (line: string): string => line.replace(/ +$/, '');
