import {fromText} from './scan.ts';
import {classify} from '../classify/classify.ts';
import {type Rejected, Snapshot} from '../model/snapshot.ts';
import {counted} from '../model/amounts.ts';
import {Trouble} from '../model/trouble.ts';
import {parseBeside} from './beside.ts';
import {parseForeign} from './foreign/foreign.ts';
import {parseListing, type Listing} from './listing.ts';
import {isHopeless} from './foreign/rows.ts';
import {snapshotFromJSON} from './snapshot.ts';

const NEWLINE = 0x0a;
const CR = 0x0d;

/**
 * Any accepted input, recognised by its content: /proc/PID/maps, smaps or smaps_rollup, a memmap snapshot (JSON), a
 * listing with spaced-out columns as tutorials print it, what pmap prints, or gdb's `info proc mappings`.
 *
 * @param input bytes as they are, or text
 * @returns the snapshot; lines that no reader accepts are in `rejected`, and no input at all is a snapshot of no
 * regions
 * @throws Trouble (`input`) if it is none of these
 */
export function parse(input: Uint8Array | string): Snapshot {
  return parseBytes(typeof input === 'string' ? fromText(input) : input).snapshot;
}

/** What an input was parsed to. */
export interface Parsed {
  readonly snapshot: Snapshot;
  /** The bytes of a listing of maps exactly as the kernel prints it; undefined for anything else. */
  readonly lines?: Uint8Array | undefined;
}

/**
 * The same for an input that will be compared with one that was parsed before: lines that two listings of maps have in
 * common become the same objects. With 60,000 regions, the second listing then takes 5 ms instead of 40 ms.
 *
 * @throws Trouble (`input`), as `parse` does
 */
export function parseBytes(bytes: Uint8Array, before?: Parsed): Parsed {
  if (looksLikeJson(bytes)) return {snapshot: snapshotFromJSON(bytes)};
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw compressed();
  // With a CR, only all lines together tell whether it belongs to a name.
  const known =
    before?.lines && !bytes.includes(CR) && parseBeside(bytes, {bytes: before.lines, regions: before.snapshot.regions});
  if (known) {
    const {regions} = known;
    classify(regions);
    return {snapshot: new Snapshot({source: {from: 'capture', format: 'maps'}, regions}), lines: bytes};
  }
  const text = withoutCarriageReturns(bytes);
  const listing = parseListing(text, 'capture');
  const foreign = listing.rejected.length > listing.regions.length ? parseForeign(text) : undefined;
  if (foreign && foreign.regions.length > listing.regions.length) return {snapshot: foreign};
  if (listing.regions.length === 0 && listing.rejected.length > 0) throw notACapture(listing, text);
  return {snapshot: fromListing(listing), lines: listing.isPlain ? text : undefined};
}

function fromListing(listing: Listing): Snapshot {
  const notes: string[] = [];
  if (listing.torn > 0)
    notes.push(`${counted(listing.torn, 'line')} overlapped or went backwards; later lines were used.`);
  if (listing.cutShort) notes.push(`The listing was cut short: ${listing.cutShort}.`);
  else if (listing.isUnterminated && listing.regions.at(-1)?.name.includes('/'))
    notes.push('The last line has no newline: its name may be cut.');
  if (listing.empty > 0) notes.push(`Left out: ${counted(listing.empty, 'region')} of no bytes.`);
  return new Snapshot({
    source: {from: 'capture', format: listing.format},
    regions: listing.regions,
    process: listing.pid === undefined ? {} : {pid: listing.pid},
    consistency: {torn: listing.torn > 0, incomplete: listing.cutShort !== undefined},
    rejected: listing.rejected,
    notes,
  });
}

/** JSON may have blanks and a byte order mark before its brace. */
export function looksLikeJson(bytes: Uint8Array): boolean {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return bytes[at] === 0x7b;
}

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

/** RFC 1952: 1F 8B. Compressed recordings are read, but elsewhere. */
const compressed = (): Trouble =>
  new Trouble({
    kind: 'input',
    what: 'This is not a listing of memory regions.',
    why: 'it is compressed with gzip, and is not a recording.',
    next: 'Unpack it: zcat FILE | memmap show -',
  });

const isElf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

const notText = (why: string): Trouble =>
  new Trouble({kind: 'input', what: 'This is not a listing of memory regions.', why, next: WHAT_TO_GIVE});

const WHAT_TO_GIVE = 'Give a copy of /proc/PID/maps or /proc/PID/smaps, or a memmap snapshot.';

function notACapture(listing: Listing, bytes: Uint8Array): Trouble {
  if (isElf(bytes)) return notText('it is an ELF file: a program, a library, an object file or a core file.');
  if (bytes.subarray(0, 512).includes(0)) return notText('it is a binary file, not text.');
  const [first] = listing.rejected as [Rejected];
  const {length} = listing.rejected;
  const none =
    length === 1
      ? 'no line describes a region'
      : `none of its ${isHopeless(length, 0) ? 'first ' : ''}${length} lines describes a region`;
  return new Trouble({
    kind: 'input',
    what: 'This is not a listing of memory regions.',
    why: `${none}; line ${first.line} is ${JSON.stringify(first.text.slice(0, 60))} (${first.why}).`,
    next: WHAT_TO_GIVE,
  });
}
