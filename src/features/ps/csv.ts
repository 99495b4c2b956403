import {type GroupRow, type ProcessRow, rowJSON} from '../../model/processes.ts';

const COLUMNS = [
  'pid',
  'group',
  'name',
  'user',
  'unit',
  'container',
  'cgroup',
  'processes',
  'threads',
  'regions',
  'size',
  'rss',
  'pss',
  'privateDirty',
  'swap',
  'age',
  'unread',
  'title',
] as const;

/**
 * CSV as defined by RFC 4180: a line for each row, sizes in bytes, what was not read empty. Names and command lines
 * come from outside, and a spreadsheet takes a cell that begins with = + - or @ for a formula: such a text gets an
 * apostrophe before it.
 *
 * @param now ms, by the same clock as readAt
 */
export function* csv(rows: ReadonlyArray<ProcessRow | GroupRow>, now: number): Generator<string> {
  yield `${COLUMNS.join(',')}\r\n`;
  for (const row of rows) {
    const values = rowJSON(row, now);
    yield `${COLUMNS.map((column) => cellOf(values[column])).join(',')}\r\n`;
  }
}

function cellOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return '';
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
