import {hex} from '../model/region.ts';
import type {GapFacts} from './gap.ts';
import type {PageState} from './page.ts';
import {neighbourJSON, regionFactsJSON, type RegionFacts} from './region.ts';

/** What a file says of one of its bytes: found in its section headers and symbol tables. */
export interface FileFacts {
  readonly name: string;
  /** Of the byte, in the file; undefined for memory that the file only asks for (bss). */
  readonly offset: number | undefined;
  /** The file's own address of the byte, as nm and readelf print it. */
  readonly ownAddress?: number | undefined;
  readonly section?: string | undefined;
  readonly symbol?: SymbolFacts | undefined;
  /** Why something of this is not known, or how it came to be known: a sentence each. */
  readonly notes: readonly string[];
}

export interface SymbolFacts {
  /** As the file has it: C++ and Rust names are mangled. */
  readonly name: string;
  /** Bytes from its beginning. */
  readonly distance: number;
  readonly size: number;
  /** false: the address lies behind its end, it is only the nearest before. */
  readonly isInside: boolean;
  readonly table: string;
}

/** All that can be said of one address. */
export interface AddressFacts {
  readonly address: bigint;
  /** The region with it, or undefined; then there is a gap. */
  readonly region: RegionFacts | undefined;
  /** Bytes from the region's start. */
  readonly offset: number | undefined;
  readonly gap: GapFacts | undefined;
  readonly file: FileFacts | undefined;
  readonly page: PageState | undefined;
  /** Why the page's state is not known. */
  readonly pageNote: string | undefined;
}

/** The part of `memmap.explain/1` on one address. */
export function addressJSON({address, region, offset, gap, file, page, pageNote}: AddressFacts): object {
  return {
    address: `0x${address.toString(16)}`,
    mapped: region !== undefined,
    region: region ? regionFactsJSON(region) : null,
    offset: offset === undefined ? null : hex(offset),
    gap: gap
      ? {size: gap.size ?? null, why: gap.why, below: neighbourJSON(gap.below), above: neighbourJSON(gap.above)}
      : null,
    file: file ? fileJSON(file) : null,
    page: page ?? null,
    pageNote: pageNote ?? null,
  };
}

const fileJSON = ({name, offset, ownAddress, section, symbol, notes}: FileFacts): object => ({
  name,
  offset: offset === undefined ? null : hex(offset),
  ownAddress: ownAddress === undefined ? null : hex(ownAddress),
  section: section ?? null,
  symbol: symbol ? symbolJSON(symbol) : null,
  notes,
});

const symbolJSON = ({name, distance, size, isInside, table}: SymbolFacts): object => ({
  name,
  distance,
  size,
  isInside,
  table,
});
