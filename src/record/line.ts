import {crc32} from 'node:zlib';

/**
 * A line of a recording is a JSON object whose last member is a checksum: `{…,"crc":"1a2b3c4d"}`. It is the CRC-32 of all
 * bytes before it, begun with the checksum of the line before; the header and key frames begin with 0. So a reader knows
 * that a line is as it was written, and that none before it is missing, back to the last key frame.
 */

/** Where the checksum of a line begins that stands on its own. */
export const NO_SEED = 0;

/** `,"crc":"` and 8 hex digits and `"}`. */
const SEAL = 18;
const SEAL_START = Buffer.from(',"crc":"');
const QUOTE = 0x22;
const BRACE = 0x7d;

/** The line for a record, with its newline; and its checksum, with which the next one begins. */
export function sealLine(record: object, seed: number): {readonly bytes: Buffer; readonly crc: number} {
  const text = JSON.stringify(record);
  const body = Buffer.from(text.slice(0, -1), 'utf8');
  const crc = crc32(body, seed);
  const seal = Buffer.from(`,"crc":"${crc.toString(16).padStart(8, '0')}"}\n`, 'latin1');
  return {bytes: Buffer.concat([body, seal]), crc};
}

/** A line whose checksum is right. */
export interface Opened {
  readonly crc: number;
}

/** @returns undefined if the line, given without its newline, isn't as it was written, or doesn't follow what `seed` is of */
export function openLine(line: Uint8Array, seed: number): Opened | undefined {
  const at = line.length - SEAL;
  if (at < 1 || line[line.length - 1] !== BRACE || line[line.length - 2] !== QUOTE) return undefined;
  for (let index = 0; index < SEAL_START.length; index++) if (line[at + index] !== SEAL_START[index]) return undefined;
  const crc = hexAt(line, at + SEAL_START.length);
  return crc !== undefined && crc32(line.subarray(0, at), seed) === crc ? {crc} : undefined;
}

/** 8 lower hex digits. */
function hexAt(line: Uint8Array, from: number): number | undefined {
  let value = 0;
  for (let at = from; at < from + 8; at++) {
    const byte = line[at]!;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}
