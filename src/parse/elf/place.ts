import type {ElfSegment} from '../../model/clues/clues.ts';
import {isExecutable, isWritable, type Protected} from '../../model/region.ts';
import type {ElfImage} from './image.ts';

/** Where a file is mapped: the region with an address in it, and where the file's first byte is mapped, if it is. */
interface MappedAt extends Protected {
  /** The region's first byte. */
  readonly start: number;
  /** Where in the file that is. */
  readonly offset: number;
  /** Of the same file, the region before it with offset 0. */
  readonly base?: number | undefined;
}

const PF_X = 1;
const PF_W = 2;

/**
 * An address in memory → the file's own address of the same byte, as `readelf` and `nm` print it.
 *
 * The kernel maps each PT_LOAD as a whole, so their distances are the same in memory as in the file (elf_map() in
 * fs/binfmt_elf.c): the place of the first segment gives all others. Where that one isn't mapped, the segment with
 * these bytes is found by its offset and permissions; pages at the border of two segments are mapped twice.
 *
 * @returns undefined if no segment of the file belongs there: the file was mapped as data
 */
export function ownAddress(image: ElfImage, at: MappedAt, address: number): number | undefined {
  const first = image.segments[0];
  if (!first) return undefined;
  if (at.base !== undefined && first.offset === 0) {
    const own = address - at.base + first.address;
    if (image.segments.some((segment) => covers(segment, own) && isWhere(segment, own, address, at))) return own;
  }
  const inFile = address - at.start + at.offset;
  const fitting = image.segments.filter((segment) => {
    const from = pageDown(segment.offset);
    return inFile >= from && inFile < pageUp(segment.offset + segment.fileSize);
  });
  const segment =
    fitting.find((each) => ((each.flags & PF_X) !== 0) === isExecutable(at) && holds(each, inFile)) ??
    fitting.find((each) => ((each.flags & PF_W) !== 0) === isWritable(at)) ??
    fitting[0];
  return segment && inFile - segment.offset + segment.address;
}

const PAGE = 4096;
const pageDown = (value: number): number => value - (value % PAGE);
const pageUp = (value: number): number => pageDown(value + PAGE - 1);

/** Segments are mapped in whole pages; what is before and after them in those pages is mapped with them. */
const covers = (segment: ElfSegment, own: number): boolean =>
  own >= pageDown(segment.address) && own < pageUp(segment.address + segment.memorySize);

/** Does the region show what the segment says? Beyond the file's bytes (bss) it shows nothing of the file. */
const isWhere = (segment: ElfSegment, own: number, address: number, at: MappedAt): boolean =>
  own - segment.address >= segment.fileSize ||
  Number.isNaN(at.offset) ||
  own - segment.address + segment.offset === address - at.start + at.offset;

const holds = (segment: ElfSegment, inFile: number): boolean =>
  inFile >= segment.offset && inFile < segment.offset + segment.fileSize;
