/* The records of the file, computed from its layout. Nothing here can be set by a caller. */
import * as elf from './elf.ts';
import {BUILD_ID_NOTE_SIZE, memorySize, SECTIONS_AFTER, SECTIONS_BEFORE, type Layout} from './layout.ts';

/** The p_align that GNU ld gives PT_GNU_STACK; the kernel uses only the flags of that header. */
const STACK_ALIGN = 16;

/** Elf64_Ehdr. */
export function fileHeader(layout: Layout): elf.FileHeader {
  const {linked, machine} = layout.program;
  return {
    EI_MAG: elf.ELFMAG,
    EI_CLASS: elf.ELFCLASS64,
    EI_DATA: elf.ELFDATA2LSB,
    EI_VERSION: elf.EV_CURRENT,
    EI_OSABI: elf.ELFOSABI_NONE,
    EI_ABIVERSION: 0,
    EI_PAD: 0,
    e_type: elf.ET_EXEC,
    e_machine: machine.machine,
    e_version: elf.EV_CURRENT,
    e_entry: layout.program.entry,
    e_phoff: elf.FILE_HEADER_SIZE,
    e_shoff: layout.sectionHeadersOffset,
    e_flags: linked ? machine.glibc.flags : machine.flags,
    e_ehsize: elf.FILE_HEADER_SIZE,
    e_phentsize: elf.PROGRAM_HEADER_SIZE,
    e_phnum: layout.programHeaderCount,
    e_shentsize: elf.SECTION_HEADER_SIZE,
    e_shnum: layout.sectionHeaderCount,
    e_shstrndx: layout.sectionHeaderCount - 1,
  };
}

/**
 * Elf64_Phdr, one per segment. PT_LOADs come in ascending order of address, as the gABI requires ("Program Header").
 * PT_GNU_STACK without PF_X keeps the stack from being executable (fs/binfmt_elf.c, executable_stack). PT_INTERP comes
 * before all of them, as the gABI requires.
 */
export function programHeaders({program, headersEnd, segments, noteOffset, dynamic}: Layout): elf.ProgramHeader[] {
  const {base} = program;
  const {pageSize} = program.machine;
  const forLoader = (type: number, name: string, align: number): elf.ProgramHeader[] =>
    dynamic
      .filter((part) => part.name === name)
      .map(({offset, bytes}) => header(type, elf.PF_R, offset, base + offset, bytes.length, bytes.length, align));
  return [
    ...forLoader(elf.PT_INTERP, '.interp', 1),
    header(elf.PT_LOAD, elf.PF_R, 0, base, headersEnd, headersEnd, pageSize),
    ...segments.map(({segment, offset}) => {
      const size = segment.bytes.length;
      return header(elf.PT_LOAD, segment.flags, offset, segment.vaddr, size, memorySize(segment), pageSize);
    }),
    ...forLoader(elf.PT_DYNAMIC, '.dynamic', 8),
    header(elf.PT_NOTE, elf.PF_R, noteOffset, base + noteOffset, BUILD_ID_NOTE_SIZE, BUILD_ID_NOTE_SIZE, 4),
    header(elf.PT_GNU_STACK, elf.PF_R + elf.PF_W, 0, 0, 0, 0, STACK_ALIGN),
  ];
}

/** Elf64_Shdr, in the order of their names in the section name table. */
export function sectionHeaders(layout: Layout): elf.SectionHeader[] {
  const {noteOffset, symbolsOffset, namesOffset, sectionNamesOffset, dynamic, sections} = layout;
  const name = (index: number): number => layout.sectionNames.offsets[index] ?? 0;
  const rest = {sh_flags: 0, sh_addr: 0, sh_link: 0, sh_info: 0, sh_addralign: 1, sh_entsize: 0};
  const partIndex = (wanted: string | undefined): number =>
    wanted === undefined ? 0 : SECTIONS_BEFORE + dynamic.findIndex((part) => part.name === wanted);
  const last = dynamic.length + sections.length + 1;
  return [
    {...rest, sh_name: 0, sh_type: elf.SHT_NULL, sh_offset: 0, sh_size: 0, sh_addralign: 0},
    {
      ...rest,
      sh_name: name(0),
      sh_type: elf.SHT_NOTE,
      sh_flags: elf.SHF_ALLOC,
      sh_addr: layout.program.base + noteOffset,
      sh_offset: noteOffset,
      sh_size: BUILD_ID_NOTE_SIZE,
      sh_addralign: 4,
    },
    ...dynamic.map(({type, offset, bytes, align, link, info = 0, entrySize = 0}, i) => ({
      sh_name: name(i + 1),
      sh_type: type,
      sh_flags: elf.SHF_ALLOC,
      sh_addr: layout.program.base + offset,
      sh_offset: offset,
      sh_size: bytes.length,
      sh_link: partIndex(link),
      sh_info: info,
      sh_addralign: align,
      sh_entsize: entrySize,
    })),
    ...sections.map((section, i) => ({
      ...rest,
      sh_name: name(dynamic.length + i + 1),
      sh_type: section.type,
      sh_flags: sectionFlags(section.segment.flags),
      sh_addr: section.address,
      sh_offset: section.offset,
      sh_size: section.size,
    })),
    {
      ...rest,
      sh_name: name(last),
      sh_type: elf.SHT_SYMTAB,
      sh_offset: symbolsOffset,
      sh_size: namesOffset - symbolsOffset,
      // The section with the names, and the index of the first symbol that is not local: only the empty symbol 0 is
      // local.
      sh_link: layout.sectionHeaderCount - SECTIONS_AFTER + 1,
      sh_info: 1,
      sh_addralign: 8,
      sh_entsize: elf.SYMBOL_SIZE,
    },
    stringSection(name(last + 1), namesOffset, layout.names.bytes.length),
    stringSection(name(last + 2), sectionNamesOffset, layout.sectionNames.bytes.length),
  ];
}

/** Elf64_Sym, after the empty symbol 0. Throws a RangeError if a symbol is in no segment. */
export function symbolRecords({program, dynamic, sections, names}: Layout): elf.SymbolRecord[] {
  const empty = {st_name: 0, st_info: 0, st_other: 0, st_shndx: 0, st_value: 0, st_size: 0};
  const records = program.symbols.map(({name, address, size, type}, i) => {
    const home = sections.findIndex(
      (section) => address >= section.address && address < section.address + section.size,
    );
    if (home < 0) throw new RangeError(`symbol ${name} is in no segment`);
    const kind = type === 'func' ? elf.STT_FUNC : elf.STT_OBJECT;
    return {
      st_name: names.offsets[i] ?? 0,
      st_info: elf.STB_GLOBAL * 16 + kind,
      st_other: 0,
      st_shndx: home + SECTIONS_BEFORE + dynamic.length,
      st_value: address,
      st_size: size,
    };
  });
  return [empty, ...records];
}

// --- internal ---

/** One program header. p_paddr is for machines without virtual memory; by convention it repeats p_vaddr. */
function header(
  p_type: number,
  p_flags: number,
  p_offset: number,
  p_vaddr: number,
  p_filesz: number,
  p_memsz: number,
  p_align: number,
): elf.ProgramHeader {
  return {p_type, p_flags, p_offset, p_vaddr, p_paddr: p_vaddr, p_filesz, p_memsz, p_align};
}

/** The header of a string table: bytes that are not mapped, known only by their offset in the file. */
function stringSection(sh_name: number, sh_offset: number, sh_size: number): elf.SectionHeader {
  const rest = {sh_flags: 0, sh_addr: 0, sh_link: 0, sh_info: 0, sh_addralign: 1, sh_entsize: 0};
  return {...rest, sh_name, sh_type: elf.SHT_STRTAB, sh_offset, sh_size};
}

/** A section's flags say of its bytes what PF_W and PF_X say of the pages. */
function sectionFlags(flags: number): number {
  const write = (flags & elf.PF_W) === 0 ? 0 : elf.SHF_WRITE;
  const execute = (flags & elf.PF_X) === 0 ? 0 : elf.SHF_EXECINSTR;
  return elf.SHF_ALLOC + write + execute;
}
