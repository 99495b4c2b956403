/* What tools read: the section headers and the symbols. The kernel ignores all of this. */
import * as elf from './elf.ts';
import type {Machine} from '../program.ts';
import {hasName} from './strings.ts';

/** Checks the section headers against each other, the segments and the file. Returns one sentence for each problem. */
export function checkSections(
  file: Uint8Array,
  machine: Machine,
  header: elf.FileHeader,
  segments: readonly elf.ProgramHeader[],
  sections: readonly elf.SectionHeader[],
): string[] {
  const names = sections[header.e_shstrndx];
  if (!names || names.sh_type !== elf.SHT_STRTAB || header.e_shstrndx !== sections.length - 1) {
    return ['e_shstrndx is not the last section, or that section is not a string table.'];
  }
  const strings = file.subarray(names.sh_offset, names.sh_offset + names.sh_size);
  const problems: string[] = [];
  if (header.e_shoff % 8 !== 0) problems.push('The section headers are not aligned to 8.');
  sections.forEach((section, i) => {
    const found =
      i === 0
        ? checkEmpty(section)
        : [...checkSection(file, section), ...checkStrings(file, section), ...checkRole(section, sections)];
    if (i > 0 && !hasName(strings, section.sh_name)) found.push('its name is not in the table of names.');
    problems.push(...found.map((text) => `Section ${i}: ${text}`));
  });

  const loads = segments.filter(({p_type}) => p_type === elf.PT_LOAD);
  const mapped = sections.filter(({sh_flags}) => (sh_flags & elf.SHF_ALLOC) !== 0);
  for (const section of mapped) problems.push(...checkMapped(section, loads));
  problems.push(...checkEnds(mapped, loads));

  const tables = sections.filter(({sh_type}) => sh_type === elf.SHT_SYMTAB);
  if (tables.length !== 1) problems.push(`There are ${tables.length} symbol tables instead of one.`);
  for (const symbols of tables) problems.push(...checkSymbols(file, machine, header.e_entry, symbols, sections));
  return problems;
}

// --- internal ---

function checkEmpty(section: elf.SectionHeader): string[] {
  return Object.values(section).every((value) => value === 0) ? [] : ['section 0 is not empty.'];
}

/** The alignment of sections by their type, where it isn't 1. */
const ALIGNMENTS: Readonly<Record<number, number>> = {
  [elf.SHT_NOTE]: 4,
  [elf.SHT_SYMTAB]: 8,
  [elf.SHT_HASH]: 8,
  [elf.SHT_DYNSYM]: 8,
  [elf.SHT_RELA]: 8,
  [elf.SHT_DYNAMIC]: 8,
};

/** What is required of each section on its own. */
function checkSection(file: Uint8Array, section: elf.SectionHeader): string[] {
  const {sh_type, sh_flags, sh_addr, sh_offset, sh_size, sh_addralign} = section;
  const problems: string[] = [];
  const wrong = (when: boolean, text: string): void => void (when && problems.push(text));

  const isMapped = (sh_flags & elf.SHF_ALLOC) !== 0;
  const hasBytes = sh_type !== elf.SHT_NOBITS;
  wrong(sh_flags > elf.SHF_WRITE + elf.SHF_ALLOC + elf.SHF_EXECINSTR, 'sh_flags has flags that are not expected.');
  wrong(!isMapped && sh_flags + sh_addr !== 0, 'it has an address or flags but is not mapped.');
  wrong(hasBytes && sh_offset + sh_size > file.length, 'it ends past the end of the file.');
  const expected = ALIGNMENTS[sh_type] ?? 1;
  wrong(sh_addralign !== expected, `sh_addralign is not ${expected}.`);
  wrong(hasBytes && sh_offset % expected !== 0, 'its bytes are not aligned as it says.');
  return problems;
}

/** Names lie between a NUL at the start, which is the empty name, and one at the end. */
function checkStrings(file: Uint8Array, {sh_type, sh_offset, sh_size}: elf.SectionHeader): string[] {
  if (sh_type !== elf.SHT_STRTAB) return [];
  const strings = file.subarray(sh_offset, sh_offset + sh_size);
  const isTable = strings[0] === 0 && strings.at(-1) === 0 && strings.at(-2) !== 0;
  return isTable ? [] : ['it does not begin and end with one NUL each.'];
}

/** Which type of section a table refers to with sh_link, its sh_info, and the size of its entries. */
const REFERENCES: Readonly<Record<number, {readonly link: number; readonly info: number; readonly size: number}>> = {
  [elf.SHT_SYMTAB]: {link: elf.SHT_STRTAB, info: 1, size: elf.SYMBOL_SIZE},
  [elf.SHT_DYNSYM]: {link: elf.SHT_STRTAB, info: 1, size: elf.SYMBOL_SIZE},
  [elf.SHT_HASH]: {link: elf.SHT_DYNSYM, info: 0, size: 4},
  [elf.SHT_RELA]: {link: elf.SHT_DYNSYM, info: 0, size: elf.RELA_SIZE},
  [elf.SHT_DYNAMIC]: {link: elf.SHT_STRTAB, info: 0, size: elf.DYNAMIC_SIZE},
};

/** What a section's type goes with: its flags, and what it refers to. Only tables refer to anything. */
function checkRole(section: elf.SectionHeader, sections: readonly elf.SectionHeader[]): string[] {
  const {sh_type, sh_flags, sh_link, sh_info, sh_entsize} = section;
  const problems: string[] = [];
  const tables = [elf.SHT_HASH, elf.SHT_DYNSYM, elf.SHT_STRTAB, elf.SHT_RELA, elf.SHT_DYNAMIC];
  const mapped: readonly number[] = [elf.SHT_PROGBITS, elf.SHT_NOBITS, elf.SHT_NOTE, ...tables];
  const unmapped: readonly number[] = [elf.SHT_SYMTAB, elf.SHT_STRTAB];
  const fitting = (sh_flags & elf.SHF_ALLOC) === 0 ? unmapped : mapped;
  if (!fitting.includes(sh_type)) problems.push(`sh_type ${sh_type} does not go with its flags.`);
  const wanted = REFERENCES[sh_type];
  if (wanted) {
    const other = sections[sh_link];
    const isThere = other?.sh_type === wanted.link && (other.sh_flags & elf.SHF_ALLOC) === (sh_flags & elf.SHF_ALLOC);
    if (!isThere) problems.push('sh_link is not what it refers to.');
    if (sh_info !== wanted.info) problems.push(`sh_info is not ${wanted.info}.`);
    if (sh_entsize !== wanted.size) problems.push('sh_entsize is not the size of an entry.');
  } else if (sh_link + sh_info + sh_entsize !== 0) {
    problems.push('sh_link, sh_info or sh_entsize is not 0.');
  }
  return problems;
}

/** A mapped section is where its segment puts it: both descriptions agree on each byte. */
function checkMapped(section: elf.SectionHeader, loads: readonly elf.ProgramHeader[]): string[] {
  const {sh_type, sh_flags, sh_addr, sh_offset, sh_size} = section;
  const where = `The section at 0x${sh_addr.toString(16)}`;
  const home = loads.find(({p_vaddr, p_memsz}) => sh_addr >= p_vaddr && sh_addr + sh_size <= p_vaddr + p_memsz);
  if (!home) return [`${where} is in no PT_LOAD.`];
  const problems: string[] = [];
  const fileEnd = home.p_vaddr + home.p_filesz;
  const isZeros = sh_type === elf.SHT_NOBITS;
  if (sh_addr - home.p_vaddr !== sh_offset - home.p_offset)
    problems.push(`${where} is not what its PT_LOAD maps there.`);
  if (isZeros ? sh_addr < fileEnd : sh_addr + sh_size > fileEnd) problems.push(`${where} mixes bytes and zeros.`);
  const flags = [elf.PF_W, elf.PF_X].map((flag) => (home.p_flags & flag) !== 0);
  const said = [elf.SHF_WRITE, elf.SHF_EXECINSTR].map((flag) => (sh_flags & flag) !== 0);
  if (flags.join() !== said.join()) problems.push(`${where} has permissions that differ from its PT_LOAD.`);
  return problems;
}

/** The last section of a segment ends where the segment ends, in the file and in memory. */
function checkEnds(mapped: readonly elf.SectionHeader[], loads: readonly elf.ProgramHeader[]): string[] {
  return loads.flatMap(({p_vaddr, p_filesz, p_memsz}, i) => {
    const inside = mapped.filter(({sh_addr}) => sh_addr >= p_vaddr && sh_addr < p_vaddr + p_memsz);
    const end = (sections: readonly elf.SectionHeader[]): number =>
      Math.max(p_vaddr, ...sections.map(({sh_addr, sh_size}) => sh_addr + sh_size));
    const withBytes = inside.filter(({sh_type}) => sh_type !== elf.SHT_NOBITS);
    if (end(inside) === p_vaddr + p_memsz && end(withBytes) === p_vaddr + p_filesz) return [];
    return [`PT_LOAD ${i} does not end where its last section ends.`];
  });
}

/* The names that debuggers show. */
/** Checks the symbol table: each name refers to something inside a section. Returns one sentence for each problem. */
function checkSymbols(
  file: Uint8Array,
  machine: Machine,
  entry: number,
  table: elf.SectionHeader,
  sections: readonly elf.SectionHeader[],
): string[] {
  const names = sections[table.sh_link];
  const count = table.sh_size / elf.SYMBOL_SIZE;
  if (!names || !Number.isInteger(count) || table.sh_offset + table.sh_size > file.length) {
    return ['The symbol table has no names, holds only a part of a symbol, or ends past the end of the file.'];
  }
  const strings = file.subarray(names.sh_offset, names.sh_offset + names.sh_size);
  const problems: string[] = [];
  for (let i = 0; i < count; i++) {
    const symbol = elf.decode(file, elf.SYMBOL, table.sh_offset + i * elf.SYMBOL_SIZE);
    if (i === 0) {
      if (Object.values(symbol).some((value) => value !== 0)) problems.push('Symbol 0 is not empty.');
      continue;
    }
    if (!hasName(strings, symbol.st_name)) problems.push(`Symbol ${i} has no name.`);
    problems.push(...checkSymbol(symbol, i, entry, sections));
    const isFunction = (symbol.st_info & 15) === elf.STT_FUNC;
    if (isFunction && symbol.st_value % machine.codeAlign !== 0) {
      problems.push(`Symbol ${i} is a function where the machine can't have code.`);
    }
  }
  return problems;
}

// --- internal ---

function checkSymbol(
  symbol: elf.SymbolRecord,
  index: number,
  entry: number,
  sections: readonly elf.SectionHeader[],
): string[] {
  const {st_info, st_other, st_shndx, st_value, st_size} = symbol;
  const problems: string[] = [];
  const home = sections[st_shndx];
  const isFunction = st_info === elf.STB_GLOBAL * 16 + elf.STT_FUNC;
  const isObject = st_info === elf.STB_GLOBAL * 16 + elf.STT_OBJECT;
  if ((!isFunction && !isObject) || st_other !== 0)
    problems.push(`Symbol ${index} is not a global function or object.`);
  if (!home || st_value < home.sh_addr || st_value + st_size > home.sh_addr + home.sh_size) {
    return [...problems, `Symbol ${index} is not inside its section.`];
  }
  if (isFunction !== ((home.sh_flags & elf.SHF_EXECINSTR) !== 0)) {
    problems.push(`Symbol ${index} is a function outside of code, or an object in it.`);
  }
  if (isFunction && entry > st_value && entry < st_value + st_size) {
    problems.push('The entry point is in the middle of a function.');
  }
  return problems;
}
