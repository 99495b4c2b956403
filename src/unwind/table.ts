import {firstWhere} from '../model/search.ts';
import {Cursor} from './cursor.ts';
import {readCommon, readDescription, readHead, type Common, type Description, type FrameSection} from './entries.ts';

/** Where descriptions begin, in ascending order of the addresses that they describe. */
interface Index {
  readonly starts: Float64Array;
  /** Bytes of the section. */
  readonly places: Float64Array;
}

/** datarel, 4 signed bytes: the only form of the table of .eh_frame_hdr that linkers make. */
const SORTED_TABLE = 0x3b;

/** All descriptions of a section, to be found by address. What was once read of a Common Information Entry is kept. */
export class FrameTable {
  readonly section: FrameSection;
  readonly #index: Index;
  readonly #commons = new Map<number, Common | undefined>();

  /** @param header `.eh_frame_hdr`, whose sorted table spares the walk over the whole section */
  constructor(section: FrameSection, header?: FrameHeader) {
    this.section = section;
    this.#index = (header && sortedTable(header, section.address)) ?? this.#walk();
  }

  /** How many descriptions there are. */
  get size(): number {
    return this.#index.starts.length;
  }

  /** The description that contains an address of the file's own. */
  find(address: number): Description | undefined {
    const place = this.#index.places[countUpTo(this.#index.starts, address) - 1];
    const found = place === undefined ? undefined : this.#read(place);
    return found && address >= found.start && address < found.end ? found : undefined;
  }

  /** Where the next description after an address begins; Infinity without. */
  nextStart(address: number): number {
    const {starts} = this.#index;
    return starts[countUpTo(starts, address)] ?? Infinity;
  }

  readonly #commonAt = (at: number): Common | undefined => {
    const known = this.#commons.get(at);
    if (known || this.#commons.has(at)) return known;
    const common = readCommon(this.section, at);
    this.#commons.set(at, common);
    return common;
  };

  #read(place: number): Description | undefined {
    return readDescription(this.section, place, this.#commonAt);
  }

  #walk(): Index {
    const found: Array<readonly [start: number, place: number]> = [];
    for (let at = 0; ;) {
      const head = readHead(this.section, at) ?? this.#afterGap(at);
      if (!head) break;
      const description = head.common === undefined ? undefined : this.#read(at);
      if (description) found.push([description.start, at]);
      at = head.next;
    }
    found.sort((a, b) => a[0] - b[0]);
    return {
      starts: Float64Array.from(found, ([start]) => start),
      places: Float64Array.from(found, ([, place]) => place),
    };
  }

  /** Linkers leave entries of length 0 between the parts of .eh_frame that crtbegin.o and crtend.o brought. */
  #afterGap(at: number): {readonly next: number; readonly common?: undefined} | undefined {
    const cursor = new Cursor(this.section.bytes, at);
    return cursor.u32() === 0 && !cursor.isBroken ? {next: at + 4} : undefined;
  }
}

/** `.eh_frame_hdr`, and where it is in memory by the file's own addresses. */
export interface FrameHeader {
  readonly bytes: Uint8Array;
  readonly address: number;
}

/** Where .eh_frame is, by the header: Linux Standard Base, `.eh_frame_hdr`. undefined where it doesn't say. */
export function frameAddress({bytes, address}: FrameHeader): number | undefined {
  const cursor = new Cursor(bytes, 4);
  const pointer = cursor.pointer(bytes[1] ?? 0xff, address, address);
  return cursor.isBroken || bytes[0] !== 1 || bytes[1] === 0xff ? undefined : pointer;
}

/** The table of the header; undefined where it has none, or it doesn't ascend. */
function sortedTable({bytes, address}: FrameHeader, section: number): Index | undefined {
  const cursor = new Cursor(bytes);
  const [version, pointer, countForm, form] = [cursor.u8(), cursor.u8(), cursor.u8(), cursor.u8()];
  if (version !== 1 || form !== SORTED_TABLE) return undefined;
  cursor.pointer(pointer, address, address);
  const count = cursor.pointer(countForm, address, address);
  if (cursor.isBroken || !(count > 0 && count * 8 <= bytes.length - cursor.at)) return undefined;
  const starts = new Float64Array(count);
  const places = new Float64Array(count);
  for (let entry = 0; entry < count; entry++) {
    starts[entry] = cursor.signed(4) + address;
    places[entry] = cursor.signed(4) + address - section;
    if (entry > 0 && starts[entry]! < starts[entry - 1]!) return undefined;
  }
  return {starts, places};
}

/** How many numbers of an ascending list are at most `value`. */
const countUpTo = (list: Float64Array, value: number): number =>
  firstWhere((place) => list[place]! > value, list.length);
