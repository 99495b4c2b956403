import {array, hexString, integer, isOwnName, type Json, object, unusable} from '../../model/json.ts';
import type {Counted, Region} from '../../model/region.ts';
import {firstWhere} from '../../model/search.ts';
import type {Difference} from './frame.ts';
import {recounted, regionFromRow, RegionRow, type RowPurpose, uncounted, type Words, wordsFromJSON} from './row.ts';

type Open<Part> = {-readonly [name in keyof Part]: Part[name]};

/**
 * Applies what a line says of regions and counters to the rows of a frame, and notes which rows that concerns. The rows
 * are copied once at most; a row that the line doesn't name is the same object afterwards.
 */
export class Changes {
  #rows: readonly RegionRow[];
  /** The same list, where it is a copy that may be changed. */
  #own: RegionRow[] | undefined;
  /** By start: rows that went or were otherwise, and what is there now. */
  readonly #before = new Map<number, RegionRow>();
  readonly #after = new Map<number, RegionRow>();

  constructor(rows: readonly RegionRow[]) {
    this.#rows = rows;
  }

  get rows(): readonly RegionRow[] {
    return this.#rows;
  }

  difference(): Difference {
    return {before: ascending(this.#before), after: ascending(this.#after)};
  }

  /** The kernel prints other counters than before: what was counted is forgotten. */
  recount(counters: readonly string[], pageSize: number): void {
    this.#own = this.#rows.map(({bare}) => new RegionRow(bare, uncounted(bare, counters, pageSize)));
    this.#rows = this.#own;
  }

  /**
   * Takes out what is gone, and puts in what is new or differs from before. One sweep over both lists.
   *
   * @throws Trouble `input`
   */
  regions(record: Json, kinds: readonly RowPurpose[], counters: readonly string[], pageSize: number): void {
    const rows = this.#rows;
    /** Stretches of rows that stay, and what comes between them. */
    const parts: Array<readonly RegionRow[]> = [];
    let at = 0;
    let end = 0;
    const put = (stretch: readonly RegionRow[]): void => {
      if (stretch[0]!.bare.start < end) throw overlap();
      end = stretch.at(-1)!.bare.end;
      parts.push(stretch);
    };
    for (const [start, region] of editsOf(record, kinds)) {
      const place = firstWhere((row) => rows[row]!.bare.start >= start, rows.length, at);
      if (place > at) put(rows.slice(at, place));
      at = place;
      const before = rows[at]?.bare.start === start ? rows[at++] : undefined;
      if (before) this.#before.set(start, before);
      if (!region) continue;
      const counted = before ? recounted(region, before.counted) : uncounted(region, counters, pageSize);
      const row = new RegionRow(region, counted);
      put([row]);
      this.#after.set(start, row);
    }
    if (at < rows.length) put(rows.slice(at));
    // The number of arguments of a call is limited.
    this.#rows = this.#own = parts.length < 1000 ? ([] as RegionRow[]).concat(...parts) : parts.flat();
  }

  /** Changes counters and flags, by the place of their region. @throws Trouble `input` */
  counters({usage: counts, words}: Json, wordLists: readonly Words[]): void {
    const changed = new Map<number, Open<Counted>>();
    const at = (position: unknown): Open<Counted> => {
      const place = integer(position, 'usage');
      const row = this.#rows[place] ?? outOfPlace();
      let counted = changed.get(place);
      if (!counted) changed.set(place, (counted = {...row.counted, usage: {...row.counted.usage}}));
      return counted;
    };
    for (const [counter, list] of Object.entries(object(counts ?? {}, 'usage'))) {
      if (!isOwnName(counter)) throw unusable('usage has a name that is not allowed');
      eachPair(list, `usage.${counter}`, (position, bytes) => {
        const usage = at(position).usage as Record<string, number>;
        if (bytes === null) delete usage[counter];
        else usage[counter] = integer(bytes, `usage.${counter}`);
      });
    }
    eachPair(words ?? [], 'words', (position, list) =>
      Object.assign(at(position), wordsFromJSON(wordLists[integer(list, 'words')], 'words')),
    );
    const after = (this.#own ??= [...this.#rows]);
    for (const [position, counted] of changed) {
      if (Object.keys(counted.usage ?? {}).length === 0) counted.usage = undefined;
      const before = after[position]!;
      const {start} = before.bare;
      if (!this.#after.has(start)) this.#before.set(start, before);
      this.#after.set(start, (after[position] = new RegionRow(before.bare, counted)));
    }
    this.#rows = after;
  }
}

/** What a line says of regions, by start, ascending: the new region, or undefined where one is gone. */
function editsOf(record: Json, kinds: readonly RowPurpose[]): ReadonlyArray<readonly [number, Region | undefined]> {
  const edits = new Map<number, Region | undefined>();
  for (const start of array(record['gone'] ?? [], 'gone')) edits.set(hexString(start, 'gone'), undefined);
  let last: Region | undefined;
  for (const row of array(record['regions'] ?? [], 'regions')) {
    const region = regionFromRow(row, kinds, last);
    if (region.start < (last?.end ?? 0)) throw overlap();
    edits.set(region.start, (last = region));
  }
  return [...edits].sort(([a], [b]) => a - b);
}

const ascending = (rows: ReadonlyMap<number, RegionRow>): readonly RegionRow[] =>
  [...rows.values()].sort((a, b) => a.bare.start - b.bare.start);

const overlap = (): Error => unusable('regions overlap');

/** A list of pairs, one after the other. */
function eachPair(value: unknown, path: string, use: (first: unknown, second: unknown) => void): void {
  const list = array(value, path);
  for (let index = 0; index < list.length; index += 2) use(list[index], list[index + 1]);
}

function outOfPlace(): never {
  throw unusable('a counter belongs to a region that is not there');
}
