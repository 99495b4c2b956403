import type {ElfClue, ElfSegment} from '../../model/clues/clues.ts';

/**
 * Reads bytes of a file.
 *
 * @returns fewer bytes than asked for where the file ends
 */
export type ReadAt = (offset: number, length: number) => Uint8Array;

/** How the numbers of a file are written, and for which machine (e_machine): elf(5). */
export interface ElfShape {
  readonly is64: boolean;
  readonly isLittle: boolean;
  readonly machine: number;
}

/** Where a table of headers lies, in bytes of the file. */
export interface Table {
  readonly offset: number;
  readonly entrySize: number;
  readonly count: number;
}

/** The file header: elf(5), Elf32_Ehdr and Elf64_Ehdr. */
interface ElfHeader extends ElfShape {
  /** e_entry: the address of its own where the program starts; 0 without. */
  readonly entry: number;
  readonly programs: Table;
  readonly sections: Table;
  /** e_shstrndx: which section has the names of all. */
  readonly namesIndex: number;
}

const PT_LOAD = 1;
const PT_NOTE = 4;
const PT_GNU_EH_FRAME = 0x6474e550;
const PT_GNU_RELRO = 0x6474e552;

/** More headers than any linker makes, yet few enough to read at once. */
const MOST_HEADERS = 65_536;
const LONGEST_ENTRY = 256;

/** @returns undefined if it is not an ELF file */
export function readHeader(read: ReadAt): ElfHeader | undefined {
  const head = read(0, 64);
  if (head.length < 52 || head[0] !== 0x7f || head[1] !== 0x45 || head[2] !== 0x4c || head[3] !== 0x46)
    return undefined;
  const is64 = head[4] === 2;
  const isLittle = head[5] !== 2;
  if (is64 && head.length < 64) return undefined;
  const fields = new HeaderFields(head, is64, isLittle);
  const table = (at64: number, at32: number, sizes: number): Table => ({
    offset: fields.word(is64 ? at64 : at32),
    entrySize: fields.half(sizes + (is64 ? 0 : -12)),
    count: fields.half(sizes + 2 + (is64 ? 0 : -12)),
  });
  return {
    is64,
    isLittle,
    machine: fields.half(18),
    entry: fields.word(24),
    programs: table(32, 28, 54),
    sections: table(40, 32, 58),
    namesIndex: fields.half(is64 ? 62 : 50),
  };
}

/** Bytes of a program header without extensions. */
const leastOf = (is64: boolean): number => (is64 ? 56 : 32);

/** Does the file have program headers, and all of them in its first `bytes` bytes? */
export const hasProgramsIn = ({is64, programs: {offset, entrySize, count}}: ElfHeader, bytes: number): boolean =>
  entrySize >= leastOf(is64) && offset + entrySize * count <= bytes;

/** The program headers that say where the file belongs in memory: elf(5), Elf32_Phdr and Elf64_Phdr. */
export function readProgramHeaders(read: ReadAt, header: ElfHeader): ElfClue {
  const headers = programHeaders(read, header);
  const relro = headers.ofType(PT_GNU_RELRO).at(-1);
  return {
    segments: headers.ofType(PT_LOAD),
    relro: relro && {start: relro.address, end: relro.address + relro.memorySize},
  };
}

/** What a file says of itself in its program headers, besides where it belongs. */
export interface ElfExtras {
  /** PT_NOTE: build-id and others. */
  readonly notes: readonly ElfSegment[];
  /** PT_GNU_EH_FRAME: where .eh_frame_hdr is. */
  readonly frameHeader?: ElfSegment | undefined;
}

/** The program headers of notes and of unwind information: Linux Standard Base, PT_GNU_EH_FRAME. */
export function readExtras(read: ReadAt, header: ElfHeader): ElfExtras {
  const headers = programHeaders(read, header);
  return {notes: headers.ofType(PT_NOTE), frameHeader: headers.ofType(PT_GNU_EH_FRAME).at(-1)};
}

function programHeaders(read: ReadAt, header: ElfHeader): {ofType(type: number): ElfSegment[]} {
  const {is64} = header;
  const headers = entries(read, header.programs, leastOf(is64), header);
  const segmentOf = (entry: HeaderFields): ElfSegment => ({
    offset: entry.word(is64 ? 8 : 4),
    address: entry.word(is64 ? 16 : 8),
    fileSize: entry.word(is64 ? 32 : 16),
    memorySize: entry.word(is64 ? 40 : 20),
    flags: entry.long(is64 ? 4 : 24),
  });
  return {ofType: (type) => headers.filter((entry) => entry.long(0) === type).map(segmentOf)};
}

/** The entries of a table, as far as they are in the file; none where the table is impossible. */
export function entries(
  read: ReadAt,
  {offset, entrySize, count}: Table,
  least: number,
  {is64, isLittle}: ElfShape,
): HeaderFields[] {
  if (offset === 0 || entrySize < least || entrySize > LONGEST_ENTRY || count < 1 || count > MOST_HEADERS) return [];
  const bytes = read(offset, entrySize * count);
  const whole = Math.min(count, Math.floor(bytes.length / entrySize));
  return Array.from(
    {length: whole},
    (_, index) => new HeaderFields(bytes.subarray(index * entrySize, (index + 1) * entrySize), is64, isLittle),
  );
}

/** Numbers of 16, 32 and 32-or-64 bits. Those beyond 2^53 are not exact; no file and no user address is that large. */
export class HeaderFields {
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
    const high = this.long(this.#isLittle ? at + 4 : at);
    return high * 2 ** 32 + this.long(this.#isLittle ? at : at + 4);
  }
}
