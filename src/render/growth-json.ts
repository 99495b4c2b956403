import type {Growth, Line} from '../growth/growth.ts';
import {riseOf} from '../growth/growth.ts';
import {regionJSON} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';

/** The document `memmap.growth/1`: times in ms since the first look, amounts in bytes, slopes in bytes a second. */
export function growthJSON(growth: Growth, last: Snapshot, notes: readonly string[]): Record<string, unknown> {
  const {measure, asked, totalMeasure, looks, usageLooks, span, least, total, kinds, regions, counts} = growth;
  return {
    schema: 'memmap.growth/1',
    source: last.source,
    process: last.process,
    measure,
    asked,
    totalMeasure,
    looks,
    usageLooks,
    span: Math.round(span),
    least,
    total: lineJSON(total),
    kinds: kinds.map(lineJSON),
    regions: regions.map(lineJSON),
    counts: counts.map(lineJSON),
    notes: notes.length > 0 ? notes : undefined,
  };
}

function lineJSON(line: Line): Record<string, unknown> {
  const {of, kind, region, verdict, slope, since, isBelowTeeth, first, last, firstSeen, isThere} = line;
  return {
    of,
    kind,
    region: region && {...regionJSON(region), usage: undefined},
    verdict,
    first,
    last,
    rise: riseOf(line),
    slope: slope && {perSecond: slope.slope * 1000, low: slope.low * 1000, high: slope.high * 1000},
    since: since === undefined ? undefined : Math.round(since),
    firstSeen: Math.round(firstSeen),
    isThere,
    lowPoints: isBelowTeeth || undefined,
    looks: line.points.t.length,
  };
}
