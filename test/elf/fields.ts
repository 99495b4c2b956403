import * as elf from '../../src/elf/file/elf.ts';

/** One field of one header of a file: where it is, how wide, and its name, like `phdr 3 p_memsz`. */
export interface Field {
  readonly name: string;
  readonly offset: number;
  readonly width: number;
}

/** All fields of the file header, the program headers and the section headers. */
export function fieldsOf(file: Uint8Array): Field[] {
  const {e_phoff, e_phnum, e_shoff, e_shnum} = elf.decode(file, elf.FILE_HEADER, 0);
  return [
    ...table('ehdr', elf.FILE_HEADER, 0, 1),
    ...table('phdr', elf.PROGRAM_HEADER, e_phoff, e_phnum),
    ...table('shdr', elf.SECTION_HEADER, e_shoff, e_shnum),
  ];
}

/** The file with a field changed: plus one, with its highest bit flipped, with all bits set; without those that are the same. */
export function mutationsOf(file: Uint8Array, {name, offset, width}: Field): {name: string; file: Uint8Array}[] {
  const bits = BigInt(8 * width);
  const old = read(file, offset, width);
  const changed = {
    'plus one': BigInt.asUintN(8 * width, old + 1n),
    'high bit': old ^ (1n << (bits - 1n)),
    'all ones': (1n << bits) - 1n,
  };
  return Object.entries(changed)
    .filter(([, value]) => value !== old)
    .map(([how, value]) => ({name: `${name}, ${how}`, file: withField(file, offset, width, value)}));
}

/** A copy of the file with another number in one place. */
export function withField(file: Uint8Array, offset: number, width: number, value: bigint): Uint8Array {
  const copy = file.slice();
  for (let i = 0; i < width; i++) copy[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return copy;
}

// --- internal ---

function table(name: string, fields: elf.Fields, start: number, count: number): Field[] {
  const size = elf.sizeOf(fields);
  return Array.from({length: count}, (_, i) => {
    let offset = start + i * size;
    return Object.entries(fields).map(([field, width]) => {
      const found = {name: `${name} ${i} ${field}`, offset, width};
      offset += width;
      return found;
    });
  }).flat();
}

function read(file: Uint8Array, offset: number, width: number): bigint {
  let value = 0n;
  for (let i = width - 1; i >= 0; i--) value = value * 256n + BigInt(file[offset + i] ?? 0);
  return value;
}
