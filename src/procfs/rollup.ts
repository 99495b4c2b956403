import type {Usage} from '../model/region.ts';
import type {Regions} from '../model/columns/regions.ts';
import {totalsOf} from '../model/totals.ts';
import {errnoOf, Trouble} from '../model/trouble.ts';
import {parseListing} from '../parse/reader.ts';
import {parseRollup} from '../parse/proc/smaps.ts';
import type {ProcessHandle} from './handle.ts';
import {processTrouble} from './trouble.ts';

/**
 * The counters of a whole process: smaps_rollup, which is one walk (fs/proc/task_mmu.c, show_smaps_rollup()). Kernels
 * before 4.14 have none; what smaps lists adds up to the same.
 *
 * @param read reads a file of the process whole
 * @returns no counters if the process has no memory by now
 * @throws what `read` throws
 */
export function readRollup(read: (file: 'smaps_rollup' | 'smaps') => Buffer): Usage {
  try {
    return parseRollup(read('smaps_rollup'));
  } catch (error) {
    // Of a process that has ended, the other file isn't there either.
    if (errnoOf(error) !== 'ENOENT' && !(error instanceof Trouble && error.kind === 'gone')) throw error;
  }
  return usageOf(parseListing(read('smaps'), 'proc', 'later').table);
}

/** The sums of the counters of regions. */
export function usageOf(regions: Regions): Usage {
  const {regions: _, size: __, ...usage} = totalsOf(regions);
  return usage;
}

/** A file of the process, all of it. @throws Trouble */
export function readWhole(handle: ProcessHandle, path: string): Buffer {
  const file = handle.open(path);
  try {
    return file.read();
  } catch (error) {
    throw processTrouble(handle.pid, error, handle.root);
  } finally {
    file.close();
  }
}
