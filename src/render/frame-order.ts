import {sizeOf} from '../model/region.ts';
import {rssGrowth, sizeGrowth, type Row} from './frame-rows.ts';
import {selectRange} from './frame-select.ts';
import type {Sort, View} from './frame-view.ts';

/**
 * The rows at some places of the order that the reader chose. A process may have 60,000 regions and a screen 40 lines: only
 * what is shown is sorted.
 *
 * @param rows in address order; those that the filter lets through
 * @param from the first place, from 0
 */
export function rowsAt(rows: readonly Row[], {sort, isReversed}: View, from: number, count: number): readonly Row[] {
  const to = Math.min(rows.length, from + count);
  // Reversed means the same order from its end.
  const [low, high] = isReversed ? [rows.length - to, rows.length - from] : [from, to];
  const found =
    sort === 'address' ? rows.slice(low, high) : selectRange(keysOf(rows, sort), low, high).map((i) => rows[i]!);
  return isReversed ? found.reverse() : found;
}

/** What is sorted by, the highest first; the second decides where the first is the same, and after it the address. */
function keysOf(rows: readonly Row[], sort: Exclude<Sort, 'address'>): readonly Float64Array[] {
  const [first, second] = KEYS[sort];
  const keys = (key: (row: Row) => number): Float64Array => {
    const array = new Float64Array(rows.length);
    for (let index = 0; index < rows.length; index++) array[index] = key(rows[index]!);
    return array;
  };
  return second ? [keys(first), keys(second)] : [keys(first)];
}

type Key = (row: Row) => number;

const KEYS: Readonly<Record<Exclude<Sort, 'address'>, readonly [Key, Key?]>> = {
  changed: [(row) => row.changed],
  resident: [(row) => row.rss ?? -1],
  size: [(row) => sizeOf(row.region)],
  growth: [(row) => rssGrowth(row) ?? 0, sizeGrowth],
};

/** The rows that the filter lets through, in address order. They are found once for each look and filter. */
export function filtered(rows: readonly Row[], filter: string): readonly Row[] {
  if (filter === '') return rows;
  const known = found.get(rows);
  if (known?.filter === filter) return known.result;
  const result = rows.filter(matcherOf(filter));
  found.set(rows, {filter, result});
  return result;
}

const found = new WeakMap<readonly Row[], {readonly filter: string; readonly result: readonly Row[]}>();

function matcherOf(filter: string): (row: Row) => boolean {
  const needle = filter.toLowerCase();
  const address = /^(?:0x)?[0-9a-f]{4,16}$/.test(needle) ? Number.parseInt(needle.replace(/^0x/, ''), 16) : NaN;
  // Many regions have the same name: each text is looked through once.
  const answers = new Map<string, boolean>();
  const has = (text: string | undefined): boolean => {
    if (text === undefined || text === '') return false;
    let answer = answers.get(text);
    if (answer === undefined) answers.set(text, (answer = text.toLowerCase().includes(needle)));
    return answer;
  };
  return ({region}) =>
    has(region.name) ||
    has(region.kind) ||
    has(region.label) ||
    has(region.perms) ||
    (region.start <= address && address < region.end);
}
