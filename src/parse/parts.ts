import type {Tables} from '../model/columns/tables.ts';
import type {Listing} from './listing.ts';
import {ListingReader} from './reader.ts';
import {emptyBytes} from './scan.ts';

const NEWLINE = 0x0a;
const CR = 0x0d;
const ESCAPE = 0x1b;

/** Bytes: what is in memory of a long listing. */
const PART = 256 * 1024;

/** Fills bytes, as far as it likes. @returns how many; 0 at the end */
export type Read = (into: Uint8Array) => number;

/**
 * Gives a long text in parts of whole lines, of which only the last one may lack its newline. Each is overwritten by
 * the next.
 *
 * @param use gets each part @returns false if it wants no more
 * @returns false if it was not read to its end, since a line is too long or nobody wants more
 */
function eachPart(read: Read, use: (lines: Uint8Array) => boolean): boolean {
  const buffer = emptyBytes(PART);
  for (let length = 0; ;) {
    const count = read(buffer.subarray(length));
    length += count;
    if (count === 0) return length === 0 || use(buffer.subarray(0, length));
    if (length < PART) continue;
    const end = buffer.lastIndexOf(NEWLINE) + 1;
    if (end === 0 || !use(buffer.subarray(0, end))) return false;
    buffer.copyWithin(0, end, length);
    length -= end;
  }
}

/**
 * Reads a long listing that is exactly as the kernel prints it, of which only a part is in memory at any time.
 *
 * @param size of the whole, in bytes
 * @param tables of what it will be compared with
 * @returns undefined where anything else is in it: then all of it must be looked at
 */
export function parseParts(read: Read, size: number, tables?: Tables): Listing | undefined {
  const reader = new ListingReader('capture', tables);
  let done = 0;
  let isUnterminated = false;
  const isWhole = eachPart(read, (lines) => {
    // A CR or a colour may be a part of a name, or have been added to each line.
    if (lines.includes(CR) || lines.includes(ESCAPE)) return false;
    reader.read(lines, size - done);
    done += lines.length;
    isUnterminated = lines.at(-1) !== NEWLINE;
    return reader.isUnderstood && !reader.isDone;
  });
  const listing = isWhole && reader.finish(isUnterminated, 'now');
  return listing && listing.table.length > 0 ? listing : undefined;
}

/**
 * Reads a listing from /proc in the same way, whatever is in it; it is not classified yet.
 *
 * @param rows how many regions there may be
 */
export function parseProcParts(read: Read, rows: number): Listing {
  const reader = new ListingReader('proc', undefined, rows);
  let isUnterminated = false;
  eachPart(read, (lines) => {
    reader.read(lines);
    isUnterminated = lines.at(-1) !== NEWLINE;
    return !reader.isDone;
  });
  return reader.finish(isUnterminated, 'later');
}
