import {type Counted, isSamePurpose, type Region} from '../model/region.ts';
import {isSameLine} from '../model/same.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {array, hexString, integer, isOwnName, type Json, object, string, unusable} from '../model/json.ts';
import {familyAfter} from './family.ts';
import {isAlike, patched, patchOf} from './patch.ts';
import {cluesOfSnapshot, type Frame, NOTHING, trustOf} from './frame.ts';
import {
  recounted,
  regionFromRow,
  RegionRow,
  rowJSON,
  uncounted,
  type RowPurpose,
  verdictFromJSON,
  verdictOf,
  type Words,
  wordsFromJSON,
  wordsOf,
} from './row.ts';

/**
 * What a record must say to turn a frame into a snapshot: the reverse of applyRecord. For NOTHING it is a key frame.
 *
 * @param status /proc/PID/status at this look
 * @returns the members of the record besides event and time; none if nothing differs
 */
export function encodeRecord(frame: Frame, snapshot: Snapshot, status: Json, pageSize: number): Json {
  const {state: _state, threads: _threads, ...process} = snapshot.process;
  const listing = snapshot.source.format === 'smaps' ? 'smaps' : 'maps';
  const {consistency, notes, rejected} = snapshot;
  return defined({
    listing: listing === frame.listing && frame.rows.length > 0 ? undefined : listing,
    status: patchOf(frame.status, status),
    process: patchOf(frame.process, process),
    clues: patchOf(frame.clues, cluesOfSnapshot(snapshot.clues)),
    consistency: isAlike(frame.consistency, consistency) ? undefined : consistency,
    notes: isAlike(frame.notes, notes) ? undefined : notes,
    rejected: isAlike(frame.rejected, rejected) ? undefined : rejected,
    ...encodeRegions(frame, snapshot.regions, listing === 'smaps', pageSize),
  });
}

const defined = (json: Json): Json =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));

function encodeRegions(frame: Frame, regions: readonly Region[], hasUsage: boolean, pageSize: number): Json {
  const kinds = new Table<RowPurpose>(frame.kinds);
  const counts = new Counts(frame, hasUsage ? countersOf(regions, frame.counters) : frame.counters, pageSize);
  const [gone, rows]: [string[], unknown[]] = [[], []];
  let last: Region | undefined;
  let at = 0;
  regions.forEach((region, position) => {
    for (; at < frame.rows.length && frame.rows[at]!.bare.start < region.start; at++)
      gone.push(startOf(frame.rows[at]!));
    const before = frame.rows[at]?.bare.start === region.start ? frame.rows[at++] : undefined;
    if (!before || !isSameRow(before.bare, region)) {
      rows.push(rowJSON(region, kinds.place(verdictOf(region)), last));
      last = region;
    }
    if (hasUsage) counts.compare(position, before, region);
  });
  for (; at < frame.rows.length; at++) gone.push(startOf(frame.rows[at]!));
  return {gone: some(gone), kinds: some(kinds.added), regions: some(rows), ...counts.json()};
}

const some = <Entry>(list: readonly Entry[]): readonly Entry[] | undefined => (list.length > 0 ? list : undefined);

const startOf = (row: RegionRow): string => `0x${row.bare.start.toString(16)}`;

const isSameRow = (a: Region, b: Region): boolean => a === b || (isSameLine(a, b) && isSamePurpose(a, b));

/** The names of all counters; the same list if it is as known. */
function countersOf(regions: readonly Region[], known: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const {usage} of regions) for (const name in usage) names.add(name);
  const isKnown = names.size === known.length && known.every((name) => names.has(name));
  return isKnown ? known : [...names];
}

/** Collects where smaps differs from what is expected, by counter. */
class Counts {
  readonly #counters: readonly string[];
  readonly #isNew: boolean;
  readonly #pageSize: number;
  readonly #usage: Record<string, unknown[]> = {};
  readonly #words: number[] = [];
  readonly #lists: Table<unknown>;

  constructor(frame: Frame, counters: readonly string[], pageSize: number) {
    this.#counters = counters;
    this.#isNew = counters !== frame.counters;
    this.#pageSize = pageSize;
    this.#lists = new Table<unknown>(frame.wordLists);
  }

  compare(position: number, before: RegionRow | undefined, region: Region): void {
    const expected = this.#expected(before, region);
    const {usage = {}, flags, attributes} = region;
    for (const counter of this.#counters) {
      const value = usage[counter];
      if (value !== expected.usage?.[counter]) (this.#usage[counter] ??= []).push(position, value ?? null);
    }
    if (isSameWords(expected, region)) return;
    this.#words.push(position, this.#lists.place(wordsOf({usage, flags, attributes})));
  }

  #expected(before: RegionRow | undefined, region: Region): Counted {
    if (!before || this.#isNew) return uncounted(region, this.#counters, this.#pageSize);
    return recounted(region, before.counted);
  }

  json(): Json {
    const usage = Object.keys(this.#usage).length > 0 ? this.#usage : undefined;
    const counters = this.#isNew ? this.#counters : undefined;
    return {counters, usage, wordLists: some(this.#lists.added), words: some(this.#words)};
  }
}

function isSameWords(a: Counted, b: Region): boolean {
  if (a.flags !== b.flags && a.flags?.join(' ') !== b.flags?.join(' ')) return false;
  if (a.attributes === b.attributes) return true;
  return JSON.stringify(a.attributes) === JSON.stringify(b.attributes);
}

/** Values that are named by their place in a growing list. */
class Table<Entry> {
  readonly added: Entry[] = [];
  readonly #known: number;
  readonly #places = new Map<string, number>();

  constructor(known: readonly Entry[]) {
    this.#known = known.length;
    known.forEach((entry, place) => this.#places.set(JSON.stringify(entry), place));
  }

  place(entry: Entry): number {
    const key = JSON.stringify(entry);
    let place = this.#places.get(key);
    if (place === undefined) {
      this.#places.set(key, (place = this.#known + this.added.length));
      this.added.push(entry);
    }
    return place;
  }
}

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
