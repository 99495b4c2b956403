import {type GroupRow, type ProcessRow, rowJSON} from '../../model/host/processes.ts';
import {csvLines} from '../../text/csv.ts';

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
 * CSV: a line for each row, sizes in bytes, what was not read empty.
 *
 * @param now ms, by the same clock as readAt
 * @param held were descriptors looked at?
 */
export const csv = (
  rows: ReadonlyArray<ProcessRow | GroupRow>,
  now: number,
  {held = false}: {readonly held?: boolean | undefined} = {},
): Generator<string> => csvLines(held ? [...COLUMNS, ...HELD_COLUMNS] : COLUMNS, rowsJSON(rows, now));

function* rowsJSON(rows: ReadonlyArray<ProcessRow | GroupRow>, now: number): Generator<Record<string, unknown>> {
  for (const row of rows) yield rowJSON(row, now);
}
