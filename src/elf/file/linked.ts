/*
 * What the loader of the C library reads: whether its tables agree with each other. The loader checks next to nothing:
 * a wrong number makes it crash, or end the program with a message about a library.
 */
import type {Machine} from '../program.ts';
import * as elf from './elf.ts';
import {ascii, hasName} from './strings.ts';

/** The tables of a linked program, one of each. */
const TABLES = [
  [elf.SHT_HASH, 'hash table'],
  [elf.SHT_DYNSYM, 'table of imported symbols'],
  [elf.SHT_RELA, 'table of relocations'],
  [elf.SHT_DYNAMIC, 'dynamic section'],
] as const;

/** Checks the tables of a linked program, and that a static one has none. Returns one sentence for each problem. */
export function checkLinked(
  file: Uint8Array,
  machine: Machine,
  segments: readonly elf.ProgramHeader[],
  sections: readonly elf.SectionHeader[],
): string[] {
  const [interpreter, dynamic] = [elf.PT_INTERP, elf.PT_DYNAMIC].map((type) =>
    segments.find(({p_type}) => p_type === type),
  );
  const counts = TABLES.map(([type, name]) => [name, sections.filter(({sh_type}) => sh_type === type).length] as const);
  const wanted = interpreter ? 1 : 0;
  const wrong = counts.filter(([, count]) => count !== wanted);
  if (wrong.length > 0) return wrong.map(([name, count]) => `The number of sections of type ${name} is ${count}.`);
  if (!interpreter || !dynamic) return [];
  const [hash, symbols, relocations, entries] = TABLES.map(([type]) => sections.find(({sh_type}) => sh_type === type));
  const strings = sections[symbols!.sh_link];
  if (!strings || strings.sh_type !== elf.SHT_STRTAB) return ['Imported symbols have no names.'];
  const parts: Parts = {hash: hash!, symbols: symbols!, relocations: relocations!, entries: entries!, strings};
  const imports = records(file, elf.SYMBOL, parts.symbols);
  if (!imports) return ['The table of imported symbols holds only a part of one.'];
  const names = file.subarray(strings.sh_offset, strings.sh_offset + strings.sh_size);
  const count = imports.length;
  return [
    ...checkInterpreter(file, machine, interpreter, sections),
    ...checkEntries(file, dynamic, parts, names),
    ...checkImports(imports, names),
    ...checkHash(file, parts.hash, count),
    ...checkRelocations(file, machine, parts.relocations, count, segments),
  ];
}

// --- internal ---

interface Parts {
  readonly hash: elf.SectionHeader;
  readonly symbols: elf.SectionHeader;
  readonly relocations: elf.SectionHeader;
  readonly entries: elf.SectionHeader;
  readonly strings: elf.SectionHeader;
}

function checkInterpreter(
  file: Uint8Array,
  machine: Machine,
  {p_offset, p_filesz}: elf.ProgramHeader,
  sections: readonly elf.SectionHeader[],
): string[] {
  const wanted = [...ascii(machine.glibc.interpreter), 0];
  const problems: string[] = [];
  if (file.subarray(p_offset, p_offset + p_filesz).join() !== wanted.join())
    problems.push('PT_INTERP does not name the loader of the machine.');
  const isSection = sections.some(({sh_offset, sh_size}) => sh_offset === p_offset && sh_size === p_filesz);
  return isSection ? problems : [...problems, 'PT_INTERP is not a section.'];
}

/** Libraries first, then where each table is, then the end: no entry twice, and none that is not expected. */
function checkEntries(
  file: Uint8Array,
  {p_offset, p_filesz}: elf.ProgramHeader,
  {hash, symbols, relocations, entries, strings}: Parts,
  names: Uint8Array,
): string[] {
  if (entries.sh_offset !== p_offset || entries.sh_size !== p_filesz) return ['PT_DYNAMIC is not the dynamic section.'];
  const found = records(file, elf.DYNAMIC, entries);
  if (!found) return ['The dynamic section holds only a part of an entry.'];
  const wanted = [
    [elf.DT_HASH, hash.sh_addr],
    [elf.DT_STRTAB, strings.sh_addr],
    [elf.DT_SYMTAB, symbols.sh_addr],
    [elf.DT_STRSZ, strings.sh_size],
    [elf.DT_SYMENT, elf.SYMBOL_SIZE],
    [elf.DT_RELA, relocations.sh_addr],
    [elf.DT_RELASZ, relocations.sh_size],
    [elf.DT_RELAENT, elf.RELA_SIZE],
    [elf.DT_NULL, 0],
  ].join();
  const isLibrary = ({d_tag}: elf.DynamicEntry): boolean => d_tag === elf.DT_NEEDED;
  const libraries = found.filter(isLibrary);
  const rest = found.slice(libraries.length).map(({d_tag, d_val}) => [d_tag, d_val]);
  const problems: string[] = [];
  if (rest.join() !== wanted) problems.push('The dynamic section does not say where its tables are.');
  if (libraries.length === 0) problems.push('No library is needed.');
  if (libraries.some(({d_val}) => !hasName(names, d_val))) problems.push('A library that is needed has no name.');
  return problems;
}

function checkImports(imports: readonly elf.SymbolRecord[], names: Uint8Array): string[] {
  return imports.flatMap(({st_name, st_info, ...rest}, i) => {
    const isElsewhere = Object.values(rest).every((value) => value === 0);
    if (i === 0) return isElsewhere && st_name + st_info === 0 ? [] : ['Imported symbol 0 is not empty.'];
    const isFunction = st_info === elf.STB_GLOBAL * 16 + elf.STT_FUNC;
    return isElsewhere && isFunction && hasName(names, st_name)
      ? []
      : [`Imported symbol ${i} is not a function of a library.`];
  });
}

/** One bucket, whose chain goes from the last symbol to the first: the loader must come to an end in it. */
function checkHash(file: Uint8Array, hash: elf.SectionHeader, count: number): string[] {
  const words = records(file, {word: 4}, hash)?.map(({word}) => word) ?? [];
  const wanted = [1, count, count - 1, 0, ...Array.from({length: count - 1}, (_, index) => index)];
  return words.join() === wanted.join() ? [] : ['The hash table is not a chain of all imported symbols.'];
}

/** Each imported symbol has one place, in writable memory, that it shares with no other. */
function checkRelocations(
  file: Uint8Array,
  machine: Machine,
  relocations: elf.SectionHeader,
  count: number,
  segments: readonly elf.ProgramHeader[],
): string[] {
  const found = records(file, elf.RELA, relocations);
  if (found?.length !== count - 1) return ['There is not one relocation for each imported symbol.'];
  const isWritable = (at: number): boolean =>
    segments.some(
      ({p_type, p_flags, p_vaddr, p_memsz}) =>
        p_type === elf.PT_LOAD && (p_flags & elf.PF_W) !== 0 && at >= p_vaddr && at + 8 <= p_vaddr + p_memsz,
    );
  const places = new Set(found.map(({r_offset}) => r_offset));
  const isGood = ({r_offset, r_type, r_symbol, r_addend}: (typeof found)[number], i: number): boolean =>
    r_type === machine.glibc.addressOf &&
    r_symbol === i + 1 &&
    r_addend === 0 &&
    r_offset % 8 === 0 &&
    isWritable(r_offset);
  const problems = found.flatMap((each, i) => (isGood(each, i) ? [] : [`Relocation ${i} is not as expected.`]));
  return places.size === found.length ? problems : [...problems, 'Two relocations have one place.'];
}

/** The records of a section; undefined if it is not a whole number of them. */
function records<F extends elf.Fields>(
  file: Uint8Array,
  fields: F,
  {sh_offset, sh_size}: elf.SectionHeader,
): elf.Fielded<F>[] | undefined {
  const size = elf.sizeOf(fields);
  const count = sh_size / size;
  if (!Number.isInteger(count) || count < 1 || sh_offset + sh_size > file.length) return undefined;
  return Array.from({length: count}, (_, i) => elf.decode(file, fields, sh_offset + i * size));
}
