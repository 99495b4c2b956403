import {existsSync} from 'node:fs';
import {USUAL_PAGE} from '../../model/clues/clues.ts';
import type {Regions} from '../../model/columns/regions.ts';
import {Trouble} from '../../model/trouble.ts';
import {parseAuxv} from '../../parse/proc/auxv.ts';
import {parseNumaMaps} from '../../parse/proc/numa-maps.ts';
import type {Status} from '../../parse/proc/status.ts';
import type {ProcessHandle} from '../handle.ts';
import {readIfThere} from '../open.ts';
import {readWhole} from '../rollup.ts';
import {DEFAULT_MAX_STALL, predictStall} from '../sampling/budget.ts';

/**
 * Adds to the counters of each region how many bytes of it lie on each NUMA node (`node0`, `node1`, …), and to its
 * attributes the memory policy, unless that is the default one.
 *
 * It is a walk of its own, a moment after that of smaps: a region that came or moved in between has no nodes. It holds
 * the lock of the memory map as long as reading smaps does, and isn't made where that would be for too long.
 *
 * @param regions with the counters of smaps; changed in place
 * @param folder '' or `task/TID/`
 * @returns what a reader should know of it
 */
export function countNodes(
  handle: ProcessHandle,
  regions: Regions,
  status: Status,
  {maxStall = DEFAULT_MAX_STALL}: {readonly maxStall?: number | undefined},
  folder: string,
): readonly string[] {
  const stall = predictStall(Number(status['vmRss'] ?? 0), regions.length);
  if (stall > maxStall)
    return without(
      `reading them would stall the process for about ${Math.round(stall)} ms (allowed: ${maxStall} ms, --max-stall).`,
    );
  let bytes: Buffer;
  try {
    handle.lock.ask(handle.stat());
    bytes = readWhole(handle, `${folder}numa_maps`);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    const isMissing = !existsSync(handle.path(`${folder}numa_maps`)) && existsSync(handle.path('stat'));
    return without(
      error.kind === 'gone' && isMissing
        ? 'there is no numa_maps: the kernel was built without CONFIG_NUMA.'
        : `${error.why} ${error.next}`,
    );
  }
  const {pageSize = USUAL_PAGE} = parseAuxv(readIfThere(handle.path('auxv')) ?? new Uint8Array());
  const placements = parseNumaMaps(bytes, pageSize);
  for (let row = 0; row < regions.length; row++) {
    const placed = placements.get(regions.start[row]!);
    if (!placed || !regions.usageAt(row)) continue;
    const {attributes} = regions.at(row);
    if (placed.policy !== 'default')
      regions.attributes[row] = regions.tables.attributesOf({...attributes, numaPolicy: placed.policy});
    const nodes = Object.entries(placed.nodes).map(([node, amount]) => [`node${node}`, amount]);
    regions.count(row, Object.fromEntries(nodes) as Record<string, number>);
  }
  return ['NUMA nodes are from numa_maps, which was read a moment after the other counters.'];
}

const without = (why: string): readonly string[] => [`NUMA nodes were not read: ${why}`];
