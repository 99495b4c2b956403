import type {Kind} from './kind.ts';
import {type ByteKey, MEASURES} from './measures.ts';
import {ownLabel, rangeText, type Region, sizeOf} from './region.ts';

/** Which regions are to be shown; all, where nothing is said. */
export interface Choice {
  readonly kinds?: ReadonlySet<Kind> | undefined;
  /** Does it match one of a region's texts: its name, label, kind, permissions or range? */
  readonly text?: ((text: string) => boolean) | undefined;
}

/** @returns the very same list if everything is chosen */
export function chooseRegions(regions: readonly Region[], {kinds, text}: Choice): readonly Region[] {
  if (!kinds && !text) return regions;
  return regions.filter((region) => (!kinds || kinds.has(region.kind)) && (!text || textsOf(region).some(text)));
}

const textsOf = (region: Region): string[] => [
  region.name,
  ownLabel(region) ?? '',
  region.kind,
  region.perms,
  rangeText(region),
];

/** What regions may be sorted by, besides measures. */
export const PLACE_KEYS = ['address', 'name', 'kind'] as const;

export type SortKey = (typeof PLACE_KEYS)[number] | ByteKey;

/** In another order: amounts from the largest down, names and kinds from A on, and equal ones by address. */
export function sortRegions(regions: readonly Region[], key: SortKey): readonly Region[] {
  if (key === 'address') return regions;
  if (key === 'name' || key === 'kind') {
    const textOf = (region: Region): string =>
      key === 'name' ? region.name || (region.label ? `(${region.label})` : '') : region.kind;
    return regions.toSorted((a, b) => compareTexts(textOf(a), textOf(b)) || a.start - b.start);
  }
  const {ofRegion} = MEASURES[key];
  return regions.toSorted((a, b) => (ofRegion(b) ?? 0) - (ofRegion(a) ?? 0) || a.start - b.start);
}

/** By code, as `LC_ALL=C sort` does; what has no name comes last. */
function compareTexts(a: string, b: string): number {
  if (a === '' || b === '') return a === b ? 0 : a === '' ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The `count` regions that have most in memory (or else most address space), in the order given. */
export function largestRegions(regions: readonly Region[], count: number): readonly Region[] {
  if (regions.length <= count) return regions;
  const {ofRegion: resident} = MEASURES.rss;
  const bySize = regions.toSorted((a, b) => (resident(b) ?? 0) - (resident(a) ?? 0) || sizeOf(b) - sizeOf(a));
  const largest = new Set(bySize.slice(0, count));
  return regions.filter((region) => largest.has(region));
}
