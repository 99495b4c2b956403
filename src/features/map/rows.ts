import {isWritableCode} from '../../model/region.ts';
import {cells, clip} from '../../text/safe.ts';
import {paint, type Role} from '../../text/theme.ts';

/** One line of a picture, before its columns have their widths. All text is safe for a terminal. */
export interface PictureRow {
  /** The line down the left of the bars: `│` memory, `┊` nothing mapped. */
  readonly spine: '│' | '┊' | ' ';
  readonly sign?: string | undefined;
  readonly address?: string | undefined;
  readonly bar?: string | undefined;
  /** Amounts, under the picture's titles. */
  readonly numbers?: readonly string[] | undefined;
  readonly perms?: string | undefined;
  readonly word?: string | undefined;
  /** The same in ever fewer words: the first that fits is shown. Without a bar it begins where bars do. */
  readonly texts: readonly string[];
  readonly role?: Role | undefined;
}

interface Titles {
  readonly ruler: string;
  readonly numbers: readonly string[];
  /** Which number is left out first where the terminal is narrow. */
  readonly least: readonly number[];
  /** The shortest text should fit up to here; what follows may be cut. */
  readonly cut: ': ' | ', ';
}

/** The width where output does not go to a terminal, in columns. */
export const PIPED_WIDTH = 100;

/** The number of columns that bars may take. */
export const barRoom = (width: number): number => Math.min(36, Math.max(4, Math.floor(width * 0.26)));

/** The picture's lines, below a line of titles: high addresses first, as the rows are. */
export function drawRows(rows: readonly PictureRow[], titles: Titles, width: number): string[] {
  const columns = columnsFor(rows, titles, width);
  const {ruler, numbers} = titles;
  const head: PictureRow = {spine: ' ', bar: ruler, numbers, texts: [''], role: 'quiet'};
  return [
    paint('quiet', clip('high addresses', width)),
    ...[head, ...rows].map((row) => drawRow(row, columns, width).trimEnd()),
    paint('quiet', clip('low addresses', width)),
  ];
}

function drawRow(row: PictureRow, columns: Columns, width: number): string {
  const {sign = '', address = '', spine, bar, role} = row;
  const left =
    (columns.sign > 0 ? `${sign.padEnd(columns.sign)} ` : '') +
    (columns.address > 0 ? address.padStart(columns.address) + GAP : '');
  const start = paint(sign === '' ? undefined : role, left) + paint('quiet', spine);
  if (bar === undefined) return `${start} ${paint(role, fitting(row.texts, width - cells(left) - 2))}`;
  const filled = bar + ' '.repeat(Math.max(0, columns.bar - cells(bar)));
  return start + paint(role, filled) + details(row, columns, width);
}

/** What follows a bar. */
function details(
  {numbers = [], perms = '', word = '', texts, role}: PictureRow,
  columns: Columns,
  width: number,
): string {
  const amounts = columns.numbers.map((size, index) => (size > 0 ? GAP + (numbers[index] ?? '').padStart(size) : ''));
  const what = columns.word > 0 ? clip(word, columns.word).padEnd(columns.word) : '';
  const room = roomForText(columns, width);
  return [
    ...amounts,
    columns.perms > 0 ? GAP + paint(isWritableCode({perms}) ? 'bad' : undefined, perms.padEnd(columns.perms)) : '',
    what && GAP + paint(role, what),
    room > 0 ? GAP + fitting(texts, room) : '',
  ].join('');
}

const fitting = (texts: readonly string[], width: number): string =>
  clip(texts.find((text) => cells(text) <= width) ?? texts.at(-1) ?? '', width);

/** Widths of the columns; one with 0 is left out. */
interface Columns {
  readonly sign: number;
  address: number;
  readonly bar: number;
  readonly numbers: number[];
  perms: number;
  word: number;
}

const GAP = '  ';

/** The room that text should have; below it, a column is left out. */
const TEXT = 28;

/** The widths that rows need; where the terminal is narrow, without the columns that say least. */
function columnsFor(rows: readonly PictureRow[], titles: Titles, width: number): Columns {
  const columns = widest(rows, titles);
  const texts = rows.filter(({bar}) => bar !== undefined).map((row) => row.texts.at(-1)!.split(titles.cut)[0]!);
  const text = Math.min(TEXT, most(texts));
  const [first, ...others] = titles.least;
  const leave: Array<() => unknown> = [
    () => (columns.perms = 0),
    () => (columns.numbers[first!] = 0),
    () => (columns.address = 0),
    ...others.map((index) => () => (columns.numbers[index] = 0)),
  ];
  for (const drop of leave) if (roomForText(columns, width) < text) drop();
  columns.word = Math.max(0, columns.word + Math.min(0, roomForText(columns, width)));
  return columns;
}

function widest(rows: readonly PictureRow[], {ruler, numbers}: Titles): Columns {
  const of = (get: (row: PictureRow) => string | undefined): number => most(rows.map((row) => get(row) ?? ''));
  return {
    sign: of((row) => row.sign),
    address: of((row) => row.address),
    bar: Math.max(
      of((row) => row.bar),
      cells(ruler),
    ),
    numbers: numbers.map((title, index) => {
      const longest = of((row) => row.numbers?.[index]);
      return longest === 0 ? 0 : Math.max(longest, cells(title));
    }),
    perms: of((row) => row.perms),
    word: of((row) => row.word),
  };
}

const most = (texts: readonly string[]): number => texts.reduce((longest, text) => Math.max(longest, cells(text)), 0);

/** What is left for text. */
function roomForText({sign, address, bar, numbers, perms, word}: Columns, width: number): number {
  const others = [address, ...numbers, perms, word].reduce((sum, each) => sum + (each > 0 ? each + GAP.length : 0), 0);
  return width - (sign > 0 ? sign + 1 : 0) - 1 - bar - GAP.length - others;
}
