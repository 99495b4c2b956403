import {classify} from '../classify/classify.ts';
import {counted, sizeText} from '../model/amounts.ts';
import type {Regions} from '../model/columns/regions.ts';
import {type Observed, uncertainText} from '../model/host/observer.ts';
import {Snapshot} from '../model/snapshot.ts';
import {Trouble} from '../model/trouble.ts';
import type {Listing} from '../parse/listing.ts';
import type {Stat} from '../parse/proc/stat.ts';
import type {Status} from '../parse/proc/status.ts';
import {parseListing} from '../parse/reader.ts';
import {readExtras} from './details/extras.ts';
import {countNodes} from './details/numa.ts';
import type {ProcFile} from './file.ts';
import {isSame, ProcessHandle, processInfo, withoutMemory} from './handle.ts';
import {isOneProgram, MOST_THREADS, readClues} from './image/clues.ts';
import {observerOf} from './observer/observer.ts';
import {oddsNow} from './odds.ts';
import {type CaptureOptions, held} from './options.ts';
import {LEAST_LINE, openIfThere, readAll, readInTime, wantsUsage} from './usage.ts';

/**
 * A listing is read again if it is torn or belongs to two program images: with three tries, 4 in a million stay torn.
 */
const TRIES = 3;

/**
 * Reads a live process at one moment.
 *
 * The regions come from one walk: of smaps alone (its headers are the lines of maps) or of maps alone, never joined,
 * since two walks of a living process disagree. status and stat give its name, state and peaks.
 *
 * @throws Trouble `gone` (no such process, zombie, kernel thread), `denied`, or `deadline`
 */
export function capture(pid: number, options: CaptureOptions = {}): Snapshot {
  const handle = new ProcessHandle(pid, options.root);
  try {
    return captureFrom(handle, options);
  } finally {
    handle.close();
  }
}

/** The same for a process whose handle is open. */
export function captureFrom(handle: ProcessHandle, options: CaptureOptions = {}): Snapshot {
  let best: {listing: Listing; stat: Stat; note: string; isAtOdds: boolean} | undefined;
  for (let reads = 1; reads <= TRIES; reads++) {
    let attempt: Attempt;
    try {
      attempt = readOnce(handle, options, reads === TRIES);
    } catch (error) {
      // It ended between two tries: what the first one saw is all there will ever be.
      if (best && error instanceof Trouble && error.kind === 'gone') break;
      throw error;
    }
    const {listing, stat, status, notes} = attempt;
    const fault = faultOf(attempt);
    if (!fault)
      return toSnapshot(handle, options, listing, stat, status, {torn: false, incomplete: false, reads}, notes);
    if (listing.table.length > 0) best = {listing, stat, note: fault, isAtOdds: attempt.odds !== 0};
  }
  if (!best) throw withoutMemory(handle);
  const {listing, stat, note, isAtOdds} = best;
  const isTorn = listing.torn > 0 || isAtOdds;
  return toSnapshot(handle, options, listing, stat, {}, {torn: isTorn, incomplete: !isTorn, reads: TRIES}, [note]);
}

interface Attempt {
  readonly listing: Listing;
  readonly stat: Stat;
  readonly status: Status;
  readonly isSameImage: boolean;
  /** Bytes that the listing has more (or, negative, less) than the process had, before and after. */
  readonly odds: number;
  /** A file that memmap maps too was mapped meanwhile, and memmap's pages of it were not looked at before. */
  readonly isUnobserved: boolean;
  readonly notes: string[];
}

/** @param isLast no other try follows: all that could be needed is read before */
function readOnce(handle: ProcessHandle, options: CaptureOptions, isLast: boolean): Attempt {
  const stat = handle.stat();
  const status = handle.status();
  const notes: string[] = [];
  const folder = folderOf(handle, stat);
  handle.lock.ask(stat);
  const maps = handle.open(`${folder}maps`);
  let source: ProcFile = maps;
  const readMaps = (): Buffer => held('maps', options, () => readAll(maps, handle));
  try {
    let bytes = readMaps();
    let plain: Listing | undefined;
    const parsed = (): Listing => (plain ??= parseListing(bytes, 'proc', 'later'));
    let listing: Listing | undefined;
    if (wantsUsage(bytes.length, () => parsed().table.length, status, options, notes)) {
      const smaps = openIfThere(handle, `${folder}smaps`, notes);
      if (smaps) {
        source = smaps;
        held('own', options, () => observerOf(handle).begin(isLast ? undefined : bytes));
        listing = readInTime(smaps, handle, options, Math.floor(bytes.length / LEAST_LINE), notes);
        if (!listing) {
          source = maps;
          smaps.close();
          bytes = readMaps();
          plain = undefined;
        }
      }
    }
    if (!listing) {
      options.onListing?.(bytes);
      listing = parsed();
    }
    // A process that execs or is killed during the walk makes the file end early, without an error.
    const isSameImage = listing.table.length > 0 && isAlive(source) && isSame(stat, handle.stat());
    return {
      listing,
      stat,
      status,
      isSameImage,
      odds: isSameImage ? oddsNow(listing.table, status, handle) : 0,
      isUnobserved: listing.format === 'smaps' && observerOf(handle).hasMissed(listing.table),
      notes,
    };
  } finally {
    maps.close();
    if (source !== maps) source.close();
  }
}

/** Why an attempt isn't a snapshot; undefined if it is one. */
function faultOf({listing, isSameImage, odds, isUnobserved}: Attempt): string | undefined {
  if (!isSameImage)
    return 'The process ended or began another program while it was read: this is only a part of its regions.';
  if (listing.torn > 0)
    return (
      `Regions changed while they were listed: ${counted(listing.torn, 'line')} overlapped, in each ` +
      `of ${TRIES} tries.`
    );
  if (odds !== 0)
    return (
      `Memory came, went or moved while it was listed, in each of ${TRIES} tries: the listing has ` +
      `${sizeText(Math.abs(odds))} ${odds > 0 ? 'more' : 'less'} than VmSize of status says before and after.`
    );
  if (isUnobserved) return 'A file was mapped while the counters were read, and memmap maps it too.';
  if (listing.cutShort) return `The listing was cut short: ${listing.cutShort}.`;
  return undefined;
}

/** Once the first thread has ended, /proc/PID/maps is empty, though other threads live on and share the memory. */
export function folderOf(handle: ProcessHandle, stat: Stat): string {
  if (stat.state !== 'Z' || stat.threads <= 1) return '';
  const other = handle.threads().find((tid) => tid !== handle.pid);
  return other === undefined ? '' : `task/${other}/`;
}

function toSnapshot(
  handle: ProcessHandle,
  options: CaptureOptions,
  listing: Listing,
  stat: Stat,
  status: Status,
  consistency: Snapshot['consistency'],
  notes: readonly string[],
): Snapshot {
  const takenAt = Date.now();
  const observed =
    listing.format === 'smaps' ? takeOut(handle, options, listing.table, folderOf(handle, stat)) : undefined;
  const isKnown = options.known !== undefined && isOneProgram(options.known, stat);
  const found = readClues(handle, listing.table.namedOnes(), stat, isKnown ? options.known : {});
  const clues = {
    ...found,
    ...(options.extras && readExtras(handle, folderOf(handle, stat), found.pageSize)),
  };
  const unsure = observed && !observed.isCertain ? [uncertainText(observed)] : [];
  const placed = options.numa ? countNodes(handle, listing.table, status, options, folderOf(handle, stat)) : [];
  classify(listing.table, clues, isKnown ? options.earlier : undefined);
  return new Snapshot({
    source: {from: 'process', format: listing.format},
    takenAt,
    process: processInfo(handle, stat, status),
    consistency,
    regions: listing.table,
    status,
    rejected: listing.rejected,
    notes: [
      ...notes,
      ...placed,
      ...unsure,
      ...handle.files.notes,
      ...(stat.threads > MOST_THREADS ? [manyThreads(stat.threads)] : []),
    ],
    clues,
    observed,
  });
}

/** The time that this takes holds up nobody, but for the page map of the process, which is read for a moment. */
function takeOut(
  handle: ProcessHandle,
  options: CaptureOptions,
  regions: Regions,
  folder: string,
): Observed | undefined {
  const {onHeld} = options;
  const onPageMap = (spent: number, passed: number): void => {
    onHeld?.('smaps', spent, passed);
    onHeld?.('own', -spent, -passed);
  };
  return held('own', options, () => observerOf(handle).takeOut(regions, folder, onHeld && onPageMap));
}

const manyThreads = (threads: number): string =>
  `Of ${threads} threads, ${MOST_THREADS} were asked where their stacks are; the stacks of the others are ` +
  `recognised by their shape.`;

/** Is the program that it was opened on still there? */
function isAlive(file: ProcFile): boolean {
  try {
    return file.isAlive();
  } catch {
    return false;
  }
}

/**
 * What may be seen of a process whose maps may not be read: stat and status, which are open to all (unless /proc is
 * mounted with hidepid). A snapshot without regions, marked incomplete.
 *
 * @param denied why the regions are missing
 * @returns undefined if not even that may be read
 */
export function glimpse(pid: number, denied: Trouble, root?: string): Snapshot | undefined {
  let handle: ProcessHandle | undefined;
  try {
    handle = new ProcessHandle(pid, root);
    const [stat, status] = [handle.stat(), handle.status()];
    return new Snapshot({
      source: {from: 'process', format: 'status'},
      takenAt: Date.now(),
      process: processInfo(handle, stat, status),
      consistency: {torn: false, incomplete: true, reads: 1},
      regions: [],
      status,
      notes: [`${denied.message} ${denied.why} ${denied.next}`],
    });
  } catch (error) {
    if (error instanceof Trouble) return undefined;
    throw error;
  } finally {
    handle?.close();
  }
}
