import {existsSync} from 'node:fs';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {sizeText} from '../model/amounts.ts';
import type {Status} from '../parse/proc/status.ts';
import {DEFAULT_MAX_STALL, predictStall} from './budget.ts';
import type {ProcFile} from './file.ts';
import type {ProcessHandle} from './handle.ts';
import {withoutMemory} from './no-memory.ts';
import {processTrouble} from './trouble.ts';

/** What a reader wishes of smaps. */
export interface Wish {
  readonly usage?: boolean | undefined;
  /** ms; 50 by default. */
  readonly maxStall?: number | undefined;
}

/** Shall smaps be read? @param notes is told why not, where that is for the process's sake */
export function wantsUsage(maps: Buffer, status: Status, options: Wish, notes: string[]): boolean {
  if (options.usage !== undefined || maps.length === 0) return options.usage === true && maps.length > 0;
  const maxStall = options.maxStall ?? DEFAULT_MAX_STALL;
  const regions = countLines(maps);
  const stall = predictStall(Number(status['vmRss'] ?? 0), regions);
  if (stall <= maxStall) return true;
  notes.push(
    `Resident memory was not read: with ${regions} regions and ${sizeText(Number(status['vmRss'] ?? 0))} resident that would stall ` +
      `the process for about ${Math.round(stall)} ms (allowed: ${maxStall} ms, --max-stall).`,
  );
  return false;
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) lines++;
  return lines;
}

/** smaps is missing where the kernel was built without CONFIG_PROC_PAGE_MONITOR; a security module may forbid it alone. */
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
export function readAll(file: ProcFile, handle: ProcessHandle, patience?: number): Buffer {
  try {
    return file.read(patience);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') throw withoutMemory(handle);
    throw processTrouble(handle.pid, error, handle.root);
  }
}

/** smaps needs the lock for longer than maps, and of a process that maps without pause it may never become whole. */
export function readInTime(
  smaps: ProcFile,
  handle: ProcessHandle,
  patience: number | undefined,
  notes: string[],
): Buffer | undefined {
  try {
    return readAll(smaps, handle, patience);
  } catch (error) {
    if (!(error instanceof Trouble) || error.kind !== 'deadline') throw error;
    notes.push(`Resident memory was not read from smaps: ${error.why}`);
    return undefined;
  }
}

/** Is the program that it was opened on still there? */
export function isAlive(file: ProcFile): boolean {
  try {
    return file.isAlive();
  } catch {
    return false;
  }
}
