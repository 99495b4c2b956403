import {hex} from '../../model/region.ts';
import {heapGrowthJSON} from '../growth/text.ts';
import type {Report} from './report.ts';
import {COUNTERS} from '../../history/curves.ts';

/**
 * The document `memmap.report/1`: what the page shows, in full words. Looks are indexes into `times`, which is in ms;
 * sizes are in bytes.
 */
export function reportJSON(report: Report): Record<string, unknown> {
  const {about, process, curves, events, measure, growers, strips, changes, summary, notes} = report;
  return {
    schema: 'memmap.report/1',
    source: about.file,
    host: about.host,
    kernel: about.kernel,
    process,
    startedAt: about.startedAt,
    duration: about.duration,
    looks: about.looks,
    whole: about.isWhole,
    summary,
    family: report.family,
    heap: report.heap && heapGrowthJSON(report.heap),
    causes: report.causes && {
      every: report.causes.every,
      stacks: report.causes.rows.map(({path, ...bytes}) => ({functions: path, ...bytes})),
    },
    times: curves.times,
    usageAt: curves.usageAt,
    resident: curves.resident,
    unread: report.unread,
    kinds: curves.kinds.map((each) => ({
      kind: each.kind,
      regions: each.regions,
      size: each.size,
      ...Object.fromEntries(COUNTERS.map((counter) => [counter, each[counter]])),
    })),
    events,
    measure,
    growers: growers.map(({start, end, slope, verdict, points: _points, kind, ...rest}) => ({
      ...rest,
      kind: kind ?? null,
      start: start === undefined ? undefined : hex(start),
      end: end === undefined ? undefined : hex(end),
      slope: slope ?? null,
      verdict: verdict ?? null,
    })),
    regions: strips
      .flatMap(({parts}) => parts.flatMap(({stays}) => stays))
      .map(({start, end, amounts, ...rest}) => ({
        start: hex(start),
        end: hex(end),
        size: end - start,
        ...rest,
        rss: pairs(amounts),
      })),
    changes: changes.map(({start, end, of, rss, ...rest}) => ({
      ...rest,
      of,
      start: hex(start),
      end: hex(end),
      rss: rss ?? null,
    })),
    notes,
  };
}

function pairs(flat: readonly number[]): Array<{look: number; bytes: number}> {
  return flat.flatMap((look, at) => (at % 2 === 0 ? [{look, bytes: flat[at + 1]!}] : []));
}
