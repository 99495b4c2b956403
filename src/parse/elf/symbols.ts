import {HeaderFields, type ReadAt} from './headers.ts';
import {sectionAt, textAt, type ElfImage, type ElfSection} from './image.ts';

/** The name of what lies at an address. */
interface ElfSymbol {
  /** As the file has it: C++ and Rust names are mangled. */
  readonly name: string;
  /** Its value: an address of the file's own. */
  readonly address: number;
  /** Bytes; 0 where the file doesn't say. */
  readonly size: number;
  /** How far past its beginning the address is, in bytes. */
  readonly distance: number;
  /** Is the address in it? false: it is only the nearest before, and ends earlier. */
  readonly isInside: boolean;
  /** `.symtab` has all names, `.dynsym` those that other files use. */
  readonly table: '.symtab' | '.dynsym';
}

interface SymbolSearch {
  readonly symbol?: ElfSymbol | undefined;
  /** The tables that were looked through. */
  readonly tables: readonly string[];
  /** A table was so large that only its beginning was looked through. */
  readonly isCut: boolean;
}

const SHT_SYMTAB = 2;
const SHT_DYNSYM = 11;
const CHUNK = 24 * 65_536;
/** A debug build of a browser has tables of about 200 MiB. */
const LARGEST_TABLE = 256 * 1024 * 1024;
const LONGEST_NAME = 16 * 1024;
const MOST_TIES = 16;

/**
 * Finds the symbol at an address, or the nearest before it in the same section, in .symtab, else in .dynsym: elf(5),
 * Elf64_Sym. The tables are read in pieces and not kept.
 *
 * @param address of the file's own, as in `readelf -s`
 */
export function findSymbol(read: ReadAt, image: ElfImage, address: number): SymbolSearch {
  const tables: string[] = [];
  let isCut = false;
  let best: ElfSymbol | undefined;
  for (const [type, table] of [
    [SHT_SYMTAB, '.symtab'],
    [SHT_DYNSYM, '.dynsym'],
  ] as const) {
    const section = image.sections.find((each) => each.type === type);
    if (!section) continue;
    tables.push(table);
    isCut ||= section.size > LARGEST_TABLE;
    const found = nearest(read, image, section, address);
    const symbol = found && named(read, image, section, found, {address, table});
    if (symbol && (!best || (symbol.isInside && !best.isInside))) best = symbol;
    if (best?.isInside) break;
  }
  return {symbol: best, tables, isCut};
}

interface Candidate {
  readonly name: number;
  readonly address: number;
  readonly size: number;
  readonly rank: number;
}

/** The best candidates; equally good ones are names of the same thing. */
function nearest(read: ReadAt, image: ElfImage, table: ElfSection, address: number): Candidate[] | undefined {
  const size = image.is64 ? 24 : 16;
  if (table.entrySize !== size) return undefined;
  const home = sectionAt(image, address);
  const homeIndex = home && image.sections.indexOf(home);
  let best: Candidate[] = [];
  const end = table.offset + Math.min(table.size, LARGEST_TABLE);
  for (let at = table.offset; at < end; at += CHUNK) {
    const bytes = read(at, Math.min(CHUNK, end - at));
    const fields = new HeaderFields(bytes, image.is64, image.isLittle);
    for (let entry = 0; entry + size <= bytes.length; entry += size) {
      const candidate = candidateAt(fields, entry, image, address, homeIndex);
      if (!candidate) continue;
      const order = best[0] ? compare(candidate, best[0], address) : 1;
      if (order > 0) best = [candidate];
      else if (order === 0 && best.length < MOST_TIES) best.push(candidate);
    }
    if (bytes.length < Math.min(CHUNK, end - at)) break;
  }
  return best.length > 0 ? best : undefined;
}

const TYPES = new Set([0, 1, 2, 10]); // NOTYPE, OBJECT, FUNC, GNU_IFUNC
const EM_ARM = 40;
const MARKS_CODE = new Set([EM_ARM, 183, 243]); // ARM, AARCH64 and RISC-V mark code and data with nameless symbols

/** Does a symbol only mark where code or data begins? @param info st_info */
export const isCodeMark = (info: number, size: number, {machine}: ElfImage): boolean =>
  info === 0 && size === 0 && MARKS_CODE.has(machine);

const SHN_LORESERVE = 0xff00;
const SHN_XINDEX = 0xffff;

function candidateAt(
  fields: HeaderFields,
  at: number,
  image: ElfImage,
  address: number,
  home: number | undefined,
): Candidate | undefined {
  const {is64, machine} = image;
  const info = fields.byte(at + (is64 ? 4 : 12));
  const type = info & 0xf;
  if (!TYPES.has(type)) return undefined;
  const section = fields.half(at + (is64 ? 6 : 14));
  if (section === 0 || (section >= SHN_LORESERVE && section !== SHN_XINDEX)) return undefined;
  if (home !== undefined && section !== SHN_XINDEX && section !== home) return undefined;
  const value = fields.word(at + (is64 ? 8 : 4));
  // On 32-bit ARM the lowest bit of a function says which instruction set it is written in.
  const start = machine === EM_ARM && type === 2 ? value - (value % 2) : value;
  const size = fields.word(at + (is64 ? 16 : 8));
  if (start > address || isCodeMark(info, size, image)) return undefined;
  const isLocal = info >> 4 === 0;
  return {name: fields.long(at), address: start, size, rank: (type === 0 ? 0 : 2) + (isLocal ? 0 : 1)};
}

/**
 * Above 0 where `a` fits the address better: the address is in it; else it begins nearer; else it has a type, and is
 * global.
 */
function compare(a: Candidate, b: Candidate, address: number): number {
  const inside = Number(contains(a, address)) - Number(contains(b, address));
  return inside || a.address - b.address || a.rank - b.rank;
}

const contains = ({address: start, size}: Candidate, address: number): boolean =>
  address === start || address < start + size;

/** The plainest of several names. */
function named(
  read: ReadAt,
  image: ElfImage,
  table: ElfSection,
  candidates: readonly Candidate[],
  from: {readonly address: number; readonly table: ElfSymbol['table']},
): ElfSymbol | undefined {
  const strings = image.sections[table.link];
  if (!strings) return undefined;
  const names = candidates
    .filter(({name}) => name < strings.size)
    .map((candidate) => {
      const length = Math.min(LONGEST_NAME, strings.size - candidate.name);
      return {...candidate, name: textAt(read(strings.offset + candidate.name, length), 0)};
    })
    .filter(({name}) => name !== '');
  const [best] = names.sort((a, b) => plainness(a.name) - plainness(b.name) || (a.name < b.name ? -1 : 1));
  if (!best) return undefined;
  const {name, address, size} = best;
  const isInside = contains({...best, name: 0}, from.address);
  return {name, address, size, distance: from.address - address, isInside, table: from.table};
}

/** Of several names of the same thing the one with the smallest number is the plainest: malloc, not __libc_malloc. */
export const plainness = (name: string): number => /^_*/.exec(name)![0].length * 100 + name.length;

/** Is it a name of C++ or Rust as the compiler writes it, which c++filt and rustfilt make readable? */
export const isMangled = (name: string): boolean => /^_(?:Z|R[A-Z0-9])/.test(name);
