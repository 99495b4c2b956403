import type {Region, Usage} from '../../model/region.ts';
import {camelCase, decode, fromLatin1, latin1} from '../scan.ts';
import {ColumnReader, type Columns, columnsOf} from './columns.ts';

/**
 * The lines below a header in smaps and smaps_rollup: `Key:` blanks `value kB`, and last `VmFlags: rd wr …`.
 * Documentation/filesystems/proc.rst; proc_pid_smaps(5). Their order and number differ between kernels and other
 * producers, so a line is identified by its key, never by its place. All sizes are in "kB", by which the kernel means
 * KiB.
 */

type Building = {-readonly [key in keyof Region]: Region[key]};

interface Key {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly columns: Columns | undefined;
}

type Counters = Record<string, number | undefined>;

/**
 * Gives the counters of all records the same shape. In V8 an object that gets its keys one by one becomes a hash table
 * after a dozen of them, which takes four times the memory and the time; a copy of one that has all keys doesn't.
 */
class UsageShape {
  #template: Counters | undefined;

  begin(): Counters {
    return {...this.#template};
  }

  /** @returns the counters without keys that this record lacks */
  finish(usage: Counters): Record<string, number> {
    if (!this.#template) {
      this.#template = JSON.parse(JSON.stringify(usage)) as Counters;
      for (const key in this.#template) this.#template[key] = undefined;
    }
    for (const key in usage) if (usage[key] === undefined) delete usage[key];
    return usage as Record<string, number>;
  }
}

/** Attributes that may come before the first counter. Any other word with a colon there is somebody's remark. */
const EARLY_WORDS = new Set(['name', 'thpEligible', 'protectionKey']);

/**
 * KiB. A counter that the kernel let fall below 0 is printed as one near 2^64, which a number does not hold exactly.
 */
const MOST_KILOBYTES = Number.MAX_SAFE_INTEGER / 1024;

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;

/**
 * Reads counter lines into regions. One reader per listing: it learns the keys of the first record and expects them
 * again.
 */
export class CounterReader {
  readonly #byKey = new Map<string, Key>();
  readonly #flagLists = new Map<string, readonly string[]>();
  readonly #shape = new UsageShape();
  readonly #columns = new ColumnReader();
  #order: Key[] = [];
  #next = 0;
  #isOver = false;
  #region: Building | undefined;

  /** A new record begins, or the listing is over. */
  restart(): void {
    if (this.#region?.usage) this.#region.usage = this.#shape.finish(this.#region.usage);
    this.#region = undefined;
    this.#next = 0;
    this.#isOver = false;
  }

  /**
   * @param bytes the line is bytes[from, to), without its newline
   * @param region the region of the record, changed in place; undefined before the first header
   * @returns false if the line is not a counter line, or belongs to no region, or to another one whose header is
   * missing: a record has each key once
   */
  read(bytes: Uint8Array, from: number, to: number, region: Building | undefined): boolean {
    return this.#isUsual(bytes, from, to, region) || this.#readAny(bytes, from, to, region);
  }

  /** The next counter of a record, as the kernel prints it: nearly every line of a listing. */
  #isUsual(bytes: Uint8Array, from: number, to: number, region: Building | undefined): boolean {
    const expected = this.#order[this.#next];
    const usage: Counters | undefined = region?.usage;
    if (!expected?.columns || !usage || this.#isOver || usage[expected.name] !== undefined) return false;
    const kilobytes = this.#columns.read(bytes, from, to, expected.columns);
    if (kilobytes < 0) return false;
    this.#next++;
    usage[expected.name] = kilobytes * 1024;
    return true;
  }

  #readAny(bytes: Uint8Array, from: number, to: number, region: Building | undefined): boolean {
    if (!startsLikeKey(bytes[from])) return false;
    const key = this.#keyAt(bytes, from, to);
    if (!key || !region || this.#isOver) return false;
    let at = from + key.bytes.length;
    while (isBlank(bytes[at])) at++;
    if (key.name === 'vmFlags') return this.#readFlags(bytes, at, to, region);

    let value = 0;
    let digits = 0;
    for (let byte = bytes[at]!; at < to && byte >= 0x30 && byte <= 0x39; byte = bytes[++at]!, digits++) {
      value = value * 10 + byte - 0x30;
    }
    if (digits > 0 && isKilobytes(bytes, at, to) && value <= MOST_KILOBYTES) {
      const usage: Counters = (region.usage ??= this.#shape.begin());
      this.#region = region;
      if (usage[key.name] !== undefined) return this.#endRecord();
      usage[key.name] = value * 1024;
      return true;
    }
    return this.#readText(key, bytes, from + key.bytes.length, to, region);
  }

  /** THPeligible and ProtectionKey have no unit; Android's Name is text, and comes before the first counter. */
  #readText(key: Key, bytes: Uint8Array, from: number, to: number, region: Building): boolean {
    if (region.usage === undefined && !EARLY_WORDS.has(key.name)) return false;
    if (region.attributes?.[key.name] !== undefined) return this.#endRecord();
    const attributes: Record<string, string> = (region.attributes ??= {});
    while (from < to && isBlank(bytes[from])) from++;
    while (from < to && isBlank(bytes[to - 1])) to--;
    attributes[key.name] = decode(latin1(bytes, from, to)).text;
    return true;
  }

  #endRecord(): false {
    this.#isOver = true;
    return false;
  }

  #readFlags(bytes: Uint8Array, from: number, to: number, region: Building): boolean {
    if (region.flags !== undefined) return this.#endRecord();
    const text = latin1(bytes, from, to);
    let flags = this.#flagLists.get(text);
    if (!flags) this.#flagLists.set(text, (flags = text.split(/\s+/).filter(Boolean)));
    region.flags = flags;
    return true;
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
      key = {bytes: fromLatin1(text), name, columns: columnsOf(text)};
      this.#byKey.set(text, key);
    }
    this.#order[this.#next++] = key;
    return key;
  }
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
