import {prose} from './lesson.ts';
import {cells} from './safe.ts';
import {paint, type Role} from './theme.ts';

/** One line of a picture, before its columns have their widths. All text is safe for a terminal. */
export interface Row {
  /** The line down the left of the bars: `│` memory, `┊` nothing mapped. */
  readonly spine: '│' | '┊';
  readonly sign?: string | undefined;
  readonly address?: string | undefined;
  readonly bar?: string | undefined;
  /** Amounts, under the picture's titles. */
  readonly numbers?: readonly string[] | undefined;
  readonly perms?: string | undefined;
  readonly word?: string | undefined;
  /** The same in ever fewer words: the first that has room is shown. Without a bar it begins where bars do. */
  readonly texts: readonly string[];
  readonly role?: Role | undefined;
}

export interface Titles {
  readonly ruler: string;
  readonly numbers: readonly string[];
  /** Which number goes first where the terminal is narrow. */
  readonly least: readonly number[];
}

/** Where output goes to no terminal. */
export const PIPED_WIDTH = 100;

/** Columns that bars may take. */
export const barRoom = (width: number): number => Math.min(36, Math.max(4, Math.floor(width * 0.26)));

/** Room that text should have, before a column is left out for it. */
const TEXT = 28;

/** The picture's lines, with a line of titles: high addresses first, as the rows are. */
export function drawRows(rows: readonly Row[], titles: Titles, width: number): string[] {
  const columns = layout(rows, titles, width);
  const title = {spine: '│', address: '', bar: titles.ruler, numbers: titles.numbers, texts: ['']} as const;
  const [head] = drawRow(title, columns, width).trimEnd().split('\n');
  const ends = (text: string): string => paint('quiet', clip(text, width));
  return [
    ends('high addresses'),
    paint('quiet', head!.replace('│', ' ')),
    ...rows.map((row) => drawRow(row, columns, width).trimEnd()),
    ends('low addresses'),
  ];
}

/** Widths of the columns; 0 is left out. */
interface Columns {
  readonly sign: number;
  address: number;
  readonly bar: number;
  readonly numbers: number[];
  perms: number;
  word: number;
}

function layout(rows: readonly Row[], titles: Titles, width: number): Columns {
  const most = (get: (row: Row) => string | undefined): number =>
    rows.reduce((longest, row) => Math.max(longest, cells(get(row) ?? '')), 0);
  const columns: Columns = {
    sign: most((row) => row.sign),
    address: most((row) => row.address),
    bar: Math.max(most((row) => row.bar), cells(titles.ruler)),
    numbers: titles.numbers.map((title, index) => {
      const longest = most((row) => row.numbers?.[index]);
      return longest === 0 ? 0 : Math.max(longest, cells(title));
    }),
    perms: most((row) => row.perms),
    word: most((row) => row.word),
  }; // prettier-ignore
  // What stands before a colon must have room; a list behind it may be cut.
  const text = Math.min(
    TEXT,
    most((row) => row.bar && row.texts.at(-1)!.split(': ')[0]),
  );
  const isTight = (): boolean => room(columns, width) < text;
  const leave: Array<() => unknown> = [
    () => (columns.perms = 0),
    () => (columns.numbers[titles.least[0]!] = 0),
    () => (columns.address = 0),
    ...titles.least.slice(1).map((index) => () => (columns.numbers[index] = 0)),
  ];
  for (const drop of leave) if (isTight()) drop();
  if (room(columns, width) < 0) columns.word = Math.max(0, columns.word + room(columns, width));
  return columns;
}

/** What is left for text. */
function room({sign, address, bar, numbers, perms, word}: Columns, width: number): number {
  const others = [address, ...numbers, perms, word].reduce((sum, each) => sum + (each > 0 ? each + GAP.length : 0), 0);
  return width - (sign > 0 ? sign + 1 : 0) - 1 - bar - GAP.length - others;
}

const GAP = '  ';

function drawRow(row: Row, columns: Columns, width: number): string {
  const {sign = '', address = '', spine, bar, numbers = [], perms = '', word = '', role} = row;
  const left =
    (columns.sign > 0 ? `${sign.padEnd(columns.sign)} ` : '') +
    (columns.address > 0 ? address.padStart(columns.address) + GAP : '');
  if (bar === undefined) {
    const text = clip(fitting(row.texts, width - cells(left) - 2), width - cells(left) - 2);
    return `${paint(role, left)}${paint('quiet', spine)} ${paint(role, text)}`;
  }
  const amounts = columns.numbers
    .map((size, index) => (size > 0 ? GAP + (numbers[index] ?? '').padStart(size) : ''))
    .join('');
  const middle = amounts + (columns.perms > 0 ? GAP + perms.padEnd(columns.perms) : '');
  const what = columns.word > 0 ? GAP + clip(word, columns.word).padEnd(columns.word) : '';
  const left_ = room(columns, width);
  const text = left_ > 0 ? GAP + clip(fitting(row.texts, left_), left_) : '';
  const filled = bar + ' '.repeat(Math.max(0, columns.bar - cells(bar)));
  return `${paint(sign ? role : undefined, left)}${paint('quiet', spine)}${paint(role, filled)}${middle}${paint(role, what)}${text}`;
}

const fitting = (texts: readonly string[], width: number): string =>
  texts.find((text) => cells(text) <= width) ?? texts.at(-1) ?? '';

/** Cuts the end off. What a block is stands at the beginning of its text. */
export function clip(text: string, width: number): string {
  if (cells(text) <= width) return text;
  let cut = '';
  let used = 1;
  for (const character of text) {
    used += cells(character);
    if (used > width) break;
    cut += character;
  }
  return width < 1 ? '' : `${cut}…`;
}

/** Short texts side by side, as many in a line as fit. */
export function packed(texts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const text of texts) {
    const last = lines.at(-1);
    const longer = `${last}   ${text}`;
    if (last !== undefined && cells(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(clip(text, width));
  }
  return lines;
}

/** A sentence in lines that fit. */
export const wrapped = (text: string, width: number): string[] =>
  cells(text) <= width ? [text] : prose([text], width).trimEnd().split('\n').map((line) => clip(line, width)); // prettier-ignore
