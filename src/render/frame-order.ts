import {ownLabel} from '../model/region.ts';
import {KINDS} from '../model/kind.ts';
import {rssGrowth, sizeGrowth, type Row} from './frame-rows.ts';
import {selectRange} from './frame-select.ts';
import type {Sort, View} from './frame-view.ts';

/**
 * The rows at some places of the order that the reader chose. A process may have 60,000 regions and a screen 40 lines: only
 * what is shown is sorted.
 *
 * @param rows in address order; those that the filter lets through
 * @param from the first place, from 0
 * @param isMeasured smaps was read at least once: else what grew is told by size
 */
export function rowsAt(
  rows: readonly Row[],
  {sort, isReversed}: View,
  from: number,
  count: number,
  isMeasured: boolean,
): readonly Row[] {
  const first = Math.min(rows.length, from);
  const to = Math.min(rows.length, first + count);
  // Reversed means the same order from its end.
  const [low, high] = isReversed ? [rows.length - to, rows.length - first] : [first, to];
  const found = sort === 'address' ? rows.slice(low, high) : byKey(rows, sort, low, high, isMeasured);
  return isReversed ? found.reverse() : found;
}

function byKey(
  rows: readonly Row[],
  sort: Exclude<Sort, 'address'>,
  low: number,
  high: number,
  isMeasured: boolean,
): Row[] {
  const key = sort === 'growth' && !isMeasured ? sizeGrowth : KEYS[sort];
  if (keys.length < rows.length) keys = new Float64Array(rows.length * 2);
  for (let index = 0; index < rows.length; index++) keys[index] = key(rows[index]!);
  return selectRange(keys, rows.length, low, high).map((index) => rows[index]!);
}

/** Used for each frame anew: half a megabyte a frame would keep the garbage collector busy. */
let keys = new Float64Array(0);

/** What is sorted by, the highest first; where it is the same, the lowest address comes first. */
const KEYS: Readonly<Record<Exclude<Sort, 'address'>, (row: Row) => number>> = {
  changed: (row) => row.changed,
  resident: (row) => row.rss ?? -1,
  size: (row) => row.size,
  growth: (row) => rssGrowth(row) ?? 0,
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
  const kinds = new Set<string>(KINDS.filter((kind) => kind.includes(needle)));
  const isPerms = /^[-rwxsp]+$/.test(needle);
  // Many regions have the same name: each text is looked through once.
  const answers = new Map<string, boolean>([['', false]]);
  const has = (text: string): boolean => {
    let answer = answers.get(text);
    if (answer === undefined) answers.set(text, (answer = text.toLowerCase().includes(needle)));
    return answer;
  };
  return ({region}) =>
    (region.name !== '' && has(region.name)) ||
    (kinds.size > 0 && kinds.has(region.kind)) ||
    has(ownLabel(region) ?? '') ||
    (isPerms && region.perms.includes(needle)) ||
    (region.start <= address && address < region.end);
}
