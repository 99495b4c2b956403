import {ABSENT, type Counter} from '../../model/columns/columns.ts';
import type {Regions} from '../../model/columns/regions.ts';
import type {Usage} from '../../model/region.ts';
import {camelCase, decode, fromLatin1, latin1} from '../scan.ts';
import {Texts} from '../texts.ts';
import {type Columns, columnsOf, kilobytesAt, LINE} from './columns.ts';

/**
 * The lines below a header in smaps and smaps_rollup: `Key:` blanks `value kB`, and last `VmFlags: rd wr …`.
 * Documentation/filesystems/proc.rst; proc_pid_smaps(5). Their order and number differ between kernels and other
 * producers, so a line is identified by its key, never by its place. All sizes are in "kB", by which the kernel means
 * KiB.
 */

interface Key {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly columns: Columns | undefined;
  /** Once it has counted something. */
  counter: Counter | undefined;
}

/** Attributes that may come before the first counter. Any other word with a colon there is somebody's remark. */
const EARLY_WORDS = new Set(['name', 'thpEligible', 'protectionKey']);

/**
 * KiB. A counter that the kernel let fall below 0 is printed as one near 2^64, which a number does not hold exactly.
 */
const MOST_KILOBYTES = Number.MAX_SAFE_INTEGER / 1024;

/** A record belongs to no region: it has no header. */
const NONE = -1;

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * Reads counter lines into columns. One reader per listing: it learns the keys of the first record and expects them
 * again.
 */
export class CounterReader {
  readonly #regions: Regions;
  readonly #byKey = new Map<string, Key>();
  readonly #flags: FlagTexts;
  readonly #words: Words;
  #order: Key[] = [];
  /** What is read now. */
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #next = 0;
  #isOver = false;
  #row = NONE;
  /** Has the record a counter so far? */
  #isCounting = false;

  constructor(regions: Regions) {
    this.#regions = regions;
    this.#flags = new FlagTexts(regions);
    this.#words = new Words(regions);
  }

  /** A new record begins. @param row of its region, which may be the draft after the last one */
  begin(row: number): void {
    this.#row = row;
    this.#next = 0;
    this.#isOver = false;
    this.#isCounting = false;
  }

  /** A record is over, or the listing. */
  end(): void {
    if (this.#row !== NONE) this.#words.end(this.#row);
    this.#row = NONE;
  }

  /**
   * Reads as many of the expected counters as follow each other as the kernel prints them: nearly all lines of a
   * listing.
   *
   * @returns where the first other line begins
   */
  readUsual(bytes: Uint8Array, from: number): number {
    const [order, row] = [this.#order, this.#row];
    if (this.#isOver || row === NONE) return from;
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    const view = this.#view;
    let next = this.#next;
    let at = from;
    for (; next < order.length; next++, at += LINE) {
      const {columns, counter} = order[next]!;
      if (!columns || !counter || counter.values[row] !== ABSENT) break;
      const kilobytes = kilobytesAt(view, at, columns);
      if (kilobytes < 0) break;
      counter.values[row] = kilobytes * 1024;
    }
    if (next > this.#next) this.#isCounting = true;
    this.#next = next;
    return at;
  }

  /**
   * Reads one line, in whatever way it is written.
   *
   * @param bytes the line is bytes[from, to), without its newline
   * @returns false if the line is not a counter line, or belongs to no region, or to another one whose header is
   * missing: a record has each key once
   */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    if (!startsLikeKey(bytes[from])) return false;
    const key = this.#keyAt(bytes, from, to);
    if (!key || this.#row === NONE || this.#isOver) return false;
    let at = from + key.bytes.length;
    while (isBlank(bytes[at])) at++;
    if (key.name === 'vmFlags') return this.#flags.set(this.#row, bytes, at, to) || this.#endRecord();

    let value = 0;
    let digits = 0;
    for (let byte = bytes[at]!; at < to && byte >= 0x30 && byte <= 0x39; byte = bytes[++at]!, digits++) {
      value = value * 10 + byte - 0x30;
    }
    if (digits > 0 && isKilobytes(bytes, at, to) && value <= MOST_KILOBYTES) return this.#count(key, value * 1024);
    // THPeligible and ProtectionKey have no unit; Android's Name is text, and comes before the first counter.
    if (!this.#isCounting && !EARLY_WORDS.has(key.name)) return false;
    return this.#words.add(key, bytes, from, to) || this.#endRecord();
  }

  #count(key: Key, bytes: number): boolean {
    const row = this.#row;
    this.#isCounting = true;
    key.counter ??= this.#regions.counting(key.name);
    const {counter} = key;
    if (this.#regions.countAt(row, key.name, counter) !== ABSENT) return this.#endRecord();
    if (counter) counter.values[row] = bytes;
    else this.#regions.countRare(row, key.name, bytes);
    return true;
  }

  #endRecord(): false {
    this.#isOver = true;
    return false;
  }

  #keyAt(bytes: Uint8Array, from: number, to: number): Key | undefined {
    const expected = this.#order[this.#next];
    if (expected && beginsWith(bytes, from, to, expected.bytes)) {
      this.#next++;
      return expected;
    }
    const text = /^[A-Za-z][\w()]*:/.exec(latin1(bytes, from, Math.min(to, from + 64)))?.[0];
    if (!text) return undefined;
    const name = camelCase(text.slice(0, -1));
    if (name in Object.prototype) return undefined;
    let key = this.#byKey.get(text);
    if (!key) {
      key = {bytes: fromLatin1(text), name, columns: columnsOf(text), counter: undefined};
      this.#byKey.set(text, key);
    }
    this.#order[this.#next++] = key;
    return key;
  }
}

/** Lists of flags by their bytes: nearly all regions have one of a dozen. */
class FlagTexts {
  readonly #regions: Regions;
  readonly #texts = new Texts();
  readonly #lists: number[] = [];

  constructor(regions: Regions) {
    this.#regions = regions;
  }

  /** @returns false if the row has some already */
  set(row: number, bytes: Uint8Array, from: number, to: number): boolean {
    const {flags, tables} = this.#regions;
    if (flags[row] !== 0) return false;
    const text = this.#texts.numberOf(bytes, from, to);
    if (text === this.#lists.length) this.#lists.push(tables.flagsOf(this.#texts.newest.split(/\s+/).filter(Boolean)));
    flags[row] = this.#lists[text]!;
    return true;
  }
}

/** The attributes of one record after another. Nearly all records have one, and the same one. */
class Words {
  readonly #regions: Regions;
  readonly #texts = new Texts();
  /** What each text says. */
  readonly #said: Array<readonly [name: string, word: string]> = [];
  /** By the texts of a record: its attributes. */
  readonly #known = new Map<string, number>();
  /** The same of records with one text, by that. */
  readonly #alone: number[] = [];
  #record: number[] = [];
  /** The names in a record with many. */
  readonly #names = new Set<string>();

  constructor(regions: Regions) {
    this.#regions = regions;
  }

  /** @param key with which the line begins @returns false if the record has one of this name already */
  add(key: Key, bytes: Uint8Array, from: number, to: number): boolean {
    if (this.#has(key.name)) return false;
    const text = this.#texts.numberOf(bytes, from, to);
    if (text === this.#said.length) this.#said.push([key.name, wordAt(bytes, from + key.bytes.length, to)]);
    this.#record.push(text);
    return true;
  }

  #has(name: string): boolean {
    const record = this.#record;
    if (record.length < FEW) return record.some((text) => this.#said[text]![0] === name);
    for (let index = this.#names.size; index < record.length; index++) this.#names.add(this.#said[record[index]!]![0]);
    return this.#names.has(name);
  }

  /** @param row of the record, which is over */
  end(row: number): void {
    const {length, [0]: first} = this.#record;
    if (first === undefined) return;
    this.#regions.attributes[row] = length === 1 ? (this.#alone[first] ??= this.#number()) : this.#number();
    this.#record = [];
    this.#names.clear();
  }

  #number(): number {
    const record = this.#record.join(' ');
    let number = this.#known.get(record);
    if (number === undefined) {
      const attributes = Object.fromEntries(this.#record.map((text) => this.#said[text]!));
      this.#known.set(record, (number = this.#regions.tables.attributesOf(attributes)));
    }
    return number;
  }
}

/** At most this many names are compared one by one. */
const FEW = 8;

function wordAt(bytes: Uint8Array, from: number, to: number): string {
  while (from < to && isBlank(bytes[from])) from++;
  while (from < to && isBlank(bytes[to - 1])) to--;
  return decode(latin1(bytes, from, to)).text;
}

const NAMES = new Map<string, string>();

/** The counters of smaps_rollup, as the kernel prints it: of all regions together, in bytes. */
export function parseRollup(bytes: Uint8Array): Usage {
  const usage: Record<string, number> = {};
  for (const [, key, kilobytes] of latin1(bytes, 0, bytes.length).matchAll(/^([A-Z]\w*): +(\d{1,13}) kB$/gm)) {
    let name = NAMES.get(key!);
    if (name === undefined) NAMES.set(key!, (name = camelCase(key!)));
    usage[name] ??= Number(kilobytes) * 1024;
  }
  return usage;
}

/**
 * Keys begin with a capital. So may an address in capitals, but it has no colon after its first word. Lower-case hex
 * digits begin addresses only.
 */
const startsLikeKey = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x67 && byte <= 0x7a));

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB;

function beginsWith(bytes: Uint8Array, from: number, to: number, key: Uint8Array): boolean {
  if (to - from < key.length || bytes[from + key.length - 1] !== COLON) return false;
  for (let index = 0; index < key.length; index++) if (bytes[from + index] !== key[index]) return false;
  return true;
}

function isKilobytes(bytes: Uint8Array, at: number, to: number): boolean {
  while (to > at && (bytes[to - 1] === SPACE || bytes[to - 1] === 0x0d)) to--;
  return to - at === 3 && bytes[at] === SPACE && bytes[at + 1] === 0x6b && bytes[at + 2] === 0x42;
}
