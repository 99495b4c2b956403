import type {ChangeKind, Pieces, Range} from '../model/change.ts';
import {addUsage, type Region, sizeOf} from '../model/region.ts';

/** A change before its sentence is written. */
export interface Draft {
  readonly kind: ChangeKind;
  readonly range: Range;
  readonly from?: Range;
  readonly slide?: number;
  /** Where it is in several pieces: those of each side. `range` and `from` are their hulls then. */
  readonly pieces?: Pieces;
  readonly before: readonly Region[];
  readonly after: readonly Region[];
  /** Bytes of address space, after minus before. */
  readonly size: number;
  /** The smaps counters, after minus before. */
  readonly usage: Record<string, number>;
  /** It is the likeliest reading, not the only one. */
  readonly isGuess?: boolean;
}

/** Counters of `after` minus counters of `before`. */
export function usageDelta(before: readonly Region[], after: readonly Region[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const region of after) addUsage(sum, region.usage);
  for (const region of before) addUsage(sum, region.usage, -1);
  return sum;
}

/** A region that is there on one side only. */
export const wholeRegion = (kind: 'new' | 'gone', region: Region): Draft => ({
  kind,
  range: {start: region.start, end: region.end},
  before: kind === 'gone' ? [region] : [],
  after: kind === 'new' ? [region] : [],
  size: kind === 'new' ? sizeOf(region) : -sizeOf(region),
  usage: kind === 'new' ? usageDelta([], [region]) : usageDelta([region], []),
});

export const rangeOf = ({start, end}: Range): Range => ({start, end});

/** Bytes of ranges that do not overlap. */
export const sumOfSizes = (ranges: readonly Range[]): number => ranges.reduce((sum, range) => sum + sizeOf(range), 0);

/** From the first start to the last end. @param ranges ascending, at least one */
export const hull = (ranges: readonly Range[]): Range => ({start: ranges[0]!.start, end: ranges.at(-1)!.end});
