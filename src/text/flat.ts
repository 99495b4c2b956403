import {BYTE_KEYS, MEASURES} from '../model/measures.ts';
import {hex, isRollup, type Region} from '../model/region.ts';

/** The keys of a region as one row of a table, in this order: where it is, what it is, and each measure in bytes. */
export const FLAT_KEYS = [
  'start',
  'end',
  'perms',
  'offset',
  'dev',
  'inode',
  'kind',
  'label',
  'name',
  'confidence',
  ...BYTE_KEYS,
] as const;

export type FlatRegion = Readonly<Record<(typeof FLAT_KEYS)[number], string | number | null>>;

/**
 * A region without nested parts, as a SQL engine or a spreadsheet takes it. Each key is there: what the source does not
 * say is null, never 0. Addresses and offsets are hex texts, the measures are numbers of bytes.
 */
export function flatRegion(region: Region): FlatRegion {
  const {start, end, perms, offset, dev, inode, kind, label, name, confidence} = region;
  const amounts = BYTE_KEYS.map((key) => [key, MEASURES[key].ofRegion(region) ?? null] as const);
  return {
    start: hex(start),
    end: hex(end),
    perms,
    offset: offset === undefined ? null : hex(offset),
    dev: dev || null,
    inode: inode || null,
    kind,
    label: label ?? null,
    name,
    confidence: confidence ?? null,
    ...(Object.fromEntries(amounts) as Record<(typeof BYTE_KEYS)[number], number | null>),
    // The record of smaps_rollup spans the address space, and does not say how much of it is mapped.
    ...(isRollup(region) && {size: null}),
  };
}
