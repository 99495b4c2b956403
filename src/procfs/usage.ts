/*
 * What of a process is resident, by region: smaps, which takes longer than maps, and holds the lock of its memory map.
 */
import {existsSync} from 'node:fs';
import {sizeText} from '../model/amounts.ts';
import {errnoOf, Trouble} from '../model/trouble.ts';
import type {Listing} from '../parse/listing.ts';
import {parseProcParts} from '../parse/parts.ts';
import type {Status} from '../parse/proc/status.ts';
import {parseListing} from '../parse/reader.ts';
import type {ProcFile} from './file.ts';
import {type ProcessHandle, withoutMemory} from './handle.ts';
import {type CaptureOptions, held} from './options.ts';
import {DEFAULT_MAX_STALL, predictStall} from './sampling/budget.ts';
import {whileHeld} from './sampling/held.ts';
import {processTrouble} from './trouble.ts';

/** What a caller wants of smaps. */
type Wish = Pick<CaptureOptions, 'usage' | 'maxStall'>;

/** Bytes: the shortest line of maps has addresses of eight digits and no name. */
export const LEAST_LINE = '00400000-00401000 r--p 00000000 00:00 0 \n'.length;

/**
 * Should smaps be read?
 *
 * @param bytes that maps has
 * @param count how many regions these are: it is asked for only where it decides
 * @param notes gets the reason why not, where that spares the process
 */
export function wantsUsage(
  bytes: number,
  count: () => number,
  status: Status,
  options: Wish,
  notes: string[],
): boolean {
  if (options.usage !== undefined || bytes === 0) return options.usage === true && bytes > 0;
  const maxStall = options.maxStall ?? DEFAULT_MAX_STALL;
  const rss = Number(status['vmRss'] ?? 0);
  if (predictStall(rss, bytes / LEAST_LINE) <= maxStall) return true;
  const regions = count();
  const stall = predictStall(rss, regions);
  if (stall <= maxStall) return true;
  notes.push(
    `Resident memory was not read: with ${regions} regions and ${sizeText(rss)} resident that would stall ` +
      `the process for about ${Math.round(stall)} ms (allowed: ${maxStall} ms, --max-stall).`,
  );
  return false;
}

/**
 * smaps is missing where the kernel was built without CONFIG_PROC_PAGE_MONITOR; a security module may forbid it alone.
 */
export function openIfThere(handle: ProcessHandle, file: string, notes: string[]): ProcFile | undefined {
  try {
    return handle.open(file);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    const isMissing = error.kind === 'gone' && !existsSync(handle.path(file)) && existsSync(handle.path('stat'));
    const why = isMissing
      ? 'there is no smaps: the kernel was built without CONFIG_PROC_PAGE_MONITOR.'
      : `${error.why} ${error.next}`;
    notes.push(`Resident memory was not read: ${why}`);
    return undefined;
  }
}

/** @throws Trouble `gone`, `denied`, `deadline` */
export const readAll = (file: ProcFile, handle: ProcessHandle, patience?: number): Buffer =>
  told(handle, () => file.read(patience));

/** What goes wrong while a file is read, as Trouble. */
function told<Result>(handle: ProcessHandle, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') throw withoutMemory(handle);
    throw processTrouble(handle.pid, error, handle.root);
  }
}

/**
 * Reads smaps part by part, unless somebody wants it whole: of 60,000 regions it has 43 MB. What it takes to read what
 * was printed doesn't hold up the process.
 */
function readUsage(smaps: ProcFile, handle: ProcessHandle, options: CaptureOptions, rows: number): Listing {
  const {patience, onHeld, onListing} = options;
  if (onListing) {
    const bytes = held('smaps', options, () => readAll(smaps, handle, patience));
    onListing(bytes);
    return parseListing(bytes, 'proc', 'later');
  }
  const read = smaps.inParts(patience);
  if (!onHeld) return parseProcParts((into) => told(handle, () => read(into)), rows + MORE_ROWS);
  const took = {spent: 0, passed: 0};
  const add = (spent: number, passed: number): void => {
    took.spent += spent;
    took.passed += passed;
  };
  try {
    return parseProcParts((into) => whileHeld(() => told(handle, () => read(into)), add), rows + MORE_ROWS);
  } finally {
    onHeld('smaps', took.spent, took.passed);
  }
}

/** Regions that may have come since they were counted. */
const MORE_ROWS = 64;

/** smaps needs the lock for longer than maps; for a process that maps without pause it may never become whole. */
export function readInTime(
  smaps: ProcFile,
  handle: ProcessHandle,
  options: CaptureOptions,
  rows: number,
  notes: string[],
): Listing | undefined {
  try {
    return readUsage(smaps, handle, options, rows);
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'deadline') throw error;
    notes.push(`Resident memory was not read from smaps: ${error.why}`);
    return undefined;
  }
}
