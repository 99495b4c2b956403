import {hex, type Region} from '../../model/region.ts';
import {chunkJSON, type ChunkAnswer} from './chunk.ts';
import type {Touchers} from '../cause/recorded/touchers.ts';
import {type MapperFacts, mapperJSON, touchersJSON} from './mapper.ts';
import type {PageFacts} from './page.ts';
import {type Neighbour, neighbourJSON, type RegionFacts, regionFactsJSON} from './region.ts';
import type {Limits} from '../../model/clues/clues.ts';
import {sizeText} from '../../model/amounts.ts';

/** What a file says of one of its bytes: found in its section headers and symbol tables. */
export interface FileFacts {
  readonly name: string;
  /** Where in the file the byte is; undefined for memory that has no bytes in the file (bss). */
  readonly offset: number | undefined;
  /** The file's own address of the byte, as nm and readelf print it. */
  readonly ownAddress?: number | undefined;
  readonly section?: string | undefined;
  readonly symbol?: SymbolFacts | undefined;
  /** What is not known and why, or how it was found out: a sentence each. */
  readonly notes: readonly string[];
}

export interface SymbolFacts {
  /** As the file has it: C++ and Rust names are mangled. */
  readonly name: string;
  /** Bytes from its beginning. */
  readonly distance: number;
  readonly size: number;
  /** false: the address is past its end; it is only the nearest symbol before it. */
  readonly isInside: boolean;
  readonly table: string;
}

/** Everything that is known about one address. */
export interface AddressFacts {
  readonly address: bigint;
  /** The region that contains it; undefined where nothing is mapped: then there is a gap. */
  readonly region: RegionFacts | undefined;
  /** Bytes from the region's start. */
  readonly offset: number | undefined;
  readonly gap: HoleFacts | undefined;
  readonly file: FileFacts | undefined;
  /** Of malloc, where that was asked for. */
  readonly chunk: ChunkAnswer | undefined;
  /** Of a recording with causes. */
  readonly mapper?: MapperFacts | undefined;
  /** Of a recording with page faults. */
  readonly touchers?: Touchers | undefined;
  readonly page: PageFacts | undefined;
  /** Why the page's state is not known. */
  readonly pageNote: string | undefined;
}

/** The part of `memmap.explain/1` on one address. */
export function addressJSON(facts: AddressFacts): object {
  const {address, region, offset, gap, file, chunk, mapper, touchers, page, pageNote} = facts;
  return {
    address: `0x${address.toString(16)}`,
    mapped: region !== undefined,
    region: region ? regionFactsJSON(region) : null,
    offset: offset === undefined ? null : hex(offset),
    gap: gap
      ? {size: gap.size ?? null, why: gap.why, below: neighbourJSON(gap.below), above: neighbourJSON(gap.above)}
      : null,
    file: file ? fileJSON(file) : null,
    chunk: chunk && chunkJSON(chunk),
    mappedBy: mapper && mapperJSON(mapper),
    touchedBy: touchers && touchersJSON(touchers),
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

/** What is known about an address in no region. */
export interface HoleFacts {
  readonly below: Neighbour | undefined;
  readonly above: Neighbour | undefined;
  /** Bytes of the hole; undefined where it is open at one end. */
  readonly size: number | undefined;
  /** What an access there would do, and why. */
  readonly why: string;
}

/** Bytes: the default of RLIMIT_STACK, for a process whose own limit is not known. */
const STACK_LIMIT = 8 * 1024 * 1024;
/** The usual vm.mmap_min_addr. */
const MMAP_MIN_ADDR = 65_536n;
/** Where user space ends on x86-64: with four levels of page tables, and with five, the most. arm64 is in between. */
const USER_END_USUAL = 2 ** 47;
const USER_END_LARGEST = 2 ** 57;

/** What is around an unmapped address, and what an access there would do. */
export function gapAt(regions: readonly Region[], address: bigint, limits: Limits | undefined): HoleFacts {
  const above = regions.find(({start}) => BigInt(start) > address);
  const below = regions.findLast(({end}) => BigInt(end) <= address);
  const size = above && below && above.start - below.end;
  const gaps = {
    below: below && {region: below, gap: Number(address - BigInt(below.end))},
    above: above && {region: above, gap: Number(BigInt(above.start) - address)},
  };
  const highest = regions.findLast(({end}) => end <= USER_END_LARGEST)?.end ?? 0;
  const userEnd = highest > USER_END_USUAL ? USER_END_LARGEST : USER_END_USUAL;
  return {...gaps, size, why: address >= BigInt(userEnd) ? BEYOND : whyFault(address, gaps, limits)};
}

const BEYOND =
  'an access is a SIGSEGV: the address is above user space. Either it belongs to the kernel, or a pointer ' +
  'was damaged (a tag in its top bits?).';

function whyFault(
  address: bigint,
  {below, above}: Pick<HoleFacts, 'below' | 'above'>,
  limits: Limits | undefined,
): string {
  if (address < MMAP_MIN_ADDR)
    return (
      'an access is a SIGSEGV: nothing is mapped this low (vm.mmap_min_addr), so that an access through ' +
      'a null pointer, or to a field or element of one, always faults.'
    );
  if (above?.region.kind === 'stack' && isInReach(above, limits))
    return (
      `an access may succeed: the stack above grows down on its own, as far as its limit ` +
      `(${limitText(limits)}) and the regions below allow.`
    );
  if (below?.region.kind === 'guard' || above?.region.kind === 'guard')
    return (
      'an access is a SIGSEGV: nothing is mapped here. A guard is next to it: a stack may have ' +
      'overflowed, far past its end.'
    );
  if (below && below.gap < 65_536)
    return (
      `an access is a SIGSEGV: nothing is mapped here. It is only ${sizeText(below.gap + 1)} past the ` +
      `end of the region below: something may have overrun it.`
    );
  return 'an access is a SIGSEGV: nothing is mapped here. The pointer is wild, or what was here has been unmapped.';
}

/** Would the stack, grown down to the address, be within its limit? */
function isInReach(above: Neighbour, limits: Limits | undefined): boolean {
  const limit = limits?.stack === null ? Infinity : (limits?.stack ?? STACK_LIMIT);
  return above.region.end - (above.region.start - above.gap) <= limit;
}

function limitText(limits: Limits | undefined): string {
  if (limits?.stack === null) return 'none';
  return limits?.stack === undefined ? `${sizeText(STACK_LIMIT)} by default` : sizeText(limits.stack);
}

/** What linkers put into sections of these names: elf(5), "Special sections"; ld(1). */
const SECTIONS: Readonly<Record<string, string>> = {
  '.text': 'machine code',
  '.plt': 'jumps to functions in other files, through .got',
  '.plt.got': 'jumps to functions in other files, through .got',
  '.plt.sec': 'jumps to functions in other files, through .got',
  '.init': 'code that runs at the start',
  '.fini': 'code that runs at the end',
  '.rodata': 'constants',
  '.eh_frame': 'how to unwind the stack from each place in the code',
  '.eh_frame_hdr': 'an index of .eh_frame',
  '.gcc_except_table': 'where exceptions are caught',
  '.data': 'variables with an initial value',
  '.bss': 'variables that start as zero',
  '.tdata': 'initial values of the variables that each thread has of its own',
  '.data.rel.ro': 'constants with addresses in them, which the dynamic linker fills in',
  '.got': 'addresses that the dynamic linker fills in',
  '.got.plt': 'addresses of functions, filled in when they are first called',
  '.init_array': 'addresses of functions that run at the start',
  '.fini_array': 'addresses of functions that run at the end',
  '.dynamic': 'what the dynamic linker needs to know',
  '.dynsym': 'symbols that other files use, or that this one needs',
  '.dynstr': 'the names of the symbols in .dynsym',
  '.gnu.hash': 'an index of .dynsym',
  '.rela.dyn': 'places that the dynamic linker fills in',
  '.rela.plt': 'places that the dynamic linker fills in',
  '.interp': 'the path of the dynamic linker',
  '.note.gnu.build-id': 'a number that identifies this build',
};

/** `.plt: jumps to functions in other files, …`; the bare name for a section that is not listed here. */
export const sectionText = (name: string): string => {
  const words = Object.hasOwn(SECTIONS, name) ? SECTIONS[name] : undefined;
  return words === undefined ? name : `${name}: ${words}`;
};
