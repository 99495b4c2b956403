import {chooseRegions, compareTexts, isAll, sortText, type Choice} from '../../../model/choose.ts';
import {MEASURES} from '../../../model/measures.ts';
import {ownLabel, type Region} from '../../../model/region.ts';
import {firstWhere} from '../../../model/search.ts';
import {KINDS} from '../../../model/kind.ts';
import {rssGrowth, sizeGrowth, type Row} from '../../../history/rows.ts';
import type {Picture} from './picture.ts';
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
  {sort, isReversed}: Pick<View, 'sort' | 'isReversed'>,
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

/**
 * The place in that order of the region that an address is in.
 *
 * @param rows in address order; those that match the filter
 * @returns undefined if it is in none of them
 */
export function placeOf(
  rows: readonly Row[],
  {sort, isReversed}: Pick<View, 'sort' | 'isReversed'>,
  address: number,
  isMeasured: boolean,
): number | undefined {
  const index = indexOf(rows, address);
  if (index === undefined) return undefined;
  const place = sort === 'address' ? index : rankOf(keysOf(rows, sort, isMeasured), rows.length, index);
  return isReversed ? rows.length - 1 - place : place;
}

/** The row whose region an address is in. @param rows in address order */
export function rowAt(rows: readonly Row[], address: number): Row | undefined {
  const index = indexOf(rows, address);
  return index === undefined ? undefined : rows[index];
}

function indexOf(rows: readonly Row[], address: number): number | undefined {
  const index = firstWhere((place) => rows[place]!.region.end > address, rows.length);
  return index < rows.length && rows[index]!.region.start <= address ? index : undefined;
}

/** How many items come before one. */
function rankOf(keys: Float64Array, count: number, item: number): number {
  let rank = 0;
  for (let other = 0; other < count; other++) if (isBefore(keys, other, item)) rank++;
  return rank;
}

const byKey = (rows: readonly Row[], sort: Keyed, low: number, high: number, isMeasured: boolean): Row[] =>
  selectRange(keysOf(rows, sort, isMeasured), rows.length, low, high).map((index) => rows[index]!);

type Keyed = Exclude<Sort, 'address'>;

/** The key of each row, the highest first; among equal keys the lowest address comes first. */
function keysOf(rows: readonly Row[], sort: Keyed, isMeasured: boolean): Float64Array {
  const key = keyOf(rows, sort, isMeasured);
  if (keys.length < rows.length) keys = new Float64Array(rows.length * 2);
  for (let index = 0; index < rows.length; index++) keys[index] = key(rows[index]!);
  return keys;
}

/** Reused for each frame: allocating half a megabyte per frame would keep the garbage collector busy. */
let keys = new Float64Array(0);

/** More than the bytes of any region, and exact together with the number of any sample. */
const CHANGED = 2 ** 52;

const residentOf = ({rss}: Row): number => rss ?? -1;

function keyOf(rows: readonly Row[], sort: Keyed, isMeasured: boolean): (row: Row) => number {
  const weight = isMeasured ? residentOf : ({size}: Row): number => size;
  switch (sort) {
    case 'changed':
      return (row) => (row.changed > 0 ? CHANGED + row.changed : weight(row));
    case 'growth':
      return isMeasured ? (row) => rssGrowth(row) ?? 0 : sizeGrowth;
    case 'rss':
      return residentOf;
    case 'size':
      return ({size}) => size;
    case 'name':
    case 'kind':
      return textKey(rows, (region) => sortText(region, sort));
    default: {
      const {ofRegion} = MEASURES[sort];
      return ({region}) => ofRegion(region) ?? -1;
    }
  }
}

/** Many regions have one name: the few that differ are sorted. */
function textKey(rows: readonly Row[], textOf: (region: Region) => string): (row: Row) => number {
  const texts = [...new Set(rows.map(({region}) => textOf(region)))].sort(compareTexts);
  const ranks = new Map(texts.map((text, rank) => [text, -rank]));
  return ({region}) => ranks.get(textOf(region))!;
}

/** The rows that the command line chose and that match the filter, in address order. */
export const shownRows = (
  {rows, choice}: Pick<Picture, 'rows' | 'choice'>,
  {filter}: Pick<View, 'filter'>,
): readonly Row[] => filtered(chosenRows(rows, choice), filter);

/** Found once for each sample; what is known of a region is not asked again. */
function chosenRows(rows: readonly Row[], choice: Choice): readonly Row[] {
  if (isAll(choice)) return rows;
  const known = chosen.get(rows);
  if (known?.choice === choice) return known.result;
  const {kinds} = choice;
  const ofKind = kinds ? rows.filter(({region}) => kinds.has(region.kind)) : rows;
  const result = choice.text ? ofKind.filter(({region}) => isChosen(region, choice)) : ofKind;
  chosen.set(rows, {choice, result});
  return result;
}

const chosen = new WeakMap<readonly Row[], {readonly choice: Choice; readonly result: readonly Row[]}>();

function isChosen(region: Region, choice: Choice): boolean {
  let answers = answersOf.get(choice);
  if (!answers) answersOf.set(choice, (answers = new WeakMap()));
  let answer = answers.get(region);
  if (answer === undefined) answers.set(region, (answer = chooseRegions([region], choice).length > 0));
  return answer;
}

const answersOf = new WeakMap<Choice, WeakMap<Region, boolean>>();

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
