import type {Region} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';
import type {Json} from '../model/json.ts';
import {cluesOfSnapshot} from './frame-clues.ts';
import type {Frame} from './frame.ts';
import {isAlike, patchOf} from './patch.ts';
import {recounted, rowJSON, uncounted, verdictOf, wordsOf, type Counted, type Row, type Verdict} from './row.ts';

/**
 * What a record must say so that it makes a snapshot of a frame: the reverse of applyRecord. Of NOTHING it is a key frame.
 *
 * @param status /proc/PID/status at this look
 * @returns the members of the record beside event and time; none if nothing differs
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
  const kinds = new Table<Verdict>(frame.kinds);
  const counts = new Counts(frame, hasUsage ? countersOf(regions, frame.counters) : frame.counters, pageSize);
  const [gone, rows]: [string[], unknown[]] = [[], []];
  let last: Region | undefined;
  let at = 0;
  regions.forEach((region, position) => {
    for (; at < frame.rows.length && frame.rows[at]!.bare.start < region.start; at++) gone.push(startOf(frame.rows[at]!));
    const before = frame.rows[at]?.bare.start === region.start ? frame.rows[at++] : undefined;
    if (!before || !isSameRow(before.bare, region)) {
      rows.push(rowJSON(region, kinds.place(verdictOf(region)), last));
      last = region;
    }
    if (hasUsage) counts.compare(position, before, region);
  });
  for (; at < frame.rows.length; at++) gone.push(startOf(frame.rows[at]!));
  return {gone: some(gone), kinds: some(kinds.added), regions: some(rows), ...counts.json()};
} // prettier-ignore

const some = <Entry>(list: readonly Entry[]): readonly Entry[] | undefined => (list.length > 0 ? list : undefined);

const startOf = (row: Row): string => `0x${row.bare.start.toString(16)}`;

const isSameRow = (a: Region, b: Region): boolean =>
  a === b ||
  (a.end === b.end && a.perms === b.perms && a.name === b.name && a.nameBase64 === b.nameBase64 &&
    a.inode === b.inode && a.dev === b.dev && a.offset === b.offset && a.kind === b.kind && a.label === b.label &&
    a.evidence === b.evidence && a.confidence === b.confidence); // prettier-ignore

/** The names of all counters; the same list if it is as known. */
function countersOf(regions: readonly Region[], known: readonly string[]): readonly string[] {
  const names = new Set<string>();
  for (const {usage} of regions) for (const name in usage) names.add(name);
  const isKnown = names.size === known.length && known.every((name) => names.has(name));
  return isKnown ? known : [...names];
}

/** Collects what smaps says otherwise than expected, by counter. */
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

  compare(position: number, before: Row | undefined, region: Region): void {
    const expected = this.#expected(before, region);
    const {usage = {}, flags, attributes} = region;
    for (const counter of this.#counters) {
      const value = usage[counter];
      if (value !== expected.usage?.[counter]) (this.#usage[counter] ??= []).push(position, value ?? null);
    }
    if (isSameWords(expected, region)) return;
    this.#words.push(position, this.#lists.place(wordsOf({usage, flags, attributes})));
  }

  #expected(before: Row | undefined, region: Region): Counted {
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

/** Values that are named by their place in a list, which grows. */
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
