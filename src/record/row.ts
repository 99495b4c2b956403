import {KINDS, type Kind} from '../model/kind.ts';
import {hex, sizeOf, type Region} from '../model/region.ts';
import type {Usage} from '../model/usage.ts';
import {array, hexString, integer, matching, object, string, unusable} from '../parse/json.ts';

/** What was said of a region, as an entry of a recording's `kinds`: kind, label, evidence, confidence. */
export type Verdict = readonly [kind: Kind, label?: string | null, evidence?: string | null, confidence?: 'guess'];

/** What smaps says of a region. It outlives looks that read maps alone, so that later ones need only say what differs. */
export interface Counted {
  readonly usage: Usage | undefined;
  readonly flags: Region['flags'];
  readonly attributes: Region['attributes'];
}

/** One region of a recording: what maps says of it, and what smaps said last. Rows are never changed, but replaced. */
export class Row {
  /** Without what smaps says. */
  readonly bare: Region;
  readonly counted: Counted;
  #whole: Region | undefined;

  constructor(bare: Region, counted: Counted) {
    this.bare = bare;
    this.counted = counted;
  }

  /** With it: one object as long as nothing changes, so that a comparison is quick. */
  get whole(): Region {
    return (this.#whole ??= {...this.bare, ...this.counted});
  }
}

export const verdictOf = ({kind, label, evidence, confidence}: Region): Verdict =>
  confidence
    ? [kind, label ?? null, evidence ?? null, confidence]
    : evidence !== undefined
      ? [kind, label ?? null, evidence]
      : label !== undefined
        ? [kind, label]
        : [kind];

export function verdictFromJSON(value: unknown, path: string): Verdict {
  const [kind, label, evidence, confidence] = array(value, path);
  if (!(KINDS as readonly unknown[]).includes(kind))
    throw unusable(`${path} is of a kind that this memmap doesn't know`);
  for (const text of [label, evidence]) if (text != null) string(text, path);
  if (confidence !== undefined && confidence !== 'guess') throw unusable(`${path} is neither sure nor a guess`);
  return [kind, label, evidence, confidence] as Verdict;
}

/** A region as an entry of `regions`. What is at its end and as in memory without a file is left out. */
export function rowJSON({start, end, perms, offset, dev, inode, name, nameBase64}: Region, verdict: number): unknown[] {
  const row = [hex(start), hex(end), perms, verdict, hex(offset ?? 0), dev, inode, name];
  if (nameBase64 !== undefined) return [...row, nameBase64];
  if (name !== '') return row;
  return offset === 0 && dev === NO_DEVICE && inode === '0' ? row.slice(0, 4) : row.slice(0, 7);
}

const NO_DEVICE = '00:00';

/** @returns the region without what smaps says */
export function regionFromRow(value: unknown, verdicts: readonly Verdict[], path: string): Region {
  const [start, end, perms, verdict, offset = '0x0', dev = NO_DEVICE, inode = '0', name = '', nameBase64] = array(value, path);
  const [kind, label, evidence, confidence] = verdicts[integer(verdict, path)] ?? missing(`${path}: its kind`);
  const region = {
    start: hexString(start, path),
    end: hexString(end, path),
    perms: matching(perms, /^[r-][w-][x-][sp]$/, path, 'rw-p'),
    offset: hexString(offset, path),
    dev: string(dev, path),
    inode: matching(inode, /^\d{1,20}$/, path, '0'),
    name: string(name, path),
    nameBase64: nameBase64 === undefined ? undefined : string(nameBase64, path),
    kind,
    label: label ?? undefined,
    evidence: evidence ?? undefined,
    confidence,
    usage: undefined,
    flags: undefined,
    attributes: undefined,
  };
  if (region.end <= region.start) throw unusable(`${path} ends before it starts`);
  return region;
} // prettier-ignore

/** Flags and attributes of a region, as an entry of `wordLists`. */
export type Words = readonly [flags: string | null, attributes?: Readonly<Record<string, string>>];

export const wordsOf = ({flags, attributes}: Counted): Words =>
  attributes ? [flags?.join(' ') ?? null, attributes] : [flags?.join(' ') ?? null];

export function wordsFromJSON(value: unknown, path: string): Pick<Counted, 'flags' | 'attributes'> {
  const [flags, attributes] = array(value, path);
  const entries = attributes === undefined ? [] : Object.entries(object(attributes, path));
  return {
    flags: flags === null ? undefined : string(flags, path).split(' ').filter(Boolean),
    attributes: attributes === undefined ? undefined : Object.fromEntries(entries.map(([name, text]) => [name, string(text, path)])),
  };
} // prettier-ignore

/**
 * What is taken for granted of a region until something else is said: its own size, the page size, and else zeros.
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

/** What is taken for granted of a region that was there before, and is another one now. */
export function recounted(region: Region, before: Counted): Counted {
  if (before.usage?.['size'] === undefined || before.usage['size'] === sizeOf(region)) return before;
  return {...before, usage: {...before.usage, size: sizeOf(region)}};
}

function missing(what: string): never {
  throw unusable(`${what} was never told`);
}
