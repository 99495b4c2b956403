/* The names that debuggers show. */
import * as elf from './elf.ts';
import type {Machine} from './program.ts';
import {hasName} from './strings.ts';

/** Checks the symbol table: each name stands for something inside a section. One sentence for each problem. */
export function checkSymbols(
  file: Uint8Array,
  machine: Machine,
  entry: number,
  table: elf.SectionHeader,
  sections: readonly elf.SectionHeader[],
): string[] {
  const names = sections[table.sh_link];
  const count = table.sh_size / elf.SYMBOL_SIZE;
  if (!names || !Number.isInteger(count) || table.sh_offset + table.sh_size > file.length) {
    return ['The symbol table has no names, holds a part of a symbol, or ends behind the end of the file.'];
  }
  const strings = file.subarray(names.sh_offset, names.sh_offset + names.sh_size);
  const problems: string[] = [];
  if (table.sh_info !== 1) problems.push('sh_info of the symbol table is not 1, though all symbols are global.');
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
  if ((!isFunction && !isObject) || st_other !== 0) problems.push(`Symbol ${index} is no global function or object.`);
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
