import {ownLabel} from '../../../model/region.ts';
import {KINDS} from '../../../model/kind.ts';
import {rssGrowth, sizeGrowth, type Row} from '../../../history/rows.ts';
import type {Sort, View} from './view.ts';

/**
 * The rows at some places in the order that the reader chose. A process may have 60,000 regions and a screen has
 * 40 lines, so only what is shown is sorted.
 *
 * @param rows in address order; those that match the filter
 * @param from the first place, from 0
 * @param isMeasured smaps was read at least once; otherwise growth is growth of size
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

/** Reused for each frame: allocating half a megabyte per frame would keep the garbage collector busy. */
let keys = new Float64Array(0);

/** The sort keys, the highest first; among equal keys the lowest address comes first. */
const KEYS: Readonly<Record<Exclude<Sort, 'address'>, (row: Row) => number>> = {
  changed: (row) => row.changed,
  rss: (row) => row.rss ?? -1,
  size: (row) => row.size,
  growth: (row) => rssGrowth(row) ?? 0,
};

/** The rows that match the filter, in address order. They are found once for each sample and filter. */
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
  // Many regions have the same name: each text is searched once.
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

/**
 * Which items would be at the places [from, to) if all were sorted, the highest key first and equal keys in the given
 * order. Hoare's selection: the items outside those places are only put before or after them, so the cost is linear in
 * the number of items. A screen needs a few of 60,000.
 *
 * @param keys of the items, perhaps followed by others
 * @param count how many items there are
 * @returns indices, in order
 */
export function selectRange(keys: Float64Array, count: number, from: number, to: number): number[] {
  const [first, last] = [Math.max(0, from), Math.min(count, to)];
  if (first >= last) return [];
  if (last <= FEW) return best(keys, count, last).slice(first);
  if (order.length < count) order = new Uint32Array(count * 2);
  for (let index = 0; index < count; index++) order[index] = index;
  partition(order, keys, 0, count, first);
  partition(order, keys, first, count, last);
  return Array.from(order.subarray(first, last)).sort((a, b) => (isBefore(keys, a, b) ? -1 : 1));
}

/** Up to this many first places are found in one pass: nearly every item comes after them, and is skipped at once. */
const FEW = 128;

function best(keys: Float64Array, count: number, most: number): number[] {
  const found: number[] = [];
  for (let index = 0; index < count; index++) {
    // Among equal keys the earlier item comes first.
    if (found.length === most && keys[index]! <= keys[found[most - 1]!]!) continue;
    let place = found.length;
    while (place > 0 && keys[found[place - 1]!]! < keys[index]!) place--;
    found.splice(place, 0, index);
    if (found.length > most) found.pop();
  }
  return found;
}

/** Reused by each call. */
let order = new Uint32Array(0);

/** Puts those that belong before place `at` before it, and the others after it; within order[low, high). */
function partition(order: Uint32Array, keys: Float64Array, low: number, high: number, at: number): void {
  while (high - low > 1 && at > low && at < high) {
    const pivot = middleOf(order, keys, low, high);
    let left = low;
    let right = high - 1;
    while (left <= right) {
      while (isBefore(keys, order[left]!, pivot)) left++;
      while (isBefore(keys, pivot, order[right]!)) right--;
      if (left > right) break;
      const swapped = order[left]!;
      order[left++] = order[right]!;
      order[right--] = swapped;
    }
    if (at <= right) high = right + 1;
    else if (at >= left) low = left;
    else return;
  }
}

/** The median of three: input that is already sorted, or nearly, is then not the worst case. */
function middleOf(order: Uint32Array, keys: Float64Array, low: number, high: number): number {
  const [a, b, c] = [order[low]!, order[(low + high) >>> 1]!, order[high - 1]!];
  if (isBefore(keys, a, b)) return isBefore(keys, b, c) ? b : isBefore(keys, a, c) ? c : a;
  return isBefore(keys, a, c) ? a : isBefore(keys, b, c) ? c : b;
}

/** The keys are compared, not subtracted: the difference of two infinite keys is NaN. */
function isBefore(keys: Float64Array, a: number, b: number): boolean {
  const [one, other] = [keys[a]!, keys[b]!];
  return one > other || (one === other && a < b);
}
