import type {Counted} from '../model/region.ts';
import {array, hexString, integer, isOwnName, type Json, object, string, unusable} from '../model/json.ts';
import {familyAfter} from './family.ts';
import {patched} from './patch.ts';
import {type Frame, NOTHING, trustOf} from './frame.ts';
import {
  recounted,
  regionFromRow,
  RegionRow,
  uncounted,
  type RowPurpose,
  verdictFromJSON,
  type Words,
  wordsFromJSON,
} from './row.ts';

/**
 * The frame that a record makes of the one before it.
 *
 * @param record a `key` or `exec`, which stand on their own, or a `delta`
 * @throws Trouble `input` if it is malformed, or doesn't fit the frame
 */
export function applyRecord(frame: Frame, record: Json, pageSize: number): Frame {
  const before = record['event'] === 'delta' ? frame : NOTHING;
  const listing = listingOf(record['listing']) ?? before.listing;
  const kinds = appended(before.kinds, record['kinds'], verdictFromJSON, 'kinds');
  const wordLists = appended(before.wordLists, record['wordLists'], checkedWords, 'wordLists');
  const counters = record['counters'] === undefined ? before.counters : names(record['counters']);
  let rows = before.rows;
  if (counters !== before.counters)
    rows = rows.map(({bare}) => new RegionRow(bare, uncounted(bare, counters, pageSize)));
  if (record['gone'] !== undefined || record['regions'] !== undefined)
    rows = withRegions(rows, record, kinds, counters, pageSize);
  if (record['usage'] !== undefined || record['words'] !== undefined) rows = withCounters(rows, record, wordLists);
  const {status, process, clues} = record;
  return {
    listing,
    rows,
    kinds,
    wordLists,
    counters,
    status: status === undefined ? before.status : patched(before.status, status, 'status'),
    process: process === undefined ? before.process : patched(before.process, process, 'process'),
    clues: clues === undefined ? before.clues : patched(before.clues, clues, 'clues'),
    family: familyAfter(before.family, record['family'], record['t']),
    ...trustOf(before, record),
  };
}

function listingOf(value: unknown): Frame['listing'] | undefined {
  if (value === undefined || value === 'maps' || value === 'smaps') return value;
  throw unusable('listing is neither maps nor smaps');
}

function appended<Entry>(
  before: readonly Entry[],
  value: unknown,
  read: (entry: unknown, path: string) => Entry,
  path: string,
): readonly Entry[] {
  if (value === undefined) return before;
  return [...before, ...array(value, path).map((entry, index) => read(entry, `${path}[${index}]`))];
}

function checkedWords(value: unknown, path: string): Words {
  wordsFromJSON(value, path);
  return value as Words;
}

const names = (value: unknown): readonly string[] =>
  array(value, 'counters').map((name) => {
    if (!isOwnName(string(name, 'counters'))) throw unusable('counters has a name that is not allowed');
    return name as string;
  });

/** Takes out what is gone, and puts in what is new or differs from before. One sweep over both lists. */
function withRegions(
  rows: readonly RegionRow[],
  record: Json,
  kinds: readonly RowPurpose[],
  counters: readonly string[],
  pageSize: number,
): readonly RegionRow[] {
  const gone = new Set(array(record['gone'] ?? [], 'gone').map((start) => hexString(start, 'gone')));
  const regions: RegionRow['bare'][] = [];
  for (const row of array(record['regions'] ?? [], 'regions')) regions.push(regionFromRow(row, kinds, regions.at(-1)));
  const after: RegionRow[] = [];
  let index = 0;
  for (const region of regions) {
    for (; index < rows.length && rows[index]!.bare.start < region.start; index++) keep(rows[index]!);
    const before = rows[index]?.bare.start === region.start ? rows[index++] : undefined;
    put(new RegionRow(region, before ? recounted(region, before.counted) : uncounted(region, counters, pageSize)));
  }
  for (; index < rows.length; index++) keep(rows[index]!);
  return after;

  function keep(row: RegionRow): void {
    if (!gone.has(row.bare.start)) put(row);
  }

  function put(row: RegionRow): void {
    if (row.bare.start < (after.at(-1)?.bare.end ?? 0)) throw unusable('regions overlap');
    after.push(row);
  }
}

/** Changes counters and flags, by the place of their region. */
function withCounters(rows: readonly RegionRow[], record: Json, wordLists: readonly Words[]): readonly RegionRow[] {
  const changed = new Map<number, {-readonly [part in keyof Counted]: Counted[part]}>();
  const at = (position: unknown): {-readonly [part in keyof Counted]: Counted[part]} => {
    const place = integer(position, 'usage');
    const row = rows[place] ?? outOfPlace();
    let counted = changed.get(place);
    if (!counted) changed.set(place, (counted = {...row.counted, usage: {...row.counted.usage}}));
    return counted;
  };
  for (const [counter, list] of Object.entries(object(record['usage'] ?? {}, 'usage'))) {
    if (!isOwnName(counter)) throw unusable('usage has a name that is not allowed');
    for (const [position, bytes] of pairs(list, `usage.${counter}`)) {
      const usage = at(position).usage as Record<string, number>;
      if (bytes === null) delete usage[counter];
      else usage[counter] = integer(bytes, `usage.${counter}`);
    }
  }
  for (const [position, list] of pairs(record['words'] ?? [], 'words'))
    Object.assign(at(position), wordsFromJSON(wordLists[integer(list, 'words')], 'words'));
  const after = [...rows];
  for (const [position, counted] of changed) {
    if (Object.keys(counted.usage ?? {}).length === 0) counted.usage = undefined;
    after[position] = new RegionRow(rows[position]!.bare, counted);
  }
  return after;
}

function* pairs(value: unknown, path: string): Iterable<readonly [unknown, unknown]> {
  const list = array(value, path);
  for (let index = 0; index < list.length; index += 2) yield [list[index], list[index + 1]];
}

function outOfPlace(): never {
  throw unusable('a counter belongs to a region that is not there');
}
