/*
 * Whether an executable is what the writer promises. Readers of ELF files are lenient, each in its own way: the kernel
 * maps overlapping segments silently, and the later one wins; it runs what debuggers reject; where a file makes it give
 * up, the process dies of SIGSEGV before its first instruction, with no message. So we require everything that elf(5),
 * the gABI and fs/binfmt_elf.c require together, and some order that nobody else checks.
 */
import * as elf from './elf.ts';
import {type Machine, MACHINES, X64} from '../program.ts';
import {checkLinked} from './linked.ts';
import {checkSections} from './sections.ts';

/**
 * Checks the bytes of a file that write.ts made.
 *
 * @returns one plain sentence for each problem; none if the file is valid. Never throws, whatever the bytes are.
 */
export function validate(file: Uint8Array): string[] {
  if (file.length < elf.FILE_HEADER_SIZE) return [`The file has ${file.length} bytes, less than a file header.`];
  const header = elf.decode(file, elf.FILE_HEADER, 0);
  const found = MACHINES.find(({machine}) => machine === header.e_machine);
  // If the machine is unknown, the rest is still checked, as if it were the first one.
  const machine = found ?? X64;
  const unknown = found ? [] : [`e_machine is ${header.e_machine}, which is not a machine known here.`];
  const segments = table(file, elf.PROGRAM_HEADER, header.e_phoff, header.e_phnum);
  const sections = table(file, elf.SECTION_HEADER, header.e_shoff, header.e_shnum);
  const isLinked = segments?.some(({p_type}) => p_type === elf.PT_INTERP) ?? false;
  const problems = [...unknown, ...checkFileHeader(header, machine, isLinked)];
  if (!segments) problems.push('The program headers are not inside the file.');
  if (!sections) problems.push('The section headers are not inside the file.');
  if (!segments || !sections) return problems;

  problems.push(...checkSegments(file, machine, header, segments));
  problems.push(...checkSections(file, machine, header, segments, sections));
  problems.push(...checkLinked(file, machine, segments, sections));
  problems.push(...checkPadding(file, header, segments, sections));
  return problems;
}

// --- internal ---

/**
 * The fields that have only one valid value, or only one here. The kernel itself checks magic, type, machine and
 * phentsize.
 */
function checkFileHeader(header: elf.FileHeader, machine: Machine, isLinked: boolean): string[] {
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
    e_flags: isLinked ? machine.glibc.flags : machine.flags,
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
 * Each byte belongs to exactly one thing, or to none and is 0: so there is no place in the file where something could
 * hide, and no header can overlap another's bytes.
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
    if (start < end) problems.push(`The bytes of ${name} also belong to something else.`);
    const stray = file.subarray(end, Math.min(start, file.length)).findIndex((byte) => byte !== 0);
    if (stray >= 0) problems.push(`Byte ${end + stray} belongs to nothing and is not 0.`);
    end = Math.max(end, start + size);
  }
  return problems;
}

/* What the kernel maps: the program headers. */
/** The lowest address an ordinary user's program may have where vm.mmap_min_addr is as distributions set it. */
const LOWEST = 0x10000;

/** Checks the program headers against each other and the file. Returns one sentence for each problem. */
function checkSegments(
  file: Uint8Array,
  machine: Machine,
  header: elf.FileHeader,
  segments: readonly elf.ProgramHeader[],
): string[] {
  const loads = segments.filter(({p_type}) => p_type === elf.PT_LOAD);
  const problems = segments.flatMap((segment, i) =>
    checkSegment(file, machine, segment).map((text) => `Segment ${i}: ${text}`),
  );
  problems.push(...checkOrder(loads, machine.pageSize), ...checkEntry(header.e_entry, machine, loads));

  const first = loads[0];
  const headersEnd = header.e_phoff + segments.length * elf.PROGRAM_HEADER_SIZE;
  if (!first || first.p_offset !== 0 || first.p_filesz < headersEnd) {
    problems.push('The first PT_LOAD does not map the headers.');
  }
  for (const [type, name] of [
    [elf.PT_GNU_STACK, 'PT_GNU_STACK'],
    [elf.PT_NOTE, 'PT_NOTE'],
  ] as const) {
    const count = segments.filter(({p_type}) => p_type === type).length;
    if (count !== 1) problems.push(`There are ${count} ${name} headers instead of one.`);
  }
  const forLoader = segments.filter(({p_type}) => p_type === elf.PT_INTERP || p_type === elf.PT_DYNAMIC);
  const [interpreter, dynamic] = forLoader;
  const isLinked = interpreter === segments[0] && interpreter?.p_type === elf.PT_INTERP;
  if (forLoader.length > 0 && (!isLinked || dynamic?.p_type !== elf.PT_DYNAMIC || forLoader.length !== 2))
    problems.push('PT_INTERP is not the first header, or there is not one PT_DYNAMIC besides.');
  for (const segment of forLoader) if (!isMapped(segment, loads)) problems.push('What the loader reads is not mapped.');
  const note = segments.find(({p_type}) => p_type === elf.PT_NOTE);
  if (note) problems.push(...checkNote(file, note, loads));
  return problems;
}

// --- internal ---

function checkSegment(file: Uint8Array, machine: Machine, segment: elf.ProgramHeader): string[] {
  const {p_type, p_flags, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align} = segment;
  const problems: string[] = [];
  const wrong = (when: boolean, text: string): void => void (when && problems.push(text));

  wrong(p_paddr !== p_vaddr, 'p_paddr is not p_vaddr.');
  wrong(p_offset + p_filesz > file.length, 'it ends past the end of the file.');
  if (p_type === elf.PT_GNU_STACK) {
    wrong(p_flags !== elf.PF_R + elf.PF_W, 'the stack is not readable and writable only.');
    wrong(p_offset + p_vaddr + p_filesz + p_memsz !== 0, 'PT_GNU_STACK has a place or a size.');
    wrong(p_align !== 16, 'the alignment of PT_GNU_STACK is not 16.');
    return problems;
  }
  if (p_type === elf.PT_NOTE) {
    wrong(p_flags !== elf.PF_R, 'the note is not read-only.');
    wrong(p_filesz !== p_memsz, 'the note has different sizes in memory and in the file.');
    wrong(p_align !== 4 || p_offset % 4 !== 0, 'the note is not aligned to 4.');
    return problems;
  }
  if (p_type === elf.PT_INTERP || p_type === elf.PT_DYNAMIC) {
    wrong(p_flags !== elf.PF_R, 'what the loader reads is not read-only.');
    wrong(p_filesz !== p_memsz, 'what the loader reads has different sizes in memory and in the file.');
    const align = p_type === elf.PT_INTERP ? 1 : 8;
    wrong(p_align !== align || p_offset % align !== 0, `what the loader reads is not aligned to ${align}.`);
    return problems;
  }
  if (p_type !== elf.PT_LOAD) return [...problems, `p_type ${p_type} is not expected.`];

  const allowed = [elf.PF_R, elf.PF_R + elf.PF_X, elf.PF_R + elf.PF_W];
  wrong(!allowed.includes(p_flags), 'its permissions are none of r--, r-x, rw-.');
  wrong(p_memsz === 0, 'it is empty.');
  wrong(p_memsz < p_filesz, 'p_memsz is less than p_filesz.');
  // The kernel has to make the page with the zeros writable, and adds it to whatever the segment's flags are: on a
  // segment with PF_X that page is rwx.
  wrong(p_memsz > p_filesz && (p_flags & elf.PF_W) === 0, 'it has zeros after its bytes but is not writable.');
  wrong(p_align !== machine.pageSize, 'p_align is not the page size.');
  wrong((p_offset - p_vaddr) % machine.pageSize !== 0, 'p_offset and p_vaddr differ in their offset within the page.');
  wrong(p_vaddr < LOWEST || p_vaddr + p_memsz > machine.addressesEnd, 'it is not at an address for user programs.');
  return problems;
}

/** Ascending, and no page belongs to two: the kernel maps with MAP_FIXED, so the later of two silently wins. */
function checkOrder(loads: readonly elf.ProgramHeader[], pageSize: number): string[] {
  const problems: string[] = [];
  let end = 0;
  loads.forEach(({p_vaddr, p_memsz}, i) => {
    if (Math.floor(p_vaddr / pageSize) * pageSize < end) {
      problems.push(`PT_LOAD ${i} shares a page with one before it, or lies below it.`);
    }
    end = Math.ceil((p_vaddr + p_memsz) / pageSize) * pageSize;
  });
  return problems;
}

function checkEntry(entry: number, machine: Machine, loads: readonly elf.ProgramHeader[]): string[] {
  if (entry % machine.codeAlign !== 0) return [`The entry point is not a multiple of ${machine.codeAlign}.`];
  const home = loads.find(({p_vaddr, p_filesz}) => entry >= p_vaddr && entry < p_vaddr + p_filesz);
  return home && (home.p_flags & elf.PF_X) !== 0 ? [] : ['The entry point is not in executable bytes of the file.'];
}

/** Is a PT_LOAD of the same bytes mapped where a header says that they are? */
function isMapped({p_offset, p_vaddr, p_filesz}: elf.ProgramHeader, loads: readonly elf.ProgramHeader[]): boolean {
  const home = loads.find((load) => p_offset >= load.p_offset && p_offset + p_filesz <= load.p_offset + load.p_filesz);
  return home !== undefined && p_vaddr - home.p_vaddr === p_offset - home.p_offset;
}

/** The note is one build-id, and is mapped where it says: gdb, perf and crash reporters look for it in memory. */
function checkNote(file: Uint8Array, note: elf.ProgramHeader, loads: readonly elf.ProgramHeader[]): string[] {
  const {p_offset, p_filesz} = note;
  const problems: string[] = [];
  if (!isMapped(note, loads)) problems.push('The note is not mapped.');

  const {n_namesz, n_descsz, n_type} = elf.decode(file, elf.NOTE, p_offset);
  const name = String.fromCodePoint(...file.subarray(p_offset + elf.NOTE_SIZE, p_offset + elf.NOTE_SIZE + 4));
  const isBuildId = n_namesz === 4 && name === 'GNU\0' && n_descsz === elf.BUILD_ID_SIZE;
  if (!isBuildId || n_type !== elf.NT_GNU_BUILD_ID || p_filesz !== elf.NOTE_SIZE + n_namesz + n_descsz) {
    problems.push('The note is not a build-id of 20 bytes.');
  }
  return problems;
}
