import type {Clues} from '../model/clues.ts';
import type {Region} from '../model/region.ts';
import {parseAuxv} from '../parse/proc/auxv.ts';
import {parseLimits} from '../parse/proc/limits.ts';
import type {Stat} from '../parse/proc/stat.ts';
import type {ProcessHandle} from './handle.ts';
import {readProgramHeaders, tellDeleted} from './images.ts';
import {readProc} from './open.ts';
import {readThreads} from './threads.ts';

/**
 * Reads what else tells what the regions are for, in a few ms. What may not be read, or isn't there, is missing; none of
 * this holds up the process.
 *
 * @param known the clues of an earlier look at the same program: files whose headers are known aren't opened again, and a
 * thread that runs now has its stack where it had it then
 */
export function readClues(handle: ProcessHandle, regions: readonly Region[], stat: Stat, known: Clues = {}): Clues {
  const {pageSize, ...auxv} = parseAuxv(read(handle.path('auxv')) ?? NOTHING);
  const limits = read(handle.path('limits'));
  const maxMapCount = Number(read(`${handle.root}/sys/vm/max_map_count`)?.toString('latin1') ?? NaN);
  return {
    ...(pageSize !== undefined && {pageSize}),
    ...(stat.marks && {marks: stat.marks}),
    ...(pageSize !== undefined && {auxv}),
    ...readThreads(handle, known.threads),
    ...readProgramHeaders(handle, regions, known.files),
    ...tellDeleted(handle, regions, known.deleted),
    ...(limits && {limits: parseLimits(limits)}),
    ...(Number.isSafeInteger(maxMapCount) && {maxMapCount}),
  };
}

/**
 * The same, where only regions and threads may have changed since: what can't change isn't read again. Of files that are mapped
 * no more, what was known stays until all is read anew.
 *
 * @param fresh the regions that were not there, or not like this, when `known` was read
 */
export function renewClues(handle: ProcessHandle, fresh: readonly Region[], known: Clues): Clues {
  const {files} = readProgramHeaders(handle, fresh, known.files);
  const {deleted} = tellDeleted(handle, fresh, known.deleted);
  return {
    ...known,
    ...readThreads(handle, known.threads, true),
    ...(files && {files: {...known.files, ...files}}),
    ...(deleted && {deleted: {...known.deleted, ...deleted}}),
  };
}

/** exec leaves nothing as it was: what was known of the program before says nothing about the one that came. */
export const isOneProgram = (clues: Clues, stat: Stat): boolean =>
  clues.marks?.startCode === stat.marks?.startCode && clues.marks?.startStack === stat.marks?.startStack;

const NOTHING = new Uint8Array(0);

function read(path: string): Buffer | undefined {
  try {
    return readProc(path);
  } catch {
    return undefined;
  }
}
