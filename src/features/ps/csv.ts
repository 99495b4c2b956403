import {type GroupRow, type ProcessRow, rowJSON} from '../../model/host/processes.ts';

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

/** With --held, after the others. */
const HELD_COLUMNS = ['held', 'heldMapped', 'gpu'] as const;

/**
 * CSV as defined by RFC 4180: a line for each row, sizes in bytes, what was not read empty. Names and command lines
 * come from outside, and a spreadsheet takes a cell that begins with = + - or @ for a formula: such a text gets an
 * apostrophe before it.
 *
 * @param now ms, by the same clock as readAt
 * @param held were descriptors looked at?
 */
export function* csv(
  rows: ReadonlyArray<ProcessRow | GroupRow>,
  now: number,
  {held = false}: {readonly held?: boolean | undefined} = {},
): Generator<string> {
  const columns = held ? [...COLUMNS, ...HELD_COLUMNS] : COLUMNS;
  yield `${columns.join(',')}\r\n`;
  for (const row of rows) {
    const values = rowJSON(row, now);
    yield `${columns.map((column) => cellOf(values[column])).join(',')}\r\n`;
  }
}

function cellOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return '';
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
