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
  /** The piece that was looked at last, and how many bytes of each of its pages count. Pools ask for neighbours. */
  #piece = -1;
  readonly #counts = new Uint16Array(PIECE / PAGE);

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
    for (let page = start - (start % PAGE); page < end; page += PAGE) {
      const offset = page % PIECE;
      if (page - offset !== this.#piece) this.#count(page - offset);
      const count = this.#counts[offset / PAGE]!;
      bytes += Math.max(0, Math.min(end, page + count) - Math.max(start, page));
    }
    return bytes;
  };

  /** Counts the bytes of pages that are not zeros: all of a page, or what a core that is cut off has of it. */
  #count(piece: number): void {
    this.#piece = piece;
    this.#counts.fill(0);
    for (let at = piece; at < piece + PIECE;) {
      // What was not dumped has nothing to count.
      at = Math.max(at, this.#segmentAt(at)?.start ?? Infinity);
      if (at >= piece + PIECE) return;
      const bytes = this.#readIn(at, piece + PIECE - at);
      for (let page = 0; page < bytes.length; page += PAGE) {
        const length = Math.min(PAGE, bytes.length - page);
        if (!isSameStretch(bytes, page, ZEROS, 0, length)) this.#counts[(at + page - piece) / PAGE] = length;
      }
      at += Math.max(PAGE, Math.ceil(bytes.length / PAGE) * PAGE);
    }
  }

  /** The segment that an address is in, or the next one; undefined behind the last. */
  #segmentAt(address: number): CoreSegment | undefined {
    return this.#segments[firstWhere((place) => this.#segments[place]!.end > address, this.#segments.length)];
  }

  #readIn(address: number, length: number): Uint8Array {
    const segment = this.#segmentAt(address);
    if (!segment || segment.start > address) return NOTHING;
    const into = address - segment.start;
    const bytes = this.#file(segment.offset + into, Math.max(0, Math.min(length, segment.dumped - into)));
    this.bytesRead += bytes.length;
    return bytes;
  }
}

const NOTHING = new Uint8Array(0);
