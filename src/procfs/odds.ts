import type {Regions} from '../model/columns/regions.ts';
import type {Status} from '../parse/proc/status.ts';
import type {ProcessHandle} from './handle.ts';

/**
 * The kernel lets go of the map between two lines. Memory that mremap(2) moves meanwhile can be listed twice, or not at
 * all, and every line is right. But the sum of all sizes is VmSize (total_vm, fs/proc/task_mmu.c): where that was the
 * same before and after, the listing must add up to it.
 *
 * @param size of the process before and after, in bytes
 * @returns bytes that the regions have too many; 0 where they add up
 */
export function oddsOf(regions: Regions, size: number): number {
  const {start, end, length} = regions;
  let sum = 0;
  for (let row = 0; row < length; row++) if (!OF_NO_PROCESS.has(regions.nameAt(row))) sum += end[row]! - start[row]!;
  return sum - size;
}

/**
 * The same for what was just read; 0 where the size changed, and nothing can be said. While mremap(2) moves memory it
 * counts twice: where the size differs afterwards, it is read once more, and may be what it was before. (Where both
 * readings fall into a move, nothing shows it: about once in 3,000 times, for a process that does nothing else.)
 */
export function oddsNow(regions: Regions, {vmSize: before}: Status, handle: ProcessHandle): number {
  if (typeof before !== 'number' || regions.length > MOST_REGIONS) return 0;
  const isSteady = handle.size() === before || handle.size() === before;
  return isSteady ? oddsOf(regions, before) : 0;
}

/**
 * A process with more regions often maps and unmaps some while they are listed: a sum that is off by these says nothing
 * about memory that moved, and reading again would take as long again.
 */
const MOST_REGIONS = 10_000;

/** Gate areas, which the kernel lists for each process and which belong to none (get_gate_vma()). */
const OF_NO_PROCESS: ReadonlySet<string> = new Set(['[vsyscall]', '[vectors]']);
