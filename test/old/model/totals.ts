import type {Kind} from './kind.ts';
import {addUsage, isFileBacked, type Region, sizeOf} from './region.ts';

/** Sums over regions, in bytes. A smaps counter is there if some region has it. */
export interface Totals {
  readonly [counter: string]: number;
  readonly regions: number;
  readonly size: number;
}

/** Sizes are multiples of 4096 and counters of 1024, so the sums stay exact far beyond 2^53. */
export function totalsOf(regions: readonly Region[]): Totals {
  const sum: Record<string, number> = {};
  let size = 0;
  for (const region of regions) {
    size += sizeOf(region);
    if (region.usage) addUsage(sum, region.usage);
  }
  return {...sum, regions: regions.length, size};
}

/** Totals of each kind that occurs, the largest in memory (or else in address space) first. */
export const totalsByKind = (regions: readonly Region[]): Map<Kind, Totals> =>
  totalsBy(regions, (region) => region.kind);

/**
 * Totals of each file, the largest first. Each region is in one group, so that the groups add up: memory without a file
 * goes by its name (`[heap]`), and what has no name goes by its kind in parentheses: `(anon)`, `(bss)`.
 * Two files of one name (a library that was replaced while it is in use) are one group.
 */
export const totalsByFile = (regions: readonly Region[]): Map<string, Totals> =>
  totalsBy(regions, (region) => (region.name !== '' || isFileBacked(region) ? region.name : `(${region.kind})`));

function totalsBy<Key>(regions: readonly Region[], keyOf: (region: Region) => Key): Map<Key, Totals> {
  const groups = new Map<Key, {sum: Record<string, number>; regions: number; size: number}>();
  for (const region of regions) {
    const key = keyOf(region);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = {sum: {}, regions: 0, size: 0}));
    group.regions++;
    group.size += sizeOf(region);
    if (region.usage) addUsage(group.sum, region.usage);
  }
  const rows = [...groups].map(([key, {sum, regions: count, size}]): [Key, Totals] => [
    key,
    {...sum, regions: count, size},
  ]);
  return new Map(rows.sort(([, a], [, b]) => (b['rss'] ?? 0) - (a['rss'] ?? 0) || b.size - a.size));
}
