/*
 * The first of the writer's two phases: every offset, size and index of the file is fixed here, and no byte is written.
 * The order in the file is
 *
 *   file header · program headers · build-id note · what the loader reads · symbols · names · section names ·
 *   section headers · segments
 *
 * All but the segments fit into the first page, between the headers and the next page boundary, where a file with 4 KiB
 * pages has a hole anyway: names for debuggers don't make the file larger.
 */
import * as elf from './elf.ts';
import {dynamicParts, type DynamicPart} from './dynamic.ts';
import type {Program, Segment} from '../program.ts';
import {stringTable, type StringTable} from './strings.ts';

/** A segment and the offset of its first byte in the file. */
interface PlacedSegment {
  readonly segment: Segment;
  readonly offset: number;
}

/** A section that is part of a mapped segment. NOBITS sections have a size in memory only. */
interface PlacedSection {
  readonly name: string;
  readonly type: typeof elf.SHT_PROGBITS | typeof elf.SHT_NOBITS;
  readonly segment: Segment;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/** Where everything goes. Offsets are in bytes from the start of the file, sizes in bytes. */
export interface Layout {
  readonly program: Program;
  readonly programHeaderCount: number;
  readonly noteOffset: number;
  /** What the loader reads, behind the note; none in a static program. */
  readonly dynamic: readonly DynamicPart[];
  /** The end of what the first PT_LOAD maps on purpose: headers, note, and what the loader reads. */
  readonly headersEnd: number;
  readonly symbolsOffset: number;
  readonly names: StringTable;
  readonly namesOffset: number;
  /** In the order of the section headers, without the empty section 0. */
  readonly sectionNames: StringTable;
  readonly sectionNamesOffset: number;
  readonly sectionHeadersOffset: number;
  readonly sectionHeaderCount: number;
  readonly segments: readonly PlacedSegment[];
  readonly sections: readonly PlacedSection[];
  /** The size of the whole file. */
  readonly size: number;
}

/** A build-id note: header, the name "GNU" with its NUL, the id. */
export const BUILD_ID_NOTE_SIZE = elf.NOTE_SIZE + 4 + elf.BUILD_ID_SIZE;

/** Program headers that are not the caller's segments: the PT_LOAD of the headers, PT_NOTE, PT_GNU_STACK. */
const OWN_PROGRAM_HEADERS = 3;
/** Those that a linked program has besides: PT_INTERP, PT_DYNAMIC. */
const LINKED_PROGRAM_HEADERS = 2;

/** Section headers before those of the loader's parts and of segments: the empty one, the note. */
export const SECTIONS_BEFORE = 2;
/** Those after them: .symtab, .strtab, .shstrtab. */
export const SECTIONS_AFTER = 3;

/** Fixes the place of everything in the file. The same program gives the same layout. */
export function layout(program: Program): Layout {
  const programHeaderCount =
    program.segments.length + OWN_PROGRAM_HEADERS + (program.linked ? LINKED_PROGRAM_HEADERS : 0);
  const noteOffset = roundUp(elf.FILE_HEADER_SIZE + programHeaderCount * elf.PROGRAM_HEADER_SIZE, 4);
  const dynamic = dynamicParts(program, noteOffset + BUILD_ID_NOTE_SIZE);
  const last = dynamic.at(-1);
  const headersEnd = last ? last.offset + last.bytes.length : noteOffset + BUILD_ID_NOTE_SIZE;

  const symbolsOffset = roundUp(headersEnd, 8);
  const names = stringTable(program.symbols.map((symbol) => symbol.name));
  const namesOffset = symbolsOffset + (program.symbols.length + 1) * elf.SYMBOL_SIZE;

  const sectionNames = stringTable([
    '.note.gnu.build-id',
    ...dynamic.map(({name}) => name),
    ...program.segments.flatMap((segment) => sectionsOf({segment, offset: 0}).map((section) => section.name)),
    '.symtab',
    '.strtab',
    '.shstrtab',
  ]);
  const sectionNamesOffset = namesOffset + names.bytes.length;
  const sectionHeadersOffset = roundUp(sectionNamesOffset + sectionNames.bytes.length, 8);
  const sectionHeaderCount = sectionNames.offsets.length + 1;

  // All that tools read is placed now. What the program itself needs follows.
  let end = sectionHeadersOffset + sectionHeaderCount * elf.SECTION_HEADER_SIZE;
  const segments: PlacedSegment[] = [];
  for (const segment of program.segments) {
    const offset = congruent(end, segment, program.machine.pageSize);
    segments.push({segment, offset});
    end = Math.max(end, offset + segment.bytes.length);
  }

  return {
    program,
    programHeaderCount,
    noteOffset,
    dynamic,
    headersEnd,
    symbolsOffset,
    names,
    namesOffset,
    sectionNames,
    sectionNamesOffset,
    sectionHeadersOffset,
    sectionHeaderCount,
    segments,
    sections: segments.flatMap(sectionsOf),
    size: end,
  };
}

/** The size of a segment in memory, in bytes. */
export function memorySize(segment: Segment): number {
  return segment.memorySize ?? segment.bytes.length;
}

// --- internal ---

function roundUp(offset: number, to: number): number {
  return Math.ceil(offset / to) * to;
}

/**
 * The offset for a segment, with the same remainder by the page size as its address: mmap(2) can map a file at page
 * boundaries only, and maps the page from its start. A segment without bytes takes no space in the file, so it gets the
 * last such offset before `end`, not one past the end of the file.
 */
function congruent(end: number, segment: Segment, pageSize: number): number {
  const missing = (((segment.vaddr - end) % pageSize) + pageSize) % pageSize;
  return segment.bytes.length === 0 && missing > 0 ? end + missing - pageSize : end + missing;
}

/** The sections of a segment: one for its bytes, one for the zeros after them. */
function sectionsOf({segment, offset}: PlacedSegment): PlacedSection[] {
  const inFile = segment.bytes.length;
  const zeros = memorySize(segment) - inFile;
  const sections: PlacedSection[] = [];
  if (inFile > 0) {
    const {name, vaddr: address} = segment;
    sections.push({name, type: elf.SHT_PROGBITS, segment, address, offset, size: inFile});
  }
  if (zeros > 0) {
    const address = segment.vaddr + inFile;
    sections.push({name: '.bss', type: elf.SHT_NOBITS, segment, address, offset: offset + inFile, size: zeros});
  }
  return sections;
}
