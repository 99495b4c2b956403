import type {Change} from './change.ts';
import {allRows} from './columns/combinations.ts';
import type {Kind} from './kind.ts';
import {type ByteKey, MEASURES} from './measures.ts';
import {ownLabel, rangeText, type Region} from './region.ts';
import type {Regions} from './columns/regions.ts';

/** Which regions are to be shown; all, where nothing is said. */
export interface Choice {
  readonly kinds?: ReadonlySet<Kind> | undefined;
  /** Does it match one of a region's texts: its name, label, kind, permissions or range? */
  readonly text?: ((text: string) => boolean) | undefined;
}

/** @returns the very same list if everything is chosen */
export function chooseRegions(regions: readonly Region[], {kinds, text}: Choice): readonly Region[] {
  if (isAll({kinds, text})) return regions;
  return regions.filter((region) => isChosen(region, {kinds, text}));
}

/** The same of columns. */
export function chooseRows(regions: Regions, choice: Choice): Regions {
  if (isAll(choice)) return regions;
  return regions.pick(allRows(regions).filter((row) => isChosen(regions.at(row), choice)));
}

const isChosen = (region: Region, {kinds, text}: Choice): boolean =>
  (!kinds || kinds.has(region.kind)) && (!text || textsOf(region).some(text));

/** Is everything chosen? */
export const isAll = ({kinds, text}: Choice): boolean => !kinds && !text;

/** Changes of which a region is chosen, on either side. @returns the very same list if everything is chosen */
export function chooseChanges(changes: readonly Change[], choice: Choice): readonly Change[] {
  if (isAll(choice)) return changes;
  const has = (regions: readonly Region[]): boolean => chooseRegions(regions, choice).length > 0;
  return changes.filter(({before, after}) => has(after) || has(before));
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

/** The rows in another order: amounts from the largest down, names and kinds from A on, and equal ones by address. */
export function sortedRows(regions: Regions, key: SortKey): Uint32Array {
  const rows = allRows(regions);
  if (key === 'address') return rows;
  if (key === 'name' || key === 'kind') {
    const texts = Array.from(rows, (row) => sortText(regions.at(row), key));
    return rows.sort((a, b) => compareTexts(texts[a]!, texts[b]!) || a - b);
  }
  const amounts = MEASURES[key].ofRows(regions);
  const of = (row: number): number => Math.max(0, amounts?.[row] ?? 0);
  return rows.sort((a, b) => of(b) - of(a) || a - b);
}

/** The same order for changes, by the region that is there after one, or else was there before. */
export function sortChanges(changes: readonly Change[], key: SortKey): readonly Change[] {
  const order = orderBy(key);
  const of = ({before, after}: Change): Region => (after[0] ?? before[0])!;
  return changes.toSorted((a, b) => order(of(a), of(b)));
}

function orderBy(key: SortKey): (a: Region, b: Region) => number {
  if (key === 'address') return (a, b) => a.start - b.start;
  if (key === 'name' || key === 'kind')
    return (a, b) => compareTexts(sortText(a, key), sortText(b, key)) || a.start - b.start;
  const {ofRegion} = MEASURES[key];
  return (a, b) => (ofRegion(b) ?? 0) - (ofRegion(a) ?? 0) || a.start - b.start;
}

/** What a region is sorted by where that is a text. */
export const sortText = ({name, label, kind}: Region, key: 'name' | 'kind'): string =>
  key === 'kind' ? kind : name || (label ? `(${label})` : '');

/** By code, as `LC_ALL=C sort` does; what has no name comes last. */
export function compareTexts(a: string, b: string): number {
  if (a === '' || b === '') return a === b ? 0 : a === '' ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The `count` regions that have most in memory (or else most address space), in the order given. */
export function largestRows(regions: Regions, count: number): Regions {
  if (regions.length <= count) return regions;
  const [rss, sizes] = [MEASURES.rss.ofRows(regions), regions.sizes()];
  const resident = (row: number): number => Math.max(0, rss?.[row] ?? 0);
  const bySize = allRows(regions).sort((a, b) => resident(b) - resident(a) || sizes[b]! - sizes[a]! || a - b);
  return regions.pick(bySize.slice(0, count).sort());
}
