import {hex, regionJSON, type Region} from './region.ts';

/**
 * What happened to one range of memory between two snapshots. Memory first, listing second: mprotect on the middle of a
 * region turns one line of maps into three, and is one change.
 *
 * new gone           became mapped as a region of its own; was mapped as a whole region and is no longer
 * grown shrunk       became mapped as part of a region that was there; is no longer, while part of its region still is
 * reprotected        the same memory with other permissions
 * renamed            the same memory with another name
 * replaced           mapped before and after, but to something else
 * moved              the same memory at another address
 * split merged       the same bytes, permissions and names in more or fewer regions
 * flagged            the same memory with other VmFlags, as a whole region
 * touched            the same regions; only resident memory changed
 */
export const CHANGE_KINDS = [
  'new',
  'grown',
  'gone',
  'shrunk',
  'replaced',
  'reprotected',
  'renamed',
  'moved',
  'split',
  'merged',
  'flagged',
  'touched',
] as const;

export type ChangeKind = (typeof CHANGE_KINDS)[number];

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The pieces of memory that one change is about, where two runs are compared: in address order, without overlaps. */
export interface Pieces {
  readonly before: readonly Range[];
  readonly after: readonly Range[];
}

/** Differences in bytes, after minus before. A counter is absent where one of the sides doesn't have it. */
export interface Delta {
  readonly [counter: string]: number | undefined;
  readonly size: number;
}

export interface Change {
  readonly kind: ChangeKind;
  /** Exactly the bytes to which it happened: where they are after, or were if they are gone. */
  readonly range: Range;
  /** Where those bytes were before, if elsewhere. */
  readonly from?: Range | undefined;
  /** `range.start - from.start`, in bytes. */
  readonly slide?: number | undefined;
  /** Of two runs: the same amount of memory for one purpose, in other pieces. `range` and `from` are their hulls. */
  readonly pieces?: Pieces | undefined;
  /** The regions concerned, in address order. Their counts are the change's shape. */
  readonly before: readonly Region[];
  readonly after: readonly Region[];
  readonly delta: Delta;
  /** One plain sentence. */
  readonly text: string;
}

/** The document of contract section "Change". */
export function changeJSON(change: Change): Record<string, unknown> {
  return {
    kind: change.kind,
    range: rangeJSON(change.range),
    from: change.from && rangeJSON(change.from),
    slide: change.slide === undefined ? undefined : signedHex(change.slide),
    pieces: change.pieces && {
      before: change.pieces.before.map(rangeJSON),
      after: change.pieces.after.map(rangeJSON),
    },
    shape: [change.before.length, change.after.length],
    before: change.before.map(regionJSON),
    after: change.after.map(regionJSON),
    delta: change.delta,
    text: change.text,
  };
}

/** A slide can be as long as the address space, so it is a hex string too: `"-0x2a000"`. */
export const signedHex = (value: number): string => (value < 0 ? `-${hex(-value)}` : hex(value));

const rangeJSON = (range: Range) => ({start: hex(range.start), end: hex(range.end)});

/** Bytes that a change is about, where they are after, or were if they are gone. */
export function bytesOf({range, pieces}: Pick<Change, 'range' | 'pieces'>): number {
  const ranges = pieces ? (pieces.after.length > 0 ? pieces.after : pieces.before) : [range];
  return ranges.reduce((sum, {start, end}) => sum + end - start, 0);
}
