/*
 * What the loader of the C library reads (gABI, chapter 5, "Dynamic Linking"): which libraries the program needs, which
 * of their functions, and where the address of each goes. All of it is read-only and lies with the headers. DT_DEBUG is
 * left out, the one entry that the loader writes to; so a debugger sees the program, and not its libraries.
 */
import {ByteSink} from '../bytes.ts';
import type {Program} from '../program.ts';
import * as elf from './elf.ts';
import {ascii, stringTable} from './strings.ts';

/** One table: a section, mapped with the headers. */
export interface DynamicPart {
  readonly name: string;
  readonly type: number;
  /** Of its first byte in the file; the address is this above the program's base. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly align: number;
  /** sh_link, as the name of a part; sh_info; sh_entsize. */
  readonly link?: string;
  readonly info?: number;
  readonly entrySize?: number;
}

/** The alignment of tables of 64-bit words. */
const WORD = 8;

/**
 * The tables of a program, from `start` bytes into the file; none for a static program.
 *
 * @throws RangeError if a name is not ASCII
 */
export function dynamicParts({base, linked, machine}: Program, start: number): readonly DynamicPart[] {
  if (!linked) return [];
  const names = stringTable([...linked.imports.map(({name}) => name), ...linked.libraries]);
  const parts: DynamicPart[] = [];
  const put = (part: Omit<DynamicPart, 'offset'>): number => {
    const last = parts.at(-1);
    const offset = Math.ceil((last ? last.offset + last.bytes.length : start) / part.align) * part.align;
    parts.push({...part, offset});
    return base + offset;
  };

  const interpreter = Uint8Array.from([...ascii(machine.glibc.interpreter), 0]);
  put({name: '.interp', type: elf.SHT_PROGBITS, bytes: interpreter, align: 1});
  const hashed = hashTable(linked.imports.length + 1);
  const hash = put({name: '.hash', type: elf.SHT_HASH, bytes: hashed, align: WORD, link: '.dynsym', entrySize: 4});
  const unknown = {st_info: elf.STB_GLOBAL * 16 + elf.STT_FUNC, st_other: 0, st_shndx: 0, st_value: 0, st_size: 0};
  const imported = linked.imports.map((_, index) => ({...unknown, st_name: names.offsets[index] ?? 0}));
  const symbols = put({
    name: '.dynsym',
    type: elf.SHT_DYNSYM,
    bytes: table(elf.SYMBOL, [{...unknown, st_name: 0, st_info: 0}, ...imported]),
    align: WORD,
    link: '.dynstr',
    info: 1,
    entrySize: elf.SYMBOL_SIZE,
  });
  const strings = put({name: '.dynstr', type: elf.SHT_STRTAB, bytes: names.bytes, align: 1});
  const r_type = machine.glibc.addressOf;
  const places = linked.imports.map(({at}, index) => ({r_offset: at, r_type, r_symbol: index + 1, r_addend: 0}));
  const relocated = table(elf.RELA, places);
  const relocations = put({
    name: '.rela.dyn',
    type: elf.SHT_RELA,
    bytes: relocated,
    align: WORD,
    link: '.dynsym',
    entrySize: elf.RELA_SIZE,
  });
  const needed = linked.libraries.map((_, index) => names.offsets[linked.imports.length + index] ?? 0);
  const entries = [
    ...needed.map((name) => [elf.DT_NEEDED, name] as const),
    [elf.DT_HASH, hash] as const,
    [elf.DT_STRTAB, strings] as const,
    [elf.DT_SYMTAB, symbols] as const,
    [elf.DT_STRSZ, names.bytes.length] as const,
    [elf.DT_SYMENT, elf.SYMBOL_SIZE] as const,
    [elf.DT_RELA, relocations] as const,
    [elf.DT_RELASZ, relocated.length] as const,
    [elf.DT_RELAENT, elf.RELA_SIZE] as const,
    [elf.DT_NULL, 0] as const,
  ];
  put({
    name: '.dynamic',
    type: elf.SHT_DYNAMIC,
    bytes: table(
      elf.DYNAMIC,
      entries.map(([d_tag, d_val]) => ({d_tag, d_val})),
    ),
    align: WORD,
    link: '.dynstr',
    entrySize: elf.DYNAMIC_SIZE,
  });
  return parts;
}

// --- internal ---

/**
 * DT_HASH for this many symbols, the empty one included: one bucket, whose chain has them all. Nothing is ever found in
 * it, since none of them is defined here, but the gABI requires the table, and takes the number of symbols from it.
 */
function hashTable(symbols: number): Uint8Array {
  const chain = Array.from({length: symbols}, (_, index) => (index === 0 ? 0 : index - 1));
  const words = [1, symbols, symbols - 1, ...chain];
  const sink = new ByteSink(words.length * 4);
  for (const word of words) sink.uint(word, 4);
  return sink.finish();
}

function table<F extends elf.Fields>(fields: F, records: ReadonlyArray<elf.Fielded<F>>): Uint8Array {
  const sink = new ByteSink(records.length * elf.sizeOf(fields));
  for (const record of records) elf.encode(sink, fields, record);
  return sink.finish();
}
