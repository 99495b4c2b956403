import {hex, type Region} from '../../model/region.ts';
import {chunkJSON, type ChunkAnswer} from './chunk.ts';
import type {PageFacts} from './page.ts';
import {type Neighbour, neighbourJSON, type RegionFacts, regionFactsJSON} from './region.ts';
import type {Limits} from '../../model/clues.ts';
import {sizeText} from '../../model/amounts.ts';

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
  /** Of malloc, where that was asked for. */
  readonly chunk: ChunkAnswer | undefined;
  readonly page: PageFacts | undefined;
  /** Why the page's state is not known. */
  readonly pageNote: string | undefined;
}

/** The part of `memmap.explain/1` on one address. */
export function addressJSON({address, region, offset, gap, file, chunk, page, pageNote}: AddressFacts): object {
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

/** What is known of an address that no region has. */
export interface GapFacts {
  readonly below: Neighbour | undefined;
  readonly above: Neighbour | undefined;
  /** Bytes of the hole; undefined where it is open at one end. */
  readonly size: number | undefined;
  /** What an access there would do, and why. */
  readonly why: string;
}

/** By default; RLIMIT_STACK of the process decides, where it is known. */
const STACK_LIMIT = 8 * 1024 * 1024;
const MMAP_MIN_ADDR = 65_536n;
/** Where user space ends: with four levels of page tables on x86-64, and at most, with five. arm64 lies between. */
const USER_END_USUAL = 2 ** 47;
const USER_END_LARGEST = 2 ** 57;

/** What lies around an unmapped address, and what would happen there. */
export function gapAt(regions: readonly Region[], address: bigint, limits: Limits | undefined): GapFacts {
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
  'an access is a SIGSEGV: it lies beyond what programs use. Either it belongs to the kernel, or a pointer was damaged (tags in its top bits?).';

function whyFault(
  address: bigint,
  {below, above}: Pick<GapFacts, 'below' | 'above'>,
  limits: Limits | undefined,
): string {
  if (address < MMAP_MIN_ADDR)
    return 'an access is a SIGSEGV: nothing is mapped so low (vm.mmap_min_addr), so that a null pointer, and a field or element behind one, is always a fault.';
  if (above?.region.kind === 'stack' && isInReach(above, limits))
    return `an access may be no fault: the stack above grows down to it by itself, as far as its limit (${limitText(limits)}) and what lies below allow.`;
  if (below?.region.kind === 'guard' || above?.region.kind === 'guard')
    return 'an access is a SIGSEGV: nothing is mapped here. A guard is next to it: something may have run far over the end of a stack.';
  if (below && below.gap < 65_536)
    return `an access is a SIGSEGV: nothing is mapped here. It lies only ${sizeText(below.gap + 1)} behind the end of what is below: something may have run over its end.`;
  return 'an access is a SIGSEGV: nothing is mapped here. The pointer is wild, or what was here is unmapped by now.';
}

/** Would the stack, grown down to the address, be within its limit? */
function isInReach(above: Neighbour, limits: Limits | undefined): boolean {
  const limit = limits?.stack === null ? Infinity : (limits?.stack ?? STACK_LIMIT);
  return above.region.end - (above.region.start - above.gap) <= limit;
}

function limitText(limits: Limits | undefined): string {
  if (limits?.stack === null) return 'none';
  return limits?.stack === undefined ? `${sizeText(STACK_LIMIT)} as a rule` : sizeText(limits.stack);
}

/** What linkers put into sections of these names: elf(5), "Special sections"; ld(1). */
const SECTIONS: Readonly<Record<string, string>> = {
  '.text': 'machine code',
  '.plt': 'jumps to functions of other files, by way of .got',
  '.plt.got': 'jumps to functions of other files, by way of .got',
  '.plt.sec': 'jumps to functions of other files, by way of .got',
  '.init': 'code that runs first',
  '.fini': 'code that runs last',
  '.rodata': 'constants',
  '.eh_frame': 'how to unwind the stack from each place of the code',
  '.eh_frame_hdr': 'an index to .eh_frame',
  '.gcc_except_table': 'where exceptions are caught',
  '.data': 'variables with a first value',
  '.bss': 'variables that start as zero',
  '.tdata': 'variables of each thread: their first values',
  '.data.rel.ro': 'constants with addresses in them, which the dynamic linker fills in',
  '.got': 'addresses that the dynamic linker fills in',
  '.got.plt': 'addresses of functions, filled in when they are first called',
  '.init_array': 'addresses of functions that run first',
  '.fini_array': 'addresses of functions that run last',
  '.dynamic': 'what the dynamic linker has to know',
  '.dynsym': 'names that other files use, or that this one needs',
  '.dynstr': 'the text of names',
  '.gnu.hash': 'an index to .dynsym',
  '.rela.dyn': 'places that the dynamic linker fills in',
  '.rela.plt': 'places that the dynamic linker fills in',
  '.interp': 'the path of the dynamic linker',
  '.note.gnu.build-id': 'a number that tells this build from others',
};

/** `.plt: jumps to functions of other files, …`; the bare name where it isn't one of the usual. */
export const sectionText = (name: string): string => {
  const words = Object.hasOwn(SECTIONS, name) ? SECTIONS[name] : undefined;
  return words === undefined ? name : `${name}: ${words}`;
};
