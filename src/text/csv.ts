/**
 * CSV as defined by RFC 4180: a line for each row after one with the names of the columns. What a row lacks (undefined
 * or null) is empty: it is not zero.
 */
export function* csvLines(
  columns: readonly string[],
  rows: Iterable<Readonly<Record<string, unknown>>>,
): Generator<string> {
  yield `${columns.join(',')}\r\n`;
  for (const row of rows) yield `${columns.map((column) => cellOf(row[column])).join(',')}\r\n`;
}

/**
 * Names and command lines come from outside, and a spreadsheet takes a cell that begins with = + - or @ for a formula:
 * such a text gets an apostrophe before it.
 */
function cellOf(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return '';
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
