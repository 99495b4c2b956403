import {classify} from '../classify/classify.ts';
import type {Clues} from '../model/clues.ts';
import {Snapshot} from '../model/snapshot.ts';
import type {Region} from '../model/region.ts';
import {Trouble} from '../model/trouble.ts';
import {parseListing, type Listing} from '../parse/listing.ts';
import type {Stat} from '../parse/proc/stat.ts';
import type {Status} from '../parse/proc/status.ts';
import {isOneProgram, readClues} from './clues.ts';
import type {ProcFile} from './file.ts';
import {ProcessHandle} from './handle.ts';
import {isSame, processInfo} from './identity.ts';
import {isAlive, openIfThere, readAll, readInTime, wantsUsage} from './listings.ts';
import {withoutMemory} from './no-memory.ts';
import {MOST_THREADS} from './threads.ts';

export interface CaptureOptions {
  /** Where procfs is mounted. */
  readonly root?: string | undefined;
  /** Read smaps, and so resident memory per region? By default if it stalls the process no longer than `maxStall`. */
  readonly usage?: boolean | undefined;
  /** ms; 50 by default. */
  readonly maxStall?: number | undefined;
  /** ms that reading smaps may take before it is done without; by default as long as any reading may. */
  readonly patience?: number | undefined;
  /** What an earlier look at the same program found, so that less must be read. */
  readonly known?: Clues | undefined;
  /** Regions of an earlier look at the same program that had VmFlags. */
  readonly earlier?: readonly Region[] | undefined;
  /** Is given each listing as the kernel printed it; of those of one look the last one counts. The bytes don't stay. */
  readonly onListing?: ((bytes: Buffer) => void) | undefined;
}

/** A listing is read again if it is torn or belongs to two program images: with three tries, 4 in a million stay torn. */
const TRIES = 3;

/**
 * Reads a live process at one moment.
 *
 * The regions come from one walk: of smaps alone (its headers are the lines of maps) or of maps alone, never joined, since
 * two walks of a living process disagree. status and stat give its name, state and peaks.
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

/** The same for a process that is held already. */
export function captureFrom(handle: ProcessHandle, options: CaptureOptions = {}): Snapshot {
  let best: {listing: Listing; stat: Stat; note: string} | undefined;
  for (let reads = 1; reads <= TRIES; reads++) {
    let attempt: Attempt;
    try {
      attempt = readOnce(handle, options);
    } catch (error) {
      // It ended between two tries: what the first one saw is all there will ever be.
      if (best && error instanceof Trouble && error.kind === 'gone') break;
      throw error;
    }
    const {listing, stat, status, notes} = attempt;
    const fault = faultOf(attempt);
    if (!fault)
      return toSnapshot(handle, options, listing, stat, status, {torn: false, incomplete: false, reads}, notes);
    if (listing.regions.length > 0) best = {listing, stat, note: fault};
  }
  if (!best) throw withoutMemory(handle);
  const {listing, stat, note} = best;
  const isTorn = listing.torn > 0;
  return toSnapshot(handle, options, listing, stat, {}, {torn: isTorn, incomplete: !isTorn, reads: TRIES}, [note]);
}

interface Attempt {
  readonly listing: Listing;
  readonly stat: Stat;
  readonly status: Status;
  readonly isSameImage: boolean;
  readonly notes: string[];
}

function readOnce(handle: ProcessHandle, options: CaptureOptions): Attempt {
  const stat = handle.stat();
  const status = handle.status();
  const notes: string[] = [];
  const folder = folderOf(handle, stat);
  handle.lock.ask(stat);
  const maps = handle.open(`${folder}maps`);
  let source: ProcFile = maps;
  try {
    let bytes = readAll(maps, handle);
    if (wantsUsage(bytes, status, options, notes)) {
      const smaps = openIfThere(handle, `${folder}smaps`, notes);
      if (smaps) {
        source = smaps;
        const usage = readInTime(smaps, handle, options.patience, notes);
        if (!usage) {
          source = maps;
          smaps.close();
        }
        bytes = usage ?? readAll(maps, handle);
      }
    }
    options.onListing?.(bytes);
    const listing = parseListing(bytes, 'proc', 'later');
    // A process that execs or is killed during the walk makes the file end early, without an error.
    const isSameImage = listing.regions.length > 0 && isAlive(source) && isSame(stat, handle.stat());
    return {listing, stat, status, isSameImage, notes};
  } finally {
    maps.close();
    if (source !== maps) source.close();
  }
}

/** Why an attempt isn't a snapshot; undefined if it is one. */
function faultOf({listing, isSameImage}: Attempt): string | undefined {
  if (!isSameImage)
    return 'The process ended or began another program while it was read: this is a part of its regions.';
  if (listing.torn > 0)
    return `Regions changed while they were listed: ${listing.torn} lines overlapped, in each of ${TRIES} tries.`;
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
  const takenAt = new Date().toISOString();
  const isKnown = options.known !== undefined && isOneProgram(options.known, stat);
  const clues = readClues(handle, listing.regions, stat, isKnown ? options.known : {});
  classify(listing.regions, clues, isKnown ? options.earlier : []);
  return new Snapshot({
    source: {from: 'process', format: listing.format},
    takenAt,
    process: processInfo(handle, stat, status),
    consistency,
    regions: listing.regions,
    status,
    rejected: listing.rejected,
    notes: [...notes, ...handle.files.notes, ...(stat.threads > MOST_THREADS ? [manyThreads(stat.threads)] : [])],
    clues,
  });
}

const manyThreads = (threads: number): string =>
  `Of ${threads} threads ${MOST_THREADS} were asked where their stacks are; the others' stacks are told by their shape.`;
