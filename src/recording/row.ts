import {KINDS, type Kind} from '../model/kind.ts';
import {type Counted, hex, type Region, sizeOf, withCounted} from '../model/region.ts';
import {array, hexString, integer, matching, object, string, unusable} from '../model/json.ts';

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

export const verdictOf = ({kind, label, evidence, confidence}: Region): RowPurpose =>
  confidence
    ? [kind, label ?? null, evidence ?? null, confidence]
    : evidence !== undefined
      ? [kind, label ?? null, evidence]
      : label !== undefined
        ? [kind, label]
        : [kind];

export function verdictFromJSON(value: unknown, path: string): RowPurpose {
  const [kind, label, evidence, confidence] = array(value, path);
  if (!(KINDS as readonly unknown[]).includes(kind)) throw unusable(`${path} has a kind that this memmap doesn't know`);
  for (const text of [label, evidence]) if (text != null) string(text, path);
  if (confidence !== undefined && confidence !== 'guess') throw unusable(`${path} is neither sure nor a guess`);
  return value as RowPurpose;
}

/**
 * A region as an entry of `regions`: start, end, perms, its place in `kinds`, offset, dev, inode, name, nameBase64.
 * With the first four alone it is memory without a file or a name, with five it has the file of the entry before.
 *
 * @param before the region of that entry
 */
export function rowJSON(region: Region, verdict: number, before: Region | undefined): unknown[] {
  const {start, end, perms, offset = 0, dev, inode, name, nameBase64} = region;
  const row = [hex(start), hex(end), perms, verdict];
  if (offset === 0 && isBacked(region, NO_BACKING)) return row;
  row.push(hex(offset));
  if (before && isBacked(region, before)) return row;
  return [...row, dev, inode, name, ...(nameBase64 === undefined ? [] : [nameBase64])];
}

type Backing = Pick<Region, 'dev' | 'inode' | 'name' | 'nameBase64'>;

const NO_BACKING: Backing = {dev: '00:00', inode: '0', name: '', nameBase64: undefined};

const isBacked = (a: Backing, b: Backing): boolean =>
  a.dev === b.dev && a.inode === b.inode && a.name === b.name && a.nameBase64 === b.nameBase64;

/**
 * The reverse.
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
  for (const counter of counters)
    usage[counter] = counter === 'size' ? sizeOf(region) : PAGE_SIZES.has(counter) ? pageSize : 0;
  return {usage, flags: undefined, attributes: undefined};
}

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
