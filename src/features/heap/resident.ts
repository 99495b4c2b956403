import {allRows} from '../../model/columns/combinations.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {hasNoAccess} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import {capturePages} from '../../procfs/pages/pages.ts';

/** Address space of which the page map is read: bytes. These are 16 million pages, about 1.5 s of memmap's own time. */
const MOST = 64 * 2 ** 30;

/**
 * Resident memory of each region where smaps would stall the process for too long: the page map is read in small
 * pieces, each of which holds it up for a moment only (/proc/PID/pagemap, Documentation/admin-guide/mm/pagemap.rst).
 *
 * @returns undefined where it may not be read, or is too much
 */
export function residentByPages(pid: number, root: string, snapshot: Snapshot): Snapshot | undefined {
  if (sizeOfRows(snapshot.table, readRows(snapshot.table)) > MOST) return undefined;
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    const pages = capturePages(handle, {
      maxStall: 0,
      choose: ({table}) =>
        readRows(table).map((row) => ({region: table.at(row), start: table.start[row]!, end: table.end[row]!})),
    });
    const {table} = pages.snapshot;
    const counted = table.pick(allRows(table));
    for (let row = 0; row < counted.length; row++) counted.count(row, {rss: 0, swap: 0});
    for (const [index, row] of readRows(table).entries()) {
      const {present, zero, swapped} = pages.regions[index]!.totals;
      counted.count(row, {rss: (present - zero) * pages.pageSize, swap: swapped * pages.pageSize});
    }
    return snapshot.withRegions(counted, 'Resident memory was counted page by page (pagemap), not read from smaps.');
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  } finally {
    handle?.close();
  }
}

/** The rows of which the page map says something, ascending. */
function readRows(table: Regions): number[] {
  const rows: number[] = [];
  for (let row = 0; row < table.length; row++)
    if (!hasNoAccess({perms: table.tables.perms[table.perms[row]!]!}) && table.kindAt(row) !== 'vsyscall')
      rows.push(row);
  return rows;
}

const sizeOfRows = ({start, end}: Regions, rows: readonly number[]): number =>
  rows.reduce((sum, row) => sum + end[row]! - start[row]!, 0);
