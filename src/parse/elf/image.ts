import {decode, latin1} from '../scan.ts';
import type {ElfClue} from '../../model/clues/clues.ts';
import {
  entries,
  hasProgramsIn,
  readExtras,
  readHeader,
  readProgramHeaders,
  type ElfExtras,
  type ElfShape,
  type ReadAt,
  type Table,
} from './headers.ts';

/** One section header: elf(5), Elf64_Shdr. Bytes, offsets and addresses as in the file. */
export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly entrySize: number;
}

/** The parts of an ELF file that say where an address in it belongs. */
export interface ElfImage extends ElfShape, ElfClue, ElfExtras {
  /** The address of its own where the program starts: e_entry; 0 without. */
  readonly entry: number;
  readonly sections: readonly ElfSection[];
}

const SHF_ALLOC = 2;
const SHT_NOBITS = 8;
/** .tbss has an address, but takes no room there: each thread has its own (ELF Handling For Thread-Local Storage). */
const SHF_TLS = 0x400;

const LONGEST_NAMES = 16 * 1024 * 1024;
const LONGEST_NAME = 16 * 1024;

/**
 * Headers of an ELF file: elf(5); 32 and 64 bits, either byte order. Sections may be missing (sstrip removes them);
 * what is outside the file is left out.
 *
 * @returns undefined if it is not an ELF file
 */
export function readElfImage(read: ReadAt): ElfImage | undefined {
  const header = readHeader(read);
  if (!header) return undefined;
  const {is64, isLittle, machine, entry} = header;
  const sections = readSections(read, header.sections, header.namesIndex, header);
  return {is64, isLittle, machine, entry, ...readProgramHeaders(read, header), ...readExtras(read, header), sections};
}

/** Bytes that are read of a file for its program headers alone: linkers put them right after the file header. */
export const ELF_HEAD_BYTES = 4096;

/**
 * The program headers of an ELF file.
 *
 * @param head the file's first bytes
 * @returns undefined if it is not an ELF file, or its program headers are further on
 */
export function parseElfHead(head: Uint8Array): ElfClue | undefined {
  const read: ReadAt = (offset, length) => head.subarray(offset, offset + length);
  const header = readHeader(read);
  return header && hasProgramsIn(header, head.length) ? readProgramHeaders(read, header) : undefined;
}

/** With 65,280 sections or more, their number and the index of the names are in the first header (SHN_XINDEX). */
function readSections(read: ReadAt, table: Table, namesIndex: number, shape: ElfShape): ElfSection[] {
  const {is64} = shape;
  const least = is64 ? 64 : 40;
  const [first] = entries(read, {...table, count: 1}, least, shape);
  if (!first) return [];
  const count = table.count === 0 ? first.word(is64 ? 32 : 20) : table.count;
  const headers = entries(read, {...table, count}, least, shape);
  const names = headers[namesIndex === 0xffff ? first.long(is64 ? 40 : 24) : namesIndex];
  const strings = names
    ? read(names.word(is64 ? 24 : 16), Math.min(names.word(is64 ? 32 : 20), LONGEST_NAMES))
    : new Uint8Array();
  return headers.map((header) => ({
    name: textAt(strings, header.long(0)),
    type: header.long(4),
    flags: header.word(8),
    address: header.word(is64 ? 16 : 12),
    offset: header.word(is64 ? 24 : 16),
    size: header.word(is64 ? 32 : 20),
    link: header.long(is64 ? 40 : 24),
    entrySize: header.word(is64 ? 56 : 36),
  }));
}

/** Text up to its NUL, at most 16 KiB; '' where it begins outside. */
export function textAt(bytes: Uint8Array, at: number): string {
  const text = bytes.subarray(at, at + LONGEST_NAME);
  const end = text.indexOf(0);
  return decode(latin1(text, 0, end < 0 ? text.length : end)).text;
}

/** The section that contains one of the file's own addresses; .tbss takes no room. */
export const sectionAt = (image: ElfImage, address: number): ElfSection | undefined =>
  image.sections.find(
    (section) =>
      (section.flags & SHF_ALLOC) !== 0 &&
      !(section.type === SHT_NOBITS && (section.flags & SHF_TLS) !== 0) &&
      address >= section.address &&
      address < section.address + section.size,
  );
