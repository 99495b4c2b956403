import type {PageTotals, ProcessPages} from '../../../src/model/pages/pages.ts';
import {ProcessHandle} from '../../../src/procfs/handle.ts';
import {capturePages} from '../../../src/procfs/pages/pages.ts';

/** The pages of all regions of a process. */
export function allPages(pid: number, root?: string): ProcessPages {
  const handle = new ProcessHandle(pid, root);
  try {
    return capturePages(handle, {
      choose: ({regions}) => regions.map((region) => ({region, start: region.start, end: region.end})),
    });
  } finally {
    handle.close();
  }
}

/** The pages within a range. */
export function pagesIn(pid: number, start: number, pages: number): PageTotals {
  const handle = new ProcessHandle(pid);
  try {
    const end = start + pages * 4096;
    const choose = ({regions}: ProcessPages['snapshot']) =>
      regions
        .filter((region) => region.start < end && region.end > start)
        .map((region) => ({region, start: Math.max(start, region.start), end: Math.min(end, region.end)}));
    return capturePages(handle, {choose}).totals;
  } finally {
    handle.close();
  }
}
