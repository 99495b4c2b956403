import {KINDS, type Kind} from '../../model/kind.ts';
import {type Counted, hex, type Purpose, type Region, sizeOf, withCounted} from '../../model/region.ts';
import {ABSENT} from '../../model/columns/columns.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {array, hexString, integer, matching, object, string, unusable} from '../../model/json.ts';
import {joined, type Places} from '../encode/places.ts';

/** What was said of a region, as an entry of a recording's `kinds`: kind, label, evidence, confidence. */
export type RowPurpose = readonly [kind: Kind, label?: string | null, evidence?: string | null, confidence?: 'guess'];

/**
 * One region of a recording: what maps says of it, and what smaps said last, which is kept through looks that read maps
 * alone, so that later ones need only say what differs. Rows are never changed, only replaced.
 */
export class RegionRow {
  /** Without what smaps says. */
  readonly bare: Region;
  readonly counted: Counted;
  #whole: Region | undefined;

  constructor(bare: Region, counted: Counted) {
    this.bare = bare;
    this.counted = counted;
  }

  /** With what smaps says: the same object as long as nothing changes, so that a comparison is quick. */
  get whole(): Region {
    return (this.#whole ??= withCounted(this.bare, this.counted));
  }
}

/** As JSON. */
function verdictText({kind, label, evidence, confidence}: Purpose): string {
  if (confidence) return JSON.stringify([kind, label ?? null, evidence ?? null, confidence]);
  if (evidence !== undefined) return JSON.stringify([kind, label ?? null, evidence]);
  return JSON.stringify(label === undefined ? [kind] : [kind, label]);
}

export function verdictFromJSON(value: unknown, path: string): RowPurpose {
  const [kind, label, evidence, confidence] = array(value, path);
  if (!(KINDS as readonly unknown[]).includes(kind)) throw unusable(`${path} has a kind that this memmap doesn't know`);
  for (const text of [label, evidence]) if (text != null) string(text, path);
  if (confidence !== undefined && confidence !== 'guess') throw unusable(`${path} is neither sure nor a guess`);
  return value as RowPurpose;
}

/**
 * Regions as entries of `regions`, as JSON: start, end, perms, its place in `kinds`, offset, dev, inode, name,
 * nameBase64. With the first four alone it is memory without a file or a name, with five it has the file of the entry
 * before.
 */
export class RowTexts {
  readonly #regions: Regions;
  readonly #kinds: Places;
  /** By their numbers, each once: what many rows have in common. */
  readonly #verdicts: string[] = [];
  readonly #backings: string[] = [];
  readonly #perms: string[] = [];
  readonly #unbacked: number;
  /** Joined in blocks, since 60,000 strings of several parts would take four times the memory. */
  readonly #blocks: string[] = [];
  #rows: string[] = [];
  /** The backing of the entry before. */
  #before = ABSENT;

  /** @param kinds gets the verdicts */
  constructor(regions: Regions, kinds: Places) {
    this.#regions = regions;
    this.#kinds = kinds;
    this.#unbacked = regions.tables.backingOf(NO_BACKING);
  }

  add(row: number): void {
    const {start, end, perms, backing, verdict, tables} = this.#regions;
    const offset = Math.max(0, this.#regions.offset[row]!);
    const [kind, file, letters] = [verdict[row]!, backing[row]!, perms[row]!];
    const place = (this.#verdicts[kind] ??= String(this.#kinds.of(verdictText(tables.verdicts[kind]!))));
    const access = (this.#perms[letters] ??= JSON.stringify(tables.perms[letters]));
    let text = `["${hex(start[row]!)}","${hex(end[row]!)}",${access},${place}`;
    if (offset !== 0 || file !== this.#unbacked) {
      text += `,"${hex(offset)}"`;
      if (file !== this.#before) text += this.#backings[file] ??= backingText(tables.backings[file]!);
    }
    this.#before = file;
    if (this.#rows.push(`${text}]`) < BLOCK) return;
    this.#blocks.push(this.#rows.join(','));
    this.#rows = [];
  }

  /** @returns undefined where there are none */
  text(): string | undefined {
    const text = joined([...this.#blocks, this.#rows.join(',')]);
    return text === '' ? undefined : `[${text}]`;
  }
}

/** Rows. */
const BLOCK = 1000;

const backingText = ({dev, inode, name, nameBase64}: Backing): string =>
  [dev, inode, name, ...(nameBase64 === undefined ? [] : [nameBase64])]
    .map((part) => `,${JSON.stringify(part)}`)
    .join('');

type Backing = Pick<Region, 'dev' | 'inode' | 'name' | 'nameBase64'>;

const NO_BACKING: Backing = {dev: '00:00', inode: '0', name: '', nameBase64: undefined};

/**
 * The reverse of RowTexts.
 *
 * @param before what the entry before was read as
 * @returns the region without what smaps says
 */
export function regionFromRow(value: unknown, verdicts: readonly RowPurpose[], before: Region | undefined): Region {
  const row = array(value, 'regions');
  const [start, end, perms, verdict, offset = '0x0'] = row;
  const [kind, label, evidence, confidence] = verdicts[integer(verdict, 'regions')] ?? missing('the kind of a region');
  const backing =
    row.length <= 4 ? NO_BACKING : row.length === 5 ? (before ?? missing('the file of a region')) : backingFrom(row);
  const region = {
    start: hexString(start, 'regions'),
    end: hexString(end, 'regions'),
    perms: matching(perms, /^[r-][w-][x-][sp]$/, 'regions', 'rw-p'),
    offset: hexString(offset, 'regions'),
    dev: backing.dev,
    inode: backing.inode,
    name: backing.name,
    nameBase64: backing.nameBase64,
    kind,
    label: label ?? undefined,
    evidence: evidence ?? undefined,
    confidence,
    usage: undefined,
    flags: undefined,
    attributes: undefined,
  };
  if (region.end <= region.start) throw unusable('a region ends before it starts');
  return region;
}

function backingFrom([, , , , , dev, inode, name, nameBase64]: readonly unknown[]): Backing {
  return {
    dev: string(dev, 'regions'),
    inode: matching(inode, /^\d{1,20}$/, 'regions', '0'),
    name: string(name, 'regions'),
    nameBase64: nameBase64 === undefined ? undefined : string(nameBase64, 'regions'),
  };
}

/** Flags and attributes of a region, as an entry of `wordLists`. */
export type Words = readonly [flags: string | null, attributes?: Readonly<Record<string, string>>];

export const wordsOf = ({flags, attributes}: Counted): Words =>
  attributes ? [flags?.join(' ') ?? null, attributes] : [flags?.join(' ') ?? null];

export function wordsFromJSON(value: unknown, path: string): Pick<Counted, 'flags' | 'attributes'> {
  const [flags, attributes] = array(value, path);
  const entries = attributes === undefined ? [] : Object.entries(object(attributes, path));
  return {
    flags: flags === null ? undefined : string(flags, path).split(' ').filter(Boolean),
    attributes:
      attributes === undefined
        ? undefined
        : Object.fromEntries(entries.map(([name, text]) => [name, string(text, path)])),
  };
}

/**
 * What is assumed of a region until something else is said: its own size, the page size, and zeros otherwise.
 *
 * @param counters the counters that the kernel prints
 */
export function uncounted(region: Region, counters: readonly string[], pageSize: number): Counted {
  if (counters.length === 0) return NOTHING_COUNTED;
  const usage: Record<string, number> = {};
  for (const counter of counters) usage[counter] = uncountedAt(counter, sizeOf(region), pageSize);
  return {usage, flags: undefined, attributes: undefined};
}

/** The same of one counter, in bytes. @param size of the region */
export const uncountedAt = (counter: string, size: number, pageSize: number): number =>
  counter === 'size' ? size : PAGE_SIZES.has(counter) ? pageSize : 0;

const NOTHING_COUNTED: Counted = {usage: undefined, flags: undefined, attributes: undefined};

const PAGE_SIZES = new Set(['kernelPageSize', 'mmuPageSize']);

/** What is assumed of a region that was there before, and is another one now. */
export function recounted(region: Region, before: Counted): Counted {
  if (before.usage?.['size'] === undefined || before.usage['size'] === sizeOf(region)) return before;
  return {...before, usage: {...before.usage, size: sizeOf(region)}};
}

function missing(what: string): never {
  throw unusable(`${what} was never given`);
}
