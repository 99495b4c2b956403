/*
 * The records and constants of elf(5), with its names. An ELF file describes the same bytes twice: program headers tell
 * the kernel what to map, section headers tell tools (objdump, gdb, nm) what the bytes mean. The kernel reads only the
 * file header and the program headers (fs/binfmt_elf.c, load_elf_binary).
 *
 * A record is described by a table: the fields in file order, each with its width in bytes. The type of the record,
 * its encoder and its decoder follow from the table, so they can't disagree.
 */
import {readUint, type ByteSink} from '../bytes.ts';

/** A record's fields in file order, and their widths in bytes. */
export type Fields = Readonly<Record<string, number>>;

/** A record as the numbers in its fields. */
export type Fielded<F extends Fields> = {readonly [Name in keyof F]: number};

/** Elf64_Ehdr: the first 64 bytes of the file. The parts of e_ident are named after their indices. */
export const FILE_HEADER = {
  EI_MAG: 4,
  EI_CLASS: 1,
  EI_DATA: 1,
  EI_VERSION: 1,
  EI_OSABI: 1,
  EI_ABIVERSION: 1,
  EI_PAD: 7,
  e_type: 2,
  e_machine: 2,
  e_version: 4,
  e_entry: 8,
  e_phoff: 8,
  e_shoff: 8,
  e_flags: 4,
  e_ehsize: 2,
  e_phentsize: 2,
  e_phnum: 2,
  e_shentsize: 2,
  e_shnum: 2,
  e_shstrndx: 2,
} as const;
export type FileHeader = Fielded<typeof FILE_HEADER>;

/** Elf64_Phdr: one segment, which the kernel is to map. */
export const PROGRAM_HEADER = {
  p_type: 4,
  p_flags: 4,
  p_offset: 8,
  p_vaddr: 8,
  p_paddr: 8,
  p_filesz: 8,
  p_memsz: 8,
  p_align: 8,
} as const;
export type ProgramHeader = Fielded<typeof PROGRAM_HEADER>;

/** Elf64_Shdr: one section, what a stretch of bytes means. */
export const SECTION_HEADER = {
  sh_name: 4,
  sh_type: 4,
  sh_flags: 8,
  sh_addr: 8,
  sh_offset: 8,
  sh_size: 8,
  sh_link: 4,
  sh_info: 4,
  sh_addralign: 8,
  sh_entsize: 8,
} as const;
export type SectionHeader = Fielded<typeof SECTION_HEADER>;

/** Elf64_Sym: a name for an address. */
export const SYMBOL = {st_name: 4, st_info: 1, st_other: 1, st_shndx: 2, st_value: 8, st_size: 8} as const;
export type SymbolRecord = Fielded<typeof SYMBOL>;

/** Elf64_Rela: where the loader is to store what. r_info is the symbol's index in the upper 32 bits, and the type. */
export const RELA = {r_offset: 8, r_type: 4, r_symbol: 4, r_addend: 8} as const;

/** Elf64_Dyn: one thing that the loader has to know. */
export const DYNAMIC = {d_tag: 8, d_val: 8} as const;
export type DynamicEntry = Fielded<typeof DYNAMIC>;

/** Elf64_Nhdr: precedes the name and the content of a note. */
export const NOTE = {n_namesz: 4, n_descsz: 4, n_type: 4} as const;
export type NoteHeader = Fielded<typeof NOTE>;

/** The sizes of the records in bytes: 64, 56, 64, 24, 24, 16, 12. */
export const FILE_HEADER_SIZE = sizeOf(FILE_HEADER);
export const PROGRAM_HEADER_SIZE = sizeOf(PROGRAM_HEADER);
export const SECTION_HEADER_SIZE = sizeOf(SECTION_HEADER);
export const SYMBOL_SIZE = sizeOf(SYMBOL);
export const RELA_SIZE = sizeOf(RELA);
export const DYNAMIC_SIZE = sizeOf(DYNAMIC);
export const NOTE_SIZE = sizeOf(NOTE);

/** e_ident: the bytes 7f 'E' 'L' 'F', 64-bit, little endian, version 1. OSABI 0 is System V, which Linux uses. */
export const ELFMAG = 0x464c457f;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const EV_CURRENT = 1;
export const ELFOSABI_NONE = 0;

/** e_type, e_machine. ET_EXEC: mapped where the headers say, not moved by ASLR. */
export const ET_EXEC = 2;
export const EM_X86_64 = 62;
export const EM_AARCH64 = 183;
export const EM_RISCV = 243;

/** p_type, p_flags. */
export const PT_LOAD = 1;
export const PT_DYNAMIC = 2;
export const PT_INTERP = 3;
export const PT_NOTE = 4;
export const PT_GNU_STACK = 0x6474e551;
export const PF_X = 1;
export const PF_W = 2;
export const PF_R = 4;

/** sh_type, sh_flags. */
export const SHT_NULL = 0;
export const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_RELA = 4;
export const SHT_HASH = 5;
export const SHT_DYNAMIC = 6;
export const SHT_NOTE = 7;
export const SHT_NOBITS = 8;
export const SHT_DYNSYM = 11;
export const SHF_WRITE = 1;
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;

/** st_info is the binding in the upper four bits and the type in the lower four. */
export const STB_GLOBAL = 1;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;

/** d_tag. */
export const DT_NULL = 0;
export const DT_NEEDED = 1;
export const DT_HASH = 4;
export const DT_STRTAB = 5;
export const DT_SYMTAB = 6;
export const DT_RELA = 7;
export const DT_RELASZ = 8;
export const DT_RELAENT = 9;
export const DT_STRSZ = 10;
export const DT_SYMENT = 11;

/** n_type of a note named "GNU" that identifies the build; its content is 20 bytes, the length of a SHA-1. */
export const NT_GNU_BUILD_ID = 3;
export const BUILD_ID_SIZE = 20;

/** The size of a record in bytes. */
export function sizeOf(fields: Fields): number {
  return Object.values(fields).reduce((sum, width) => sum + width, 0);
}

/** Appends a record, field by field. Throws a RangeError naming the field if a number doesn't fit it. */
export function encode<F extends Fields>(sink: ByteSink, fields: F, record: Fielded<F>): void {
  for (const [name, width] of Object.entries(fields)) {
    const value = record[name];
    if (value === undefined || value < 0) throw new RangeError(`${name} can't be ${value}`);
    sink.uint(value, width);
  }
}

/** Reads the record at `offset`. Bytes past the end of the file read as 0. */
export function decode<F extends Fields>(bytes: Uint8Array, fields: F, offset: number): Fielded<F> {
  const record: Record<string, number> = {};
  let position = offset;
  for (const [name, width] of Object.entries(fields)) {
    record[name] = readUint(bytes, position, width);
    position += width;
  }
  return record as Fielded<F>;
}
