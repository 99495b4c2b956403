import {HeaderFields, readHeader, type ElfShape, type ReadAt, type Table} from '../elf/headers.ts';
import {CORE_HEAD, isCore} from './head.ts';
import type {Stretch} from './note-reader.ts';
import {isWhole, readNotes, type CoreNotes} from './notes.ts';

/** One PT_LOAD of a core: memory, and how much of its beginning the file has. All in bytes. */
export interface CoreSegment {
  readonly start: number;
  readonly end: number;
  /** `rwx`, as the flags say. */
  readonly access: string;
  /** Where in the file its bytes are. */
  readonly offset: number;
  /** Bytes that the header says the file has. */
  readonly size: number;
  /** Bytes that it has: fewer where the file is cut off. */
  readonly dumped: number;
}

/** A core file: core(5), and elf(5) for its form. */
export interface CoreFile extends CoreNotes {
  readonly shape: ElfShape;
  /** Ascending by their start. */
  readonly segments: readonly CoreSegment[];
  /** Bytes at the end that the file should have. 0 if it is whole. */
  readonly missing: number;
  /** Headers that no system makes, such as memory of half a page. */
  readonly strange: number;
}

const PT_LOAD = 1;
const PT_NOTE = 4;
/** The number of program headers is in the first section header: elf(5), PN_XNUM. */
const PN_XNUM = 0xffff;

/** Program headers: more than any vm.max_map_count. */
const MOST_HEADERS = 4 * 2 ** 20;
/** This many bytes of these are read at once. */
const PIECE = 2 ** 20;

/**
 * Reads the headers and notes of a core; none of the memory in it.
 *
 * @param size bytes of the file
 * @returns undefined if it is not a core, or its headers can't be used
 */
export function readCore(read: ReadAt, size: number): CoreFile | undefined {
  const header = isCore(read(0, CORE_HEAD)) ? readHeader(read) : undefined;
  if (!header) return undefined;
  const {is64, isLittle, machine, programs, sections} = header;
  const shape = {is64, isLittle, machine};
  const segments: CoreSegment[] = [];
  const notes: Stretch[] = [];
  let [end, strange] = [0, 0];
  const count = programs.count === PN_XNUM ? countOf(read, sections.offset, shape) : programs.count;
  const table = {...programs, count};
  for (const entry of headersIn(read, table, shape)) {
    const offset = entry.word(is64 ? 8 : 4);
    const length = entry.word(is64 ? 32 : 16);
    end = Math.max(end, offset + length);
    if (entry.long(0) === PT_NOTE) {
      notes.push({offset, length});
      continue;
    }
    const segment = segmentOf(entry, {offset, size: length, file: size}, is64);
    if (segment) segments.push(segment);
    else strange++;
  }
  const missing = Math.max(0, end - size, hasAll(table, size, shape) ? 0 : 1);
  return {
    ...readNotes(read, notes, shape),
    shape,
    segments: segments.sort((a, b) => a.start - b.start),
    missing: Number.isFinite(missing) ? missing : 1,
    strange,
  };
}

/** sh_info of the first section header. */
function countOf(read: ReadAt, sections: number, {is64, isLittle}: ElfShape): number {
  const bytes = sections === 0 ? new Uint8Array() : read(sections, is64 ? 64 : 40);
  return bytes.length < (is64 ? 64 : 40) ? 0 : new HeaderFields(bytes, is64, isLittle).long(is64 ? 44 : 28);
}

const isTable = ({offset, entrySize}: Table, {is64}: ElfShape): boolean =>
  offset > 0 && entrySize >= (is64 ? 56 : 32) && entrySize <= 256;

/** Can all program headers be read? @param size bytes of the file */
const hasAll = (table: Table, size: number, shape: ElfShape): boolean =>
  table.count === 0 ||
  (isTable(table, shape) && table.count <= MOST_HEADERS && table.offset + table.count * table.entrySize <= size);

/** Those of memory and of notes. */
function* headersIn(read: ReadAt, table: Table, shape: ElfShape): Generator<HeaderFields> {
  const {offset, entrySize, count} = table;
  const {is64, isLittle} = shape;
  if (!isTable(table, shape)) return;
  const most = Math.floor(PIECE / entrySize);
  for (let index = 0; index < Math.min(count, MOST_HEADERS); index += most) {
    const wanted = Math.min(most, count - index) * entrySize;
    const bytes = read(offset + index * entrySize, wanted);
    const types = new HeaderFields(bytes, is64, isLittle);
    for (let at = 0; at + entrySize <= bytes.length; at += entrySize) {
      const type = types.long(at);
      if (type === PT_LOAD || type === PT_NOTE)
        yield new HeaderFields(bytes.subarray(at, at + entrySize), is64, isLittle);
    }
    if (bytes.length < wanted) return;
  }
}

/** @returns undefined for what is not memory in whole pages */
function segmentOf(
  entry: HeaderFields,
  {offset, size, file}: {readonly offset: number; readonly size: number; readonly file: number},
  is64: boolean,
): CoreSegment | undefined {
  const start = entry.word(is64 ? 16 : 8);
  const end = start + Math.max(size, entry.word(is64 ? 40 : 20));
  if (end <= start || !isWhole(start) || !isWhole(end)) return undefined;
  const flags = entry.long(is64 ? 4 : 24);
  const access = `${flags & 4 ? 'r' : '-'}${flags & 2 ? 'w' : '-'}${flags & 1 ? 'x' : '-'}`;
  return {start, end, access, offset, size, dumped: Math.max(0, Math.min(size, file - offset))};
}
