import type {ElfClue, ElfSegment} from '../../model/clues.ts';

/**
 * Gives bytes of a file.
 *
 * @returns fewer bytes than asked for where the file ends
 */
export type ReadAt = (offset: number, length: number) => Uint8Array;

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

/** What of an ELF file tells where an address of it belongs. */
export interface ElfImage {
  readonly is64: boolean;
  readonly isLittle: boolean;
  readonly machine: number;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
}

const PT_LOAD = 1;
const SHF_ALLOC = 2;
const SHT_NOBITS = 8;
/** .tbss has an address, but takes no place there: each thread has its own (ELF Handling For Thread-Local Storage). */
const SHF_TLS = 0x400;

/** More headers than any linker makes, and few enough to read at once. */
const MOST_HEADERS = 65_536;
const LONGEST_ENTRY = 256;
const LONGEST_NAMES = 16 * 1024 * 1024;
const LONGEST_NAME = 16 * 1024;

/**
 * Headers of an ELF file: elf(5); 32 and 64 bits, either byte order. Sections may be missing (sstrip takes them away); what
 * lies outside of the file is left out.
 *
 * @returns undefined if it is no ELF file
 */
export function readElfImage(read: ReadAt): ElfImage | undefined {
  const head = read(0, 64);
  if (head.length < 52 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return undefined;
  const is64 = head[4] === 2;
  const isLittle = head[5] !== 2;
  if (is64 && head.length < 64) return undefined;
  const fields = new Fields(head, is64, isLittle);
  const table = (at64: number, at32: number, sizes: number): Table => ({
    offset: fields.word(is64 ? at64 : at32),
    entrySize: fields.half(sizes + (is64 ? 0 : -12)),
    count: fields.half(sizes + 2 + (is64 ? 0 : -12)),
  });
  const shape = {is64, isLittle};
  const segments = readSegments(read, table(32, 28, 54), shape);
  const sections = readSections(read, table(40, 32, 58), fields.half(is64 ? 62 : 50), shape);
  return {...shape, machine: fields.half(18), segments, sections};
}

interface Table {
  readonly offset: number;
  readonly entrySize: number;
  readonly count: number;
}

interface Shape {
  readonly is64: boolean;
  readonly isLittle: boolean;
}

function readSegments(read: ReadAt, table: Table, shape: Shape): ElfSegment[] {
  const {is64} = shape;
  return entries(read, table, is64 ? 56 : 32, shape)
    .filter((entry) => entry.long(0) === PT_LOAD)
    .map((entry) => ({
      offset: entry.word(is64 ? 8 : 4),
      address: entry.word(is64 ? 16 : 8),
      fileSize: entry.word(is64 ? 32 : 16),
      memorySize: entry.word(is64 ? 40 : 20),
      flags: entry.long(is64 ? 4 : 24),
    }));
}

/** With 65,280 sections or more, their number and the index of the names are in the first header (SHN_XINDEX). */
function readSections(read: ReadAt, table: Table, namesIndex: number, shape: Shape): ElfSection[] {
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

function entries(read: ReadAt, {offset, entrySize, count}: Table, least: number, {is64, isLittle}: Shape): Fields[] {
  if (offset === 0 || entrySize < least || entrySize > LONGEST_ENTRY || count < 1 || count > MOST_HEADERS) return [];
  const bytes = read(offset, entrySize * count);
  const whole = Math.min(count, Math.floor(bytes.length / entrySize));
  return Array.from(
    {length: whole},
    (_, index) => new Fields(bytes.subarray(index * entrySize, (index + 1) * entrySize), is64, isLittle),
  );
}

const utf8 = new TextDecoder();

/** Text up to its NUL, 16 KiB at most; '' where it begins outside. */
export function textAt(bytes: Uint8Array, at: number): string {
  const text = bytes.subarray(at, at + LONGEST_NAME);
  const end = text.indexOf(0);
  return utf8.decode(end < 0 ? text : text.subarray(0, end));
}

/** The section in which an address of the file's own lies; .tbss takes no place. */
export const sectionAt = (image: ElfImage, address: number): ElfSection | undefined =>
  image.sections.find(
    (section) =>
      (section.flags & SHF_ALLOC) !== 0 &&
      !(section.type === SHT_NOBITS && (section.flags & SHF_TLS) !== 0) &&
      address >= section.address &&
      address < section.address + section.size,
  );

/** Numbers of 16, 32 and 32-or-64 bits. Those beyond 2^53 are not exact; no file and no user address is that large. */
export class Fields {
  readonly #view: DataView;
  readonly #is64: boolean;
  readonly #isLittle: boolean;

  constructor(bytes: Uint8Array, is64: boolean, isLittle: boolean) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#is64 = is64;
    this.#isLittle = isLittle;
  }

  byte(at: number): number {
    return this.#view.getUint8(at);
  }

  half(at: number): number {
    return this.#view.getUint16(at, this.#isLittle);
  }

  long(at: number): number {
    return this.#view.getUint32(at, this.#isLittle);
  }

  word(at: number): number {
    if (!this.#is64) return this.long(at);
    const [low, high] = this.#isLittle ? [at, at + 4] : [at + 4, at];
    return this.long(high) * 2 ** 32 + this.long(low);
  }
}

/** What of an ELF file is read for its program headers: they stand right after the file header in what linkers make. */
export const ELF_HEAD_BYTES = 4096;
const PT_GNU_RELRO = 0x6474e552;

/**
 * The program headers of an ELF file: elf(5), Elf32_Phdr and Elf64_Phdr, either byte order.
 *
 * @param head the file's first bytes
 * @returns undefined if it is no ELF file, or its program headers lie further on
 */
export function parseElfHead(head: Uint8Array): ElfClue | undefined {
  if (head.length < 52 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return undefined;
  const is64 = head[4] === 2;
  const little = head[5] !== 2;
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const word = (at: number): number => (is64 ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  if (is64 && head.length < 64) return undefined;
  const table = is64 ? word(32) : word(28);
  const size = view.getUint16(is64 ? 54 : 42, little);
  const count = view.getUint16(is64 ? 56 : 44, little);
  if (size < (is64 ? 56 : 32) || table + size * count > head.length) return undefined;
  const segments: ElfSegment[] = [];
  let relro: {start: number; end: number} | undefined;
  for (let at = table; at < table + size * count; at += size) {
    const type = view.getUint32(at, little);
    const segment = is64
      ? {
          offset: word(at + 8),
          address: word(at + 16),
          fileSize: word(at + 32),
          memorySize: word(at + 40),
          flags: view.getUint32(at + 4, little),
        }
      : {
          offset: word(at + 4),
          address: word(at + 8),
          fileSize: word(at + 16),
          memorySize: word(at + 20),
          flags: view.getUint32(at + 24, little),
        };
    if (type === PT_LOAD) segments.push(segment);
    if (type === PT_GNU_RELRO) relro = {start: segment.address, end: segment.address + segment.memorySize};
  }
  return {segments, relro};
}
