import {classify} from '../classify/classify.ts';
import {Snapshot} from '../model/snapshot.ts';
import type {Tables} from '../model/columns/tables.ts';
import {Trouble} from '../model/trouble.ts';
import {type Earlier, parseBeside} from './beside.ts';
import {CORE_HEAD, isCore, isMinidump} from './core/head.ts';
import {snapshotOfMinidump} from './core/minidump.ts';
import {snapshotOfCore} from './core/snapshot.ts';
import type {ReadAt} from './elf/headers.ts';
import {readPatch} from './foreign/patch.ts';
import {hasGrepColours} from './foreign/undress/colours.ts';
import {textOf} from './foreign/undress/logs.ts';
import {LARGEST, pasteOf, undress} from './foreign/undress/undress.ts';
import {parseListing} from './reader.ts';
import {parseParts, type Read} from './parts.ts';
import {fromListing, notACapture, parsePaste, sideOf} from './reading.ts';
import {fromText, fromUtf16, latin1} from './scan.ts';
import {snapshotFromJSON} from './snapshot.ts';

const NEWLINE = 0x0a;
const CR = 0x0d;
const ESCAPE = 0x1b;

/**
 * Any accepted input, recognised by its content: /proc/PID/maps, smaps or smaps_rollup, a memmap snapshot (JSON), a
 * listing with spaced-out columns as tutorials print it, what other tools print (docs/formats.md), and any of these as
 * people paste them: in logs, mails and web pages.
 *
 * @param input bytes as they are, or text
 * @returns the snapshot; lines that no reader accepts are in `rejected`, and no input at all is a snapshot of no
 * regions
 * @throws Trouble (`input`) if it is none of these
 */
export const parse = (input: Uint8Array | string): Snapshot =>
  parseBytes(typeof input === 'string' ? fromText(input) : input);

/**
 * The same for an input that will be compared with another one.
 *
 * @param tables of the other one: what both have in common gets equal numbers
 * @throws Trouble (`input`), as `parse` does
 */
export function parseBytes(bytes: Uint8Array, tables?: Tables): Snapshot {
  if (looksLikeJson(bytes) && !isJsonLog(bytes)) return snapshotFromJSON(bytes);
  refusePacked(bytes);
  const dump = parseDump(reading(bytes), bytes.length);
  if (dump) return dump;
  const text = plainBytes(bytes);
  const listing = parseListing(text.bytes, 'capture', 'now', tables);
  const isUnderstood = listing.rejected.length + listing.asides === 0 && !hasGrepColours(text.bytes);
  if (isUnderstood || text.bytes.length > LARGEST) {
    if (listing.table.length === 0 && listing.rejected.length > 0) throw notACapture(listing, text.bytes);
    return fromListing(listing, text.notes);
  }
  const paste = pasteOf(text.bytes);
  const patch = readPatch(undress(paste, 'marks') ?? paste);
  if (patch) return sideOf(patch, 'after', paste, text.notes);
  return parsePaste(paste, listing, text);
}

/**
 * A core file or a minidump, which is read by ranges: it may be larger than memory.
 *
 * @param size bytes of the file
 * @returns undefined if it is neither
 * @throws Trouble (`input`) if it can't be used
 */
export function parseDump(read: ReadAt, size: number): Snapshot | undefined {
  const head = read(0, CORE_HEAD);
  if (isCore(head)) return snapshotOfCore(read, size).snapshot;
  return isMinidump(head) ? snapshotOfMinidump(read) : undefined;
}

/** Reads bytes as a file is read by ranges. */
const reading =
  (bytes: Uint8Array): ReadAt =>
  (offset, length) =>
    bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + length, bytes.length));

/**
 * A long file, of which only a part is in memory at any time.
 *
 * @param read gives its bytes one after another
 * @param size of it, in bytes
 * @returns undefined if it is not a listing exactly as the kernel prints it: then `parseBytes` must have it whole
 */
export function parseLong(read: Read, size: number, tables?: Tables): Snapshot | undefined {
  const listing = parseParts(read, size, tables);
  return listing && fromListing(listing, []);
}

/** What both sides of a comparison share, once the first one is read. */
export interface Shared {
  tables?: Tables;
  /** The first one, if the second can be read beside it. */
  first?: Earlier;
}

/**
 * One side of a comparison of two long files. Of the second one only the lines are parsed that the first one doesn't
 * have: they are found by comparing bytes (beside.ts).
 *
 * @returns undefined if it is not a listing exactly as the kernel prints it: then `parseBytes` must have it
 */
export function parseSide(bytes: Uint8Array, shared: Shared): Snapshot | undefined {
  const after = shared.first && parseAfter(bytes, shared.first);
  if (after) return after;
  let done = 0;
  const read: Read = (into) => {
    const part = bytes.subarray(done, done + into.length);
    into.set(part);
    done += part.length;
    return part.length;
  };
  const listing = parseParts(read, bytes.length, shared.tables);
  if (listing?.isPlain === true) shared.first = {bytes, table: listing.table};
  return listing && fromListing(listing, []);
}

/** @returns undefined if it can't be read so */
function parseAfter(bytes: Uint8Array, earlier: Earlier): Snapshot | undefined {
  // What may be a part of a name, or have been added to each line.
  const table = bytes.includes(CR) || bytes.includes(ESCAPE) ? undefined : parseBeside(bytes, earlier)?.table;
  if (!table) return undefined;
  classify(table);
  return new Snapshot({source: {from: 'capture', format: 'maps'}, regions: table});
}

/** What a file that diff(1) made of two listings says of both. */
export interface Sides {
  readonly before: Snapshot;
  readonly after: Snapshot;
}

/** Reads a diff of two listings as its two sides. @returns undefined if it isn't one */
export function parsePatch(bytes: Uint8Array): Sides | undefined {
  const text = plainBytes(bytes);
  if (text.bytes.length > LARGEST || looksLikeJson(text.bytes)) return undefined;
  const paste = pasteOf(text.bytes);
  const patch = readPatch(undress(paste, 'marks') ?? paste);
  return (
    patch && {before: sideOf(patch, 'before', paste, text.notes), after: sideOf(patch, 'after', paste, text.notes)}
  );
}

/** A text without what systems add to every text: UTF-16, CR before each newline. */
function plainBytes(bytes: Uint8Array): {readonly bytes: Uint8Array; readonly notes: readonly string[]} {
  const decoded = fromUtf16(bytes);
  return {bytes: withoutCarriageReturns(decoded ?? bytes), notes: decoded ? ['The text was UTF-16.'] : []};
}

/** JSON may have blanks and a byte order mark before its brace. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return bytes[at] === 0x7b;
}

/** Is the first line a document of its own that holds a text, as in a container's log? */
function isJsonLog(bytes: Uint8Array): boolean {
  const newline = bytes.indexOf(NEWLINE);
  const end = newline < 0 ? bytes.length : newline;
  return end < LONGEST_ENTRY && textOf(latin1(bytes, 0, end)) !== undefined;
}

/** Bytes: Docker cuts lines at 16 KiB. */
const LONGEST_ENTRY = 2 ** 20;

/**
 * A CR before (or after) each newline was added on the way. A CR in only some lines belongs to a file's name, and
 * stays.
 */
function withoutCarriageReturns(bytes: Uint8Array): Uint8Array {
  const side = hasOneAtEachNewline(bytes, -1) ? -1 : hasOneAtEachNewline(bytes, 1) ? 1 : 0;
  if (side === 0) return bytes;
  const rest = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const isAdded = bytes[at] === CR && (bytes[at - side] === NEWLINE || at - side === bytes.length);
    if (!isAdded) rest[length++] = bytes[at]!;
  }
  return rest.subarray(0, length);
}

function hasOneAtEachNewline(bytes: Uint8Array, side: -1 | 1): boolean {
  let at = bytes.indexOf(NEWLINE);
  if (at < 0) return false;
  for (; at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    // What would follow the last newline may be missing.
    if (bytes[at + side] !== CR && at + side < bytes.length) return false;
  }
  return true;
}

/** How packed files begin, and what unpacks them. Recordings and cores that Node can unpack are read elsewhere. */
const PACKED: ReadonlyArray<readonly [program: string, begin: readonly number[], to: string]> = [
  ['gzip', [0x1f, 0x8b], 'zcat FILE | memmap show -'],
  [
    'zstd',
    [0x28, 0xb5, 0x2f, 0xfd],
    'zstd -d FILE -o core; memmap show core (with Node 22.15 or later, memmap unpacks it itself)',
  ],
  ['lz4', [0x04, 0x22, 0x4d, 0x18], 'lz4 -d FILE core; memmap show core'],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'xz -dc FILE > core; memmap show core'],
  ['bzip2', [0x42, 0x5a, 0x68], 'bzip2 -dc FILE > core; memmap show core'],
];

/**
 * A packed file is refused with what unpacks it.
 *
 * @param bytes of its beginning: 512 are enough
 * @throws Trouble (`input`) if it is packed
 */
export function refusePacked(bytes: Uint8Array): void {
  const found = PACKED.find(([, begin]) => begin.every((byte, at) => bytes[at] === byte));
  if (!found || !bytes.subarray(0, 512).some((byte) => byte > 0x7f || byte < 0x09)) return;
  const [program, , to] = found;
  throw new Trouble({
    kind: 'input',
    what: 'This is not a listing of memory regions.',
    why: `it is compressed with ${program}${program === 'gzip' ? ', and is not a recording' : ''}.`,
    next: `Unpack it: ${to}`,
  });
}
