/*
 * Whether an executable is what the writer promises. Readers of ELF files forgive much, each something else: the
 * kernel maps overlapping segments without a word, and the later one wins; it runs what debuggers reject; where a
 * file makes it give up, the process dies of SIGSEGV before its first instruction, with no message. So we ask for all
 * that elf(5), the gABI and fs/binfmt_elf.c want together, and for some order that nobody else checks.
 */
import * as elf from './elf.ts';
import {MACHINES, X64, type Machine} from './program.ts';
import {checkSections} from './validate-sections.ts';
import {checkSegments} from './validate-segments.ts';

/**
 * Checks the bytes of a file that write.ts made.
 *
 * @returns one plain sentence for each problem; none: the file is valid. Never throws, whatever the bytes are.
 */
export function validate(file: Uint8Array): string[] {
  if (file.length < elf.FILE_HEADER_SIZE) return [`The file has ${file.length} bytes, less than a file header.`];
  const header = elf.decode(file, elf.FILE_HEADER, 0);
  const found = MACHINES.find(({machine}) => machine === header.e_machine);
  // Of a file for an unknown machine the rest is still checked, as if it were for the first.
  const machine = found ?? X64;
  const problems = checkFileHeader(header, machine);
  if (!found) problems.unshift(`e_machine is ${header.e_machine}, which is no machine known here.`);

  const segments = table(file, elf.PROGRAM_HEADER, header.e_phoff, header.e_phnum);
  const sections = table(file, elf.SECTION_HEADER, header.e_shoff, header.e_shnum);
  if (!segments) problems.push('The program headers are not inside the file.');
  if (!sections) problems.push('The section headers are not inside the file.');
  if (!segments || !sections) return problems;

  problems.push(...checkSegments(file, machine, header, segments));
  problems.push(...checkSections(file, machine, header, segments, sections));
  problems.push(...checkPadding(file, header, segments, sections));
  return problems;
}

// --- internal ---

/** The fields that have one right value, or one here. The kernel itself looks at magic, type, machine and phentsize. */
function checkFileHeader(header: elf.FileHeader, machine: Machine): string[] {
  const expected: Partial<elf.FileHeader> = {
    EI_MAG: elf.ELFMAG,
    EI_CLASS: elf.ELFCLASS64,
    EI_DATA: elf.ELFDATA2LSB,
    EI_VERSION: elf.EV_CURRENT,
    EI_OSABI: elf.ELFOSABI_NONE,
    EI_ABIVERSION: 0,
    EI_PAD: 0,
    e_type: elf.ET_EXEC,
    e_version: elf.EV_CURRENT,
    e_phoff: elf.FILE_HEADER_SIZE,
    e_flags: machine.flags,
    e_ehsize: elf.FILE_HEADER_SIZE,
    e_phentsize: elf.PROGRAM_HEADER_SIZE,
    e_shentsize: elf.SECTION_HEADER_SIZE,
  };
  return Object.entries(expected).flatMap(([name, value]) => {
    const found = header[name as keyof elf.FileHeader];
    return found === value ? [] : [`${name} is ${found}, not ${value}.`];
  });
}

/** A table of records, or undefined if the file is too short for it. */
function table<F extends elf.Fields>(
  file: Uint8Array,
  fields: F,
  offset: number,
  count: number,
): elf.Fielded<F>[] | undefined {
  const size = elf.sizeOf(fields);
  if (offset + count * size > file.length) return undefined;
  return Array.from({length: count}, (_, i) => elf.decode(file, fields, offset + i * size));
}

/**
 * Each byte belongs to one thing, or to none and is 0: so a file has no place where something could hide, and no
 * header can be moved onto another's bytes.
 */
function checkPadding(
  file: Uint8Array,
  header: elf.FileHeader,
  segments: readonly elf.ProgramHeader[],
  sections: readonly elf.SectionHeader[],
): string[] {
  const parts = [
    {name: 'the file header', start: 0, size: elf.FILE_HEADER_SIZE},
    {name: 'the program headers', start: header.e_phoff, size: segments.length * elf.PROGRAM_HEADER_SIZE},
    {name: 'the section headers', start: header.e_shoff, size: sections.length * elf.SECTION_HEADER_SIZE},
    ...sections.flatMap(({sh_type, sh_offset, sh_size}, i) =>
      sh_type === elf.SHT_NOBITS ? [] : [{name: `section ${i}`, start: sh_offset, size: sh_size}],
    ),
  ];
  const used = parts.filter((part) => part.size > 0).sort((a, b) => a.start - b.start);
  const problems: string[] = [];
  let end = 0;
  for (const {name, start, size} of [...used, {name: 'the end of the file', start: file.length, size: 0}]) {
    if (start < end) problems.push(`The bytes of ${name} belong to something else too.`);
    const stray = file.subarray(end, Math.min(start, file.length)).findIndex((byte) => byte !== 0);
    if (stray >= 0) problems.push(`Byte ${end + stray} belongs to nothing and is not 0.`);
    end = Math.max(end, start + size);
  }
  return problems;
}
