import {hasNoAccess, sizeOf, withCounted} from '../../model/region.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';
import {ProcessHandle} from '../../procfs/handle.ts';
import {capturePages} from '../../procfs/pages/pages.ts';

/** Address space of which the page map is read: bytes. That are 16 million pages, some 1.5 s of memmap's own time. */
const MOST = 64 * 2 ** 30;

/**
 * Resident memory of each region where smaps would stall the process for too long: the page map is read in small
 * pieces, each of which holds it up for a moment only (/proc/PID/pagemap, Documentation/admin-guide/mm/pagemap.rst).
 *
 * @returns undefined where it may not be read, or is too much
 */
export function residentByPages(pid: number, root: string, snapshot: Snapshot): Snapshot | undefined {
  const isRead = ({regions}: Snapshot) =>
    regions.filter((region) => !hasNoAccess(region) && region.kind !== 'vsyscall');
  if (isRead(snapshot).reduce((sum, region) => sum + sizeOf(region), 0) > MOST) return undefined;
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    const choose = (now: Snapshot) => isRead(now).map((region) => ({region, start: region.start, end: region.end}));
    const pages = capturePages(handle, {maxStall: 0, choose});
    const counts = new Map(pages.regions.map(({region, totals}) => [region.start, totals]));
    const regions = pages.snapshot.regions.map((region) => {
      const totals = counts.get(region.start);
      const usage = {
        rss: ((totals?.present ?? 0) - (totals?.zero ?? 0)) * pages.pageSize,
        swap: (totals?.swapped ?? 0) * pages.pageSize,
      };
      return withCounted(region, {usage, flags: region.flags, attributes: region.attributes});
    });
    return snapshot.withRegions(regions, 'Resident memory was counted page by page (pagemap), not read from smaps.');
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  } finally {
    handle?.close();
  }
}
