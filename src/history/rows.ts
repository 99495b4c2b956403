import type {Change, ChangeKind} from '../model/change.ts';
import {type Region, sizeOf} from '../model/region.ts';
import {pairs, PIECE} from './pairs.ts';

/**
 * A region of the latest look, and what is remembered of it. Most looks read maps alone, which says nothing of resident
 * memory, so what smaps said last is kept here. A row to which nothing happened stays the same object.
 */
export interface Row {
  readonly region: Region;
  /** Its bytes: kept here, as sorting 60,000 by what lies in another object takes 3 ms more. */
  readonly size: number;
  /** Resident bytes, as smaps said when it was read last; undefined: it was not read since the region came. */
  readonly rss: number | undefined;
  /** Its bytes, and its resident bytes, when the watch began; 0 for what came later. Growth is counted from these. */
  readonly firstSize: number;
  readonly firstRss: number | undefined;
  /** The number of the look that saw the latest change to it, and what that was; 0: there was none. */
  readonly changed: number;
  readonly change: ChangeKind | undefined;
}

/** The rows of a first look: growth is counted from here. */
export const firstRows = (regions: readonly Region[]): readonly Row[] =>
  regions.map((region) => ({
    region,
    size: sizeOf(region),
    rss: region.usage?.rss,
    firstSize: sizeOf(region),
    firstRss: region.usage?.rss,
    changed: 0,
    change: undefined,
  }));

/**
 * The rows of a further look. The changes name every region that isn't as it was, so only those are followed, and all
 * other rows are handed on: to look at 60,000 of them would take 20 ms. But where smaps was read, each has new numbers.
 *
 * @param rows those of the look before
 * @param regions what is there now
 * @param changes what happened in between
 * @param tick the number of this look, from 1
 * @param isMeasured smaps was read
 */
export function nextRows(
  rows: readonly Row[],
  regions: readonly Region[],
  changes: readonly Change[],
  tick: number,
  isMeasured: boolean,
): readonly Row[] {
  if (!isMeasured) {
    const gone = placesOf(rows, distinct(changes, 'before'));
    const followed = follow(
      gone.map((place) => rows[place]!),
      distinct(changes, 'after'),
      changes,
      tick,
    );
    const next = exchange(rows, gone, followed);
    // A torn listing may not be what the changes lead to.
    if (next.length === regions.length) return next;
  }
  return follow(rows, regions, changes, tick);
}

/** The regions concerned, in address order. */
const distinct = (changes: readonly Change[], side: 'before' | 'after'): readonly Region[] =>
  [...new Set(changes.flatMap((change) => change[side]))].sort((a, b) => a.start - b.start);

function follow(
  rows: readonly Row[],
  regions: readonly Region[],
  changes: readonly Change[],
  tick: number,
): readonly Row[] {
  const marks = marksOf(changes);
  const parents = pairs(rows, regions, changes);
  return regions.map((region, index) => {
    const parent = parents[index]!;
    const mark = marks.size > 0 ? marks.get(region.start) : undefined;
    const before = parent >= 0 && mark !== 'replaced' ? rows[parent]! : came(region, parent === PIECE);
    if (mark === undefined && isStill(before, region)) return before;
    return {
      region,
      size: sizeOf(region),
      rss: region.usage?.rss ?? before.rss,
      firstSize: before.firstSize,
      firstRss: before.firstRss ?? region.usage?.rss,
      changed: mark === undefined ? before.changed : tick,
      change: mark ?? before.change,
    };
  });
}

/**
 * A row for what was not a region of its own: growth is counted from 0, or for a part cut off another region from its
 * size.
 */
const came = (region: Region, isPiece: boolean): Row => ({
  region,
  size: sizeOf(region),
  rss: region.usage?.rss,
  firstSize: isPiece ? sizeOf(region) : 0,
  firstRss: isPiece ? region.usage?.rss : 0,
  changed: 0,
  change: undefined,
});

/**
 * Is there nothing to say about a region that its row doesn't say already? A look that read maps alone knows less than
 * one that read smaps: what the row has from that one stays.
 */
function isStill({region: before, rss}: Row, region: Region): boolean {
  if (before === region) return true;
  if (before.start !== region.start || before.end !== region.end || before.perms !== region.perms) return false;
  if (before.name !== region.name) return false;
  if (region.usage === undefined && before.usage !== undefined) return true;
  return region.usage?.rss === rss && before.kind === region.kind && before.label === region.label;
}

/** Which regions something happened to, by where they start. Of several changes the most telling one counts. */
function marksOf(changes: readonly Change[]): Map<number, ChangeKind> {
  const marks = new Map<number, ChangeKind>();
  for (const {kind, after} of changes) {
    for (const {start} of after) {
      const earlier = marks.get(start);
      if (earlier === undefined || earlier === 'touched') marks.set(start, kind);
    }
  }
  return marks;
}

/** By how much its resident memory grew since the watch began, in bytes; undefined where that isn't known. */
export const rssGrowth = ({rss, firstRss}: Row): number | undefined =>
  rss === undefined || firstRss === undefined ? undefined : rss - firstRss;

/** By how much the region itself grew, in bytes of address space. */
export const sizeGrowth = ({size, firstSize}: Row): number => size - firstSize;

/** Where the rows of these regions stand, which are in address order. */
function placesOf(rows: readonly Row[], regions: readonly Region[]): readonly number[] {
  const places: number[] = [];
  let at = 0;
  for (const {start} of regions) {
    at = placeOf(rows, start, at);
    if (rows[at]?.region.start === start) places.push(at);
  }
  return places;
}

/**
 * The first row that starts at an address or above it.
 *
 * @param from it isn't before this place; the search continues from here in longer and longer steps: it is mostly near
 */
function placeOf(rows: readonly Row[], start: number, from: number): number {
  let low = from;
  let step = 1;
  for (; low + step <= rows.length && rows[low + step - 1]!.region.start < start; step *= 2) low += step;
  let high = Math.min(rows.length, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.region.start < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows without those at some places, and with others in address order; what stays is copied in long stretches. */
function exchange(rows: readonly Row[], gone: readonly number[], come: readonly Row[]): readonly Row[] {
  const parts: Array<readonly Row[]> = [];
  let at = 0;
  let without = 0;
  const copyUntil = (end: number): void => {
    for (; without < gone.length && gone[without]! < end; without++) {
      if (at < gone[without]!) parts.push(rows.slice(at, gone[without]));
      at = gone[without]! + 1;
    }
    if (at < end) parts.push(rows.slice(at, end));
    at = Math.max(at, end);
  };
  for (const row of come) {
    copyUntil(placeOf(rows, row.region.start, at));
    parts.push([row]);
  }
  copyUntil(rows.length);
  return joined(parts);
}

/** As `parts.flat()`, in a twentieth of its time; the number of arguments of a call is limited. */
function joined(parts: ReadonlyArray<readonly Row[]>): readonly Row[] {
  const none: readonly Row[] = [];
  if (parts.length <= MOST_ARGUMENTS) return none.concat(...parts);
  const groups = Array.from({length: Math.ceil(parts.length / MOST_ARGUMENTS)}, (_, group) =>
    none.concat(...parts.slice(group * MOST_ARGUMENTS, (group + 1) * MOST_ARGUMENTS)),
  );
  return joined(groups);
}

const MOST_ARGUMENTS = 1000;
