import type {Region} from '../model/region.ts';
import {Regions} from '../model/columns/regions.ts';
import {firstWhere} from '../model/search.ts';
import {HeaderReader} from './proc/maps.ts';
import {isSameStretch} from './scan.ts';

/** A listing of maps in the kernel's own form, and what was read from it: one region a line. */
export interface Earlier {
  readonly bytes: Uint8Array;
  readonly table: Regions;
}

export interface Beside {
  /** Ascending. Those that were there are as they were; new ones have no kind yet. */
  readonly table: Regions;
  /** Those on lines that the earlier listing doesn't have. */
  readonly fresh: readonly Region[];
}

/**
 * Reads a listing of maps that has most of its lines in common with an earlier one of the same process. What both have
 * is found by comparing bytes; rows on equal lines are copied, stretch by stretch, and only what differs is parsed. The
 * two share their tables, so that equal rows have equal numbers.
 *
 * With 60,000 regions and 100 changes that takes 1 ms, where parsing takes 6 ms.
 *
 * @param bytes as read from /proc
 * @param spare of an earlier look, which nobody uses any longer: the columns are taken from it
 * @returns undefined where that can't be done, since the listing is torn, cut short or in another form, or where the
 * tables hold mostly what is gone: then all of it must be parsed
 */
export function parseBeside(bytes: Uint8Array, earlier: Earlier, spare?: Regions): Beside | undefined {
  if (bytes.at(-1) !== NEWLINE || earlier.bytes.at(-1) !== NEWLINE) return undefined;
  const {tables, length} = earlier.table;
  if (tables.size > MOST_STALE + 4 * length) return undefined;
  const walk = new Walk(earlier);
  const table = spare ? Regions.inPlaceOf(spare, tables) : new Regions(0, tables);
  table.reserve(length + MORE);
  const reader = new HeaderReader(table, true);
  const fresh: Region[] = [];
  for (let at = 0, pieces = 0; at < bytes.length; pieces++) {
    if (pieces > MOST_PIECES) return undefined;
    const same = commonLines(earlier.bytes, walk.at, bytes, at);
    at += same;
    const [from, to] = walk.take(same);
    if (!follows(table, earlier.table.start, from, to)) return undefined;
    table.append(earlier.table, from, to);
    if (at === bytes.length) break;
    if (!reader.read(bytes, at)) return undefined;
    const row = table.length;
    const start = table.start[row]!;
    if (table.end[row]! <= start || table.nameAt(row) === '[rollup]') return undefined;
    walk.skipTo(start);
    if (commonLines(earlier.bytes, walk.at, bytes, at) > 0) continue;
    if (!follows(table, table.start, row, row + 1)) return undefined;
    table.verdict[row] = 0;
    table.length++;
    fresh.push(table.at(row));
    at = reader.next;
  }
  return walk.isLost ? undefined : {table, fresh};
}

/** Is the first of these rows, if there is any, above what was read so far? */
const follows = (table: Regions, start: Float64Array, from: number, to: number): boolean =>
  from === to || table.length === 0 || start[from]! >= table.end[table.length - 1]!;

/** Rows that there may be more. */
const MORE = 1024;

/** At most this many pieces are put together; with more of them there is little in common. */
const MOST_PIECES = 10_000;

/** Entries of tables that nobody may need any longer. */
const MOST_STALE = 10_000;

const NEWLINE = 0x0a;

/** Goes through the earlier listing, a line and its region at a time. */
class Walk {
  /** Where in its bytes a line begins. */
  at = 0;
  /** It met a line that is not in the kernel's form. */
  isLost = false;
  readonly #earlier: Earlier;
  /** Gets the line that is asked for. */
  readonly #line: Regions;
  readonly #reader: HeaderReader;
  #row = 0;

  constructor(earlier: Earlier) {
    this.#earlier = earlier;
    this.#line = new Regions(1, earlier.table.tables);
    this.#reader = new HeaderReader(this.#line, true);
  }

  /** @returns the rows [from, to) on the next lines, which take this many bytes */
  take(bytes: number): readonly [from: number, to: number] {
    const {start, length} = this.#earlier.table;
    const from = this.#row;
    this.at += bytes;
    if (this.at === this.#earlier.bytes.length) this.#row = length;
    else if (bytes > 0) {
      const next = this.#startAt(this.at);
      this.#row = firstWhere((row) => start[row]! >= next, length, from);
    }
    return [from, this.#row];
  }

  #startAt(line: number): number {
    const isHeader = this.#reader.read(this.#earlier.bytes, line);
    this.isLost ||= !isHeader;
    return isHeader ? this.#line.start[0]! : 0;
  }

  /** Leaves out what lies below an address. */
  skipTo(address: number): void {
    const {bytes, table} = this.#earlier;
    for (; this.#row < table.length && table.start[this.#row]! < address; this.#row++)
      this.at = bytes.indexOf(NEWLINE, this.at) + 1;
  }
}

/** How many bytes a[from…] and b[at…] have in common, in whole lines. */
function commonLines(a: Uint8Array, from: number, b: Uint8Array, at: number): number {
  const length = commonLength(a, from, b, at);
  return length === 0 ? 0 : Math.max(0, b.lastIndexOf(NEWLINE, at + length - 1) + 1 - at);
}

/**
 * Bytes that are compared first, and how few are compared one by one: a call of memcmp(3) costs as much as some hundred
 * of these, before V8 has compiled what leads there.
 */
const FIRST_STEP = 4096;
const LAST_STEP = 128;

/** Takes larger and larger steps while the bytes are equal, then halves the step that isn't. */
function commonLength(a: Uint8Array, from: number, b: Uint8Array, at: number): number {
  const most = Math.min(a.length - from, b.length - at);
  let length = 0;
  let step = FIRST_STEP;
  while (length < most && isSameStretch(a, from + length, b, at + length, Math.min(step, most - length))) {
    length += Math.min(step, most - length);
    step *= 2;
  }
  for (step = Math.min(step, most - length); step > LAST_STEP;) {
    const half = step >> 1;
    if (isSameStretch(a, from + length, b, at + length, half)) {
      length += half;
      step -= half;
    } else step = half;
  }
  while (length < most && a[from + length] === b[at + length]) length++;
  return length;
}
