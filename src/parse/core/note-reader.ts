import {HeaderFields, type ElfShape, type ReadAt} from '../elf/headers.ts';
import {latin1} from '../scan.ts';

/** Where a PT_NOTE lies, in bytes of the file. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** One note: whose it is, and what it holds. */
export interface Note {
  readonly owner: string;
  readonly type: number;
  /** Empty for a type that nobody asked for. */
  readonly bytes: Uint8Array;
}

const PAGE = 4096;
/** Bytes that are read at once: some 20 threads of x86-64. */
const PIECE = 64 * 1024;
/** Bytes of notes that are read in all: a thread takes 3 KiB on x86-64, and 11 KiB with AMX (XSTATE). */
const MOST_BYTES = 512 * 2 ** 20;
/** Notes that are looked at: a thread has three or four. */
const MOST_NOTES = 2 ** 20;

/** Elf64_Nhdr and Elf32_Nhdr are the same: three words of 4 bytes; name and contents are padded to 4 bytes. */
const HEADER = 12;

/** The notes of a core file: elf(5), "Notes (Nhdr)". They are read piece by piece; what is not wanted is skipped. */
export class NoteReader {
  /** Do the notes break off, or are there more than are read? */
  isCut = false;
  readonly #file: ReadAt;
  readonly #shape: ElfShape;
  #piece: Uint8Array = new Uint8Array();
  #begin = 0;
  #left = MOST_BYTES;
  #count = 0;

  constructor(file: ReadAt, shape: ElfShape) {
    this.#file = file;
    this.#shape = shape;
  }

  /** @param longest bytes at most of each type that is wanted; a longer note is left out */
  *notesIn({offset, length}: Stretch, longest: ReadonlyMap<number, number>): Generator<Note> {
    for (let at = 0; at + HEADER <= length;) {
      const head = this.#read(offset + at, HEADER + 16);
      if (head.length < HEADER) return;
      const fields = new HeaderFields(head, this.#shape.is64, this.#shape.isLittle);
      const [nameSize, size, type] = [fields.long(0), fields.long(4), fields.long(8)];
      if (nameSize + size + type === 0) {
        // A hole, where a copy of the file has lost them; a few zeros may fill up a page.
        if (length - at > PAGE) this.isCut = true;
        return;
      }
      const start = at + HEADER + padded(nameSize);
      if (start + size > length) return;
      if (++this.#count > MOST_NOTES) {
        this.isCut = true;
        return;
      }
      const owner = latin1(head, HEADER, Math.min(HEADER + Math.min(nameSize, 16), head.length)).replace(/\0.*$/s, '');
      const isWanted = size <= (longest.get(type) ?? -1);
      const bytes = isWanted ? this.#read(offset + start, size) : NOTHING;
      if (isWanted && bytes.length < size) return;
      yield {owner, type, bytes};
      at = start + padded(size);
    }
  }

  /** Bytes of the file, of the piece that was read last where it has them. */
  #read(offset: number, length: number): Uint8Array {
    const into = offset - this.#begin;
    if (into >= 0 && into + length <= this.#piece.length) return this.#piece.subarray(into, into + length);
    if (this.#left <= 0) {
      this.isCut = true;
      return NOTHING;
    }
    const bytes = this.#file(offset, Math.max(length, PIECE));
    this.#left -= bytes.length;
    // A long note must not be kept any longer than it is used.
    if (length > PIECE) return bytes;
    [this.#piece, this.#begin] = [bytes, offset];
    return bytes.subarray(0, length);
  }
}

const NOTHING = new Uint8Array(0);

const padded = (length: number): number => Math.ceil(length / 4) * 4;
