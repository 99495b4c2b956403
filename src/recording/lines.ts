import {crc32} from 'node:zlib';
import {noRecording} from './refusal.ts';
import type {RecordingSource} from './source.ts';

/**
 * A line of a recording is a JSON object whose last member is a checksum: `{…,"crc":"1a2b3c4d"}`. It is the CRC-32 of
 * all bytes before it, begun with the checksum of the line before; the header and key frames begin with 0. So a reader
 * knows that a line is intact, and that none before it is missing, back to the last key frame.
 */

/** Where the checksum of a line begins that stands on its own. */
export const NO_SEED = 0;

/** `,"crc":"` and 8 hex digits and `"}`. */
const SEAL = 18;
const SEAL_START = Buffer.from(',"crc":"');
const QUOTE = 0x22;
const BRACE = 0x7d;

/** The line for a record, with its newline; and its checksum, with which the next one begins. */
export const sealLine = (record: object, seed: number): SealedLine =>
  sealMembers(JSON.stringify(record).slice(1, -1), seed);

/** The same for its members as JSON. */
export function sealMembers(members: string, seed: number): SealedLine {
  const length = 1 + Buffer.byteLength(members);
  const bytes = Buffer.allocUnsafe(length + SEAL + 1);
  bytes.write('{', 0, 'latin1');
  bytes.write(members, 1, 'utf8');
  const crc = crc32(bytes.subarray(0, length), seed);
  bytes.write(`,"crc":"${crc.toString(16).padStart(8, '0')}"}\n`, length, 'latin1');
  return {bytes, crc};
}

/** The members of a sealed line as JSON, without its checksum. @param line without its newline */
export const membersOfLine = (line: Uint8Array): string => Buffer.from(line.subarray(1, -SEAL)).toString('utf8');

interface SealedLine {
  readonly bytes: Buffer;
  readonly crc: number;
}

/** A line whose checksum is right. */
export interface OpenedLines {
  readonly crc: number;
}

/**
 * @returns undefined if the line, given without its newline, isn't intact, or doesn't follow the line that `seed` comes
 * from
 */
export function openLine(line: Uint8Array, seed: number): OpenedLines | undefined {
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

export interface RecordLine {
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
export function* linesOf(source: RecordingSource): Iterable<RecordLine> {
  let number = 0;
  let offset = 0;
  let begun: Buffer[] = [];
  let length = 0;
  for (const block of source.blocks()) {
    let at = 0;
    for (let newline; (newline = block.indexOf(NEWLINE, at)) >= 0; at = newline + 1) {
      const bytes =
        begun.length > 0 ? Buffer.concat([...begun, block.subarray(at, newline)]) : block.subarray(at, newline);
      yield {number: ++number, bytes, offset, isEnded: true};
      offset += bytes.length + 1;
      [begun, length] = [[], 0];
    }
    if (at < block.length) begun.push(block.subarray(at));
    if ((length += block.length - at) > LONGEST_LINE) throw noRecording(`line ${number + 1} is longer than 500 MiB`);
  }
  if (begun.length > 0) yield {number: ++number, bytes: Buffer.concat(begun), offset, isEnded: false};
}

/**
 * The lines of a recording after its header, by what they say. All have `t`, ms since the beginning, and `look`, the
 * number of the look, counted from 1. `at` is there where the wall clock is not where `t` would have it: it was set, or
 * drifted. `since` is the t of the look before, where that is not written down, because nothing had changed.
 *
 * key    everything: regions, counters, status, process, clues
 * exec   the same, of another program that the process began
 * delta  what differs from the record before
 * same   nothing differs; written now and then, so that one knows that somebody looked
 * mark   somebody made a mark, `name`, at the look just written
 * exit   the process has ended; `state` says whether its parent knows
 * end    the recorder ended in order, for `reason`; what looking cost
 */
const EVENTS = ['key', 'exec', 'delta', 'same', 'mark', 'exit', 'end'] as const;

export type RecordEvent = (typeof EVENTS)[number];

/** What each line begins with. */
export interface RecordHead {
  readonly event: RecordEvent;
  readonly t: number;
  readonly look: number;
  /** ms since 1970, where it is said. */
  readonly wall: number | undefined;
  readonly since: number | undefined;
  readonly listing: 'maps' | 'smaps' | undefined;
}

const HEAD =
  /^\{"event":"(key|exec|delta|same|mark|exit|end)","t":(\d{1,15}),"look":(\d{1,15})(?:,"at":"([^"]{1,40})")?(?:,"since":(\d{1,15}))?(?:,"listing":"(maps|smaps)")?[,}]/;

/** Longer than any that HEAD matches. */
const LONGEST_HEAD = 160;

/**
 * Reads the beginning of a line, without the cost of parsing it.
 *
 * @returns undefined for a line that this version doesn't know
 */
export function readHead(line: Buffer): RecordHead | undefined {
  const match = HEAD.exec(line.toString('latin1', 0, LONGEST_HEAD));
  if (!match) return undefined;
  const [, event, t, look, at, since, listing] = match;
  const wall = at === undefined ? undefined : Date.parse(at);
  return {
    event: event as RecordEvent,
    t: Number(t),
    look: Number(look),
    wall: Number.isFinite(wall) ? wall : undefined,
    since: since === undefined ? undefined : Number(since),
    listing: listing as 'maps' | 'smaps' | undefined,
  };
}

/** The members that each line begins with, in the order in which readHead wants them. */
export function headOf(head: Omit<RecordHead, 'listing'>): Record<string, unknown> {
  return {
    event: head.event,
    t: head.t,
    look: head.look,
    ...(head.wall !== undefined && {at: new Date(head.wall).toISOString()}),
    ...(head.since !== undefined && {since: head.since}),
  };
}
