import {decode, fromLatin1, fromText, fromUtf16, latin1, utf8} from './scan.ts';
import {classify} from '../classify/classify.ts';
import {type Rejected, Snapshot} from '../model/snapshot.ts';
import {counted} from '../model/amounts.ts';
import {Trouble} from '../model/trouble.ts';
import {parseBeside} from './beside.ts';
import {parseForeign} from './foreign/foreign.ts';
import {readPatch, type Patch} from './foreign/patch.ts';
import {isHopeless, SECOND} from './foreign/rows.ts';
import {hasGrepColours} from './foreign/undress/colours.ts';
import {textOf} from './foreign/undress/logs.ts';
import type {Paste} from './foreign/undress/paste.ts';
import {bytesOf, LARGEST, pasteOf, undress} from './foreign/undress/undress.ts';
import {parseListing, type Listing} from './listing.ts';
import {snapshotFromJSON} from './snapshot.ts';

const NEWLINE = 0x0a;
const CR = 0x0d;

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
  if (looksLikeJson(bytes) && !isJsonLog(bytes)) return {snapshot: snapshotFromJSON(bytes)};
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw compressed();
  // With a CR, only all lines together tell whether it belongs to a name.
  const known =
    before?.lines && !bytes.includes(CR) && parseBeside(bytes, {bytes: before.lines, regions: before.snapshot.regions});
  if (known) {
    const {regions} = known;
    classify(regions);
    return {snapshot: new Snapshot({source: {from: 'capture', format: 'maps'}, regions}), lines: bytes};
  }
  const text = plainBytes(bytes);
  const listing = parseListing(text.bytes, 'capture');
  const isUnderstood = listing.rejected.length + listing.asides === 0 && !hasGrepColours(text.bytes);
  if (isUnderstood || text.bytes.length > LARGEST) {
    if (listing.regions.length === 0 && listing.rejected.length > 0) throw notACapture(listing, text.bytes);
    return {snapshot: fromListing(listing, text.notes), lines: listing.isPlain ? text.bytes : undefined};
  }
  const paste = pasteOf(text.bytes);
  const patch = readPatch(undress(paste, 'marks') ?? paste);
  if (patch) return {snapshot: sideOf(patch, 'after', text.notes)};
  return {snapshot: parsePaste(paste, listing, text)};
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
  return patch && {before: sideOf(patch, 'before', text.notes), after: sideOf(patch, 'after', text.notes)};
}

function sideOf(patch: Patch, side: 'before' | 'after', notes: readonly string[]): Snapshot {
  const bytes = bytesOf(patch[side]);
  const partly = patch.isPartial ? ' Lines that both sides have may be missing.' : '';
  const note = `This is a diff of two listings; this is the side ${side} the change.${partly}`;
  return fromListing(parseListing(bytes, 'capture'), [...notes, ...patch[side].notes, note]);
}

/** A text without what systems add to every text: UTF-16, CR before each newline. */
function plainBytes(bytes: Uint8Array): {readonly bytes: Uint8Array; readonly notes: readonly string[]} {
  const decoded = fromUtf16(bytes);
  return {bytes: withoutCarriageReturns(decoded ?? bytes), notes: decoded ? ['The text was UTF-16.'] : []};
}

/**
 * A text that isn't a listing as it is: what is around the lines is taken off, and other tools' formats are tried. What
 * leaves fewer lines unread wins, and the text as it is wins over what had to be changed.
 */
function parsePaste(
  paste: Paste,
  plain: Listing,
  {bytes, notes}: {readonly bytes: Uint8Array; readonly notes: readonly string[]},
): Snapshot {
  const bare = undress(paste) ?? paste;
  const bareListing = bare === paste ? plain : parseListing(bytesOf(bare), 'capture');
  const gain = bare === paste ? 0 : compare(plain, bareListing);
  // What is quoted with "> " is no command.
  const isTie = gain === 0 && (plain.asides > bareListing.asides || hasGrepColours(bytes));
  const isBetter = gain > 0 || (bare !== paste && isTie);
  const listing = isBetter ? asInFile(bareListing, bare, paste) : plain;
  const others = listing.rejected.length === 0 ? [] : bare === paste ? [paste] : [paste, bare];
  const [best] = others
    .flatMap((from) => {
      const foreign = parseForeign(utf8(fromLatin1(from.lines.join('\n'))).split('\n'));
      return foreign && compare(foreign, listing) < 0 ? [{foreign, from}] : [];
    })
    .sort((a, b) => compare(a.foreign, b.foreign));
  if (best) return ofTool(best.foreign, best.from, paste, notes);
  if (listing.regions.length === 0 && listing.rejected.length > 0) throw notACapture(listing, bytes);
  return fromListing(listing, isBetter ? [...notes, ...bare.notes] : notes);
}

function ofTool(foreign: Snapshot, bare: Paste, paste: Paste, first: readonly string[]): Snapshot {
  const {source, regions, consistency, rejected, notes} = foreign;
  const {pid = bare.pid} = foreign.process;
  return new Snapshot({
    source,
    regions,
    process: pid === undefined ? {} : {pid},
    consistency,
    rejected: asInFile({regions, rejected, pid}, bare, paste).rejected,
    notes: [...first, ...bare.notes, ...notes],
  });
}

interface Read {
  readonly regions: readonly unknown[];
  readonly rejected: readonly Rejected[];
  readonly asides?: number;
}

/** Below 0 if the first is the better reading. */
const compare = (a: Read, b: Read): number => b.regions.length - a.regions.length || unread(a) - unread(b);

const unread = ({rejected, asides = 0}: Read): number => rejected.length + asides;

/** The same with the numbers and the texts of the lines in the file. */
function asInFile<Of extends Read & {readonly pid: number | undefined}>(read: Of, bare: Paste, paste: Paste): Of {
  const rejected = read.rejected.map(({line, why, text}) => {
    const number = bare.numbers[line - 1] ?? line;
    const original = paste.lines[number - 1];
    return {line: number, text: original === undefined ? text : decode(original.slice(0, 200)).text, why};
  });
  if (bare.second !== undefined && !rejected.some(({why}) => why === SECOND))
    rejected.push({line: bare.second, text: decode(paste.lines[bare.second - 1]!.slice(0, 200)).text, why: SECOND});
  return {...read, rejected, pid: read.pid ?? bare.pid};
}

function fromListing(listing: Listing, first: readonly string[]): Snapshot {
  const notes: string[] = [...first, ...listing.notes];
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
