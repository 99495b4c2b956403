import {counted} from '../model/amounts.ts';
import {type Rejected, Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import {parseForeign} from './foreign/foreign.ts';
import type {Patch} from './foreign/patch.ts';
import {isHopeless, SECOND} from './foreign/rows.ts';
import {hasGrepColours} from './foreign/undress/colours.ts';
import type {Paste} from './foreign/undress/paste.ts';
import {bytesOf, undress} from './foreign/undress/undress.ts';
import type {Listing} from './listing.ts';
import {parseListing} from './reader.ts';
import {hasOomReport} from './oom/reports.ts';
import {decode, fromLatin1, utf8} from './scan.ts';

/**
 * A text that isn't a listing as it is: what is around the lines is taken off, and other tools' formats are tried. What
 * leaves fewer lines unread wins, and the text as it is wins over what had to be changed.
 */
export function parsePaste(
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
  const listing = isBetter ? bareListing.with(asInFile(bareListing, bare, paste)) : plain;
  const others = listing.rejected.length === 0 ? [] : bare === paste ? [paste] : [paste, bare];
  const [best] = others
    .flatMap((from) => {
      const foreign = parseForeign(utf8(fromLatin1(from.lines.join('\n'))).split('\n'));
      return foreign && compare(foreign, listing) < 0 ? [{foreign, from}] : [];
    })
    .sort((a, b) => compare(a.foreign, b.foreign));
  if (best) return ofTool(best.foreign, best.from, paste, notes);
  if (listing.table.length === 0 && listing.rejected.length > 0) throw notACapture(listing, bytes);
  return fromListing(listing, isBetter ? [...notes, ...bare.notes] : notes);
}

function ofTool(foreign: Snapshot, bare: Paste, paste: Paste, first: readonly string[]): Snapshot {
  const {source, table, consistency, rejected, notes} = foreign;
  const {pid = bare.pid} = foreign.process;
  return new Snapshot({
    source,
    regions: table,
    process: pid === undefined ? {} : {pid},
    consistency,
    rejected: asInFile({rejected, pid}, bare, paste).rejected,
    notes: [...first, ...bare.notes, ...notes],
  });
}

interface Read {
  readonly table: {readonly length: number};
  readonly rejected: readonly Rejected[];
  readonly asides?: number;
}

/** Below 0 if the first is the better reading. */
const compare = (a: Read, b: Read): number => b.table.length - a.table.length || unread(a) - unread(b);

const unread = ({rejected, asides = 0}: Read): number => rejected.length + asides;

/** The same with the numbers and the texts of the lines in the file. */
function asInFile(
  read: Pick<Listing, 'rejected' | 'pid'>,
  bare: Paste,
  paste: Paste,
): Pick<Listing, 'rejected' | 'pid'> {
  const rejected = read.rejected.map(({line, why, text}) => {
    const number = bare.numbers[line - 1] ?? line;
    const original = paste.lines[number - 1];
    return {line: number, text: original === undefined ? text : decode(original.slice(0, 200)).text, why};
  });
  if (bare.second !== undefined && !rejected.some(({why}) => why === SECOND))
    rejected.push({line: bare.second, text: decode(paste.lines[bare.second - 1]!.slice(0, 200)).text, why: SECOND});
  return {rejected, pid: read.pid ?? bare.pid};
}

/** One side of a diff of two listings. @param paste the lines of the file, as they are */
export function sideOf(patch: Patch, side: 'before' | 'after', paste: Paste, notes: readonly string[]): Snapshot {
  const bare = patch[side];
  const partly = patch.isPartial ? ' Lines that both sides have may be missing.' : '';
  const note = `This is a diff of two listings; this is the side ${side} the change.${partly}`;
  const listing = parseListing(bytesOf(bare), 'capture');
  return fromListing(listing.with(asInFile(listing, bare, paste)), [...notes, ...bare.notes, note]);
}

/** @param first notes that come before those on the listing */
export function fromListing(listing: Listing, first: readonly string[]): Snapshot {
  const notes: string[] = [...first, ...listing.notes];
  if (listing.format === 'smaps_rollup') notes.push(ROLLUP);
  if (listing.torn > 0)
    notes.push(`${counted(listing.torn, 'line')} overlapped or went backwards; later lines were used.`);
  if (listing.cutShort) notes.push(`The listing was cut short: ${listing.cutShort}.`);
  else if (listing.isUnterminated && lastName(listing).includes('/'))
    notes.push('The last line has no newline: its name may be cut.');
  if (listing.empty > 0) notes.push(`Left out: ${counted(listing.empty, 'region')} of no bytes.`);
  return new Snapshot({
    source: {from: 'capture', format: listing.format},
    regions: listing.table,
    process: listing.pid === undefined ? {} : {pid: listing.pid},
    consistency: {torn: listing.torn > 0, incomplete: listing.cutShort !== undefined},
    rejected: listing.rejected,
    notes,
  });
}

/** fs/proc/task_mmu.c, show_smaps_rollup(). */
const ROLLUP =
  'smaps_rollup is one line for the whole process: its range reaches from the first region to the last, holes ' +
  'included, and its counters are the sums of all regions. Which regions there are, /proc/PID/smaps says.';

const lastName = ({table}: Listing): string => (table.length === 0 ? '' : table.nameAt(table.length - 1));

const isElf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;

const notText = (why: string): Trouble =>
  new Trouble({kind: 'input', what: 'This is not a listing of memory regions.', why, next: WHAT_TO_GIVE});

const WHAT_TO_GIVE = 'Give a copy of /proc/PID/maps or /proc/PID/smaps, or a memmap snapshot.';

/** Why no line of a file describes a region. */
export function notACapture(listing: Listing, bytes: Uint8Array): Trouble {
  if (isElf(bytes)) return notText('it is an ELF file: a program, a library or an object file, and no core file.');
  if (bytes.subarray(0, 512).includes(0)) return notText('it is a binary file, not text.');
  if (hasOomReport(bytes))
    return new Trouble({
      kind: 'input',
      what: 'This is not a listing of memory regions.',
      why: 'it is a log of the kernel with reports of its OOM killer.',
      next: 'To have them explained: memmap explain FILE',
    });
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
