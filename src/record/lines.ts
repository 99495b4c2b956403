import {noRecording} from './refusal.ts';
import type {Source} from './source.ts';

export interface Line {
  /** Counted from 1. */
  readonly number: number;
  /** Without its newline. */
  readonly bytes: Buffer;
  /** Where it begins in the source. */
  readonly offset: number;
  /** false for a last line without its newline: it may be cut off. */
  readonly isEnded: boolean;
}

/** A key frame of 1,000,000 regions is smaller. */
const LONGEST_LINE = 2 ** 29 - 2 ** 20;

const NEWLINE = 0x0a;

/**
 * The lines of a source, in order.
 *
 * @throws Trouble `input` if a line is longer than any that a recorder writes
 */
export function* linesOf(source: Source): Iterable<Line> {
  let number = 0;
  let offset = 0;
  let begun: Buffer[] = [];
  let length = 0;
  for (const block of source.blocks()) {
    let at = 0;
    for (let newline; (newline = block.indexOf(NEWLINE, at)) >= 0; at = newline + 1) {
      const bytes = begun.length > 0 ? Buffer.concat([...begun, block.subarray(at, newline)]) : block.subarray(at, newline);
      yield {number: ++number, bytes, offset, isEnded: true};
      offset += bytes.length + 1;
      [begun, length] = [[], 0];
    }
    if (at < block.length) begun.push(block.subarray(at));
    if ((length += block.length - at) > LONGEST_LINE) throw noRecording(`line ${number + 1} is longer than 500 MiB`);
  }
  if (begun.length > 0) yield {number: ++number, bytes: Buffer.concat(begun), offset, isEnded: false};
} // prettier-ignore
