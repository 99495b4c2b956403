import {isFileBacked, sizeOf, type Region} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {totalsByKind, totalsOf, type Totals} from '../model/totals.ts';

/** By what costs are compared: the best that the source has. */
export type Measure = 'pss' | 'rss' | 'size';

export interface Cost {
  /** A kind, or a file. */
  readonly what: string;
  readonly totals: Totals;
}

/** What takes the most: by kind, by file, and single regions; the largest first. */
export interface Costs {
  readonly by: Measure;
  readonly kinds: readonly Cost[];
  readonly files: readonly Cost[];
  readonly regions: readonly Region[];
}

const MOST_KINDS = 6;
const MOST_FILES = 5;
const MOST_REGIONS = 5;

export function costsOf(snapshot: Snapshot): Costs {
  const by = measureOf(snapshot);
  const most = (a: Cost, b: Cost): number => (b.totals[by] ?? 0) - (a.totals[by] ?? 0) || b.totals.size - a.totals.size;
  const costs = ({totals}: Cost): boolean => (totals[by] ?? 0) > 0;
  const kinds = [...totalsByKind(snapshot.regions)].map(([what, totals]) => ({what, totals}));
  return {
    by,
    kinds: kinds.filter(costs).sort(most).slice(0, MOST_KINDS),
    files: byFile(snapshot.regions).filter(costs).sort(most).slice(0, MOST_FILES),
    regions: [...snapshot.regions]
      .sort((a, b) => amountOf(b, by) - amountOf(a, by) || sizeOf(b) - sizeOf(a))
      .filter((region) => amountOf(region, by) > 0)
      .slice(0, MOST_REGIONS),
  };
}

export function measureOf({totals}: Snapshot): Measure {
  if (totals['pss'] !== undefined) return 'pss';
  return totals['rss'] === undefined ? 'size' : 'rss';
}

export const amountOf = (region: Region, by: Measure): number =>
  (by === 'size' ? sizeOf(region) : region.usage?.[by]) ?? 0;

function byFile(regions: readonly Region[]): Cost[] {
  const files = new Map<string, Region[]>();
  for (const region of regions) {
    if (!isFileBacked(region) || region.name === '') continue;
    const group = files.get(region.name);
    if (group) group.push(region);
    else files.set(region.name, [region]);
  }
  return [...files].map(([what, group]) => ({what, totals: totalsOf(group)}));
}
