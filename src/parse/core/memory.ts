import type {ReadAt} from '../elf/headers.ts';
import type {Memory} from '../malloc/memory.ts';
import type {CoreSegment} from './core.ts';
import {isSameStretch} from '../scan.ts';
import {firstWhere} from '../../model/search.ts';

/** Bytes of a page, as far as zeros are looked for: smaller pages there are none. */
const PAGE = 4096;
const PIECE = 64 * PAGE;
const ZEROS = new Uint8Array(PAGE);

/** The memory that a core has. */
export class CoreMemory implements Memory {
  /** Bytes that were read. */
  bytesRead = 0;
  readonly #file: ReadAt;
  readonly #segments: readonly CoreSegment[];

  /** @param file reads the core @param segments ascending */
  constructor(file: ReadAt, segments: readonly CoreSegment[]) {
    this.#file = file;
    this.#segments = segments.filter(({dumped}) => dumped > 0);
  }

  /** @returns fewer bytes than asked for, or none, where memory was not dumped */
  readonly read = (address: number, length: number): Uint8Array => {
    const first = this.#readIn(address, length);
    if (first.length === length || first.length === 0) return first;
    // What is asked for may reach into the next segment.
    const rest = this.read(address + first.length, length - first.length);
    const all = new Uint8Array(first.length + rest.length);
    all.set(first);
    all.set(rest, first.length);
    return all;
  };

  readonly readInto = (address: number, length: number, into: Uint8Array): number => {
    const bytes = this.read(address, length);
    into.set(bytes);
    return bytes.length;
  };

  /**
   * Of pages that were dumped and have anything but zeros, all of the range: of memory that was never touched the
   * kernel writes zeros, and a core doesn't say which of them were resident.
   */
  readonly residentIn = (start: number, end: number): number => {
    let bytes = 0;
    for (let at = start - (start % PAGE); at < end; at += PIECE) {
      const piece = this.#readIn(at, Math.min(PIECE, end - at + PAGE));
      for (let page = 0; page < piece.length && at + page < end; page += PAGE) {
        const length = Math.min(PAGE, piece.length - page);
        if (isSameStretch(piece, page, ZEROS, 0, length)) continue;
        bytes += Math.min(end, at + page + length) - Math.max(start, at + page);
      }
    }
    return bytes;
  };

  #readIn(address: number, length: number): Uint8Array {
    const index = firstWhere((place) => this.#segments[place]!.end > address, this.#segments.length);
    const segment = this.#segments[index];
    if (!segment || segment.start > address) return NOTHING;
    const into = address - segment.start;
    const bytes = this.#file(segment.offset + into, Math.max(0, Math.min(length, segment.dumped - into)));
    this.bytesRead += bytes.length;
    return bytes;
  }
}

const NOTHING = new Uint8Array(0);
