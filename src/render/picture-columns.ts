import {cells} from './safe.ts';
import type {Row, Titles} from './picture-frame.ts';

/** Widths of the columns; 0 is left out. */
export interface Columns {
  readonly sign: number;
  address: number;
  readonly bar: number;
  readonly numbers: number[];
  perms: number;
  word: number;
}

export const GAP = '  ';

/** Room that text should have, before a column is left out for it. */
const TEXT = 28;

/** The widths that rows need; where the terminal is narrow, without the columns that say least. */
export function columnsFor(rows: readonly Row[], titles: Titles, width: number): Columns {
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

function widest(rows: readonly Row[], {ruler, numbers}: Titles): Columns {
  const of = (get: (row: Row) => string | undefined): number => most(rows.map((row) => get(row) ?? ''));
  return {
    sign: of((row) => row.sign),
    address: of((row) => row.address),
    bar: Math.max(of((row) => row.bar), cells(ruler)),
    numbers: numbers.map((title, index) => {
      const longest = of((row) => row.numbers?.[index]);
      return longest === 0 ? 0 : Math.max(longest, cells(title));
    }),
    perms: of((row) => row.perms),
    word: of((row) => row.word),
  }; // prettier-ignore
}

const most = (texts: readonly string[]): number => texts.reduce((longest, text) => Math.max(longest, cells(text)), 0);

/** What is left for text. */
export function roomForText({sign, address, bar, numbers, perms, word}: Columns, width: number): number {
  const others = [address, ...numbers, perms, word].reduce((sum, each) => sum + (each > 0 ? each + GAP.length : 0), 0);
  return width - (sign > 0 ? sign + 1 : 0) - 1 - bar - GAP.length - others;
}
