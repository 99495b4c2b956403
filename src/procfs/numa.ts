import {existsSync} from 'node:fs';
import {USUAL_PAGE} from '../model/clues.ts';
import {type Region, withCounted} from '../model/region.ts';
import {Trouble} from '../model/trouble.ts';
import {parseAuxv} from '../parse/proc/auxv.ts';
import {parseNumaMaps} from '../parse/proc/numa-maps.ts';
import type {Status} from '../parse/proc/status.ts';
import type {ProcessHandle} from './handle.ts';
import {readIfThere} from './open.ts';
import {readWhole} from './rollup.ts';
import {DEFAULT_MAX_STALL, predictStall} from './sampling/budget.ts';

/** Regions with what each NUMA node has of them, and what a reader should know of it. */
interface Placed {
  readonly regions: readonly Region[];
  readonly notes: readonly string[];
}

/**
 * Adds to the counters of each region how many bytes of it lie on each NUMA node (`node0`, `node1`, …), and to its
 * attributes the memory policy, unless that is the default one.
 *
 * It is a walk of its own, a moment after that of smaps: a region that came or moved in between has no nodes. It holds
 * the lock of the memory map as long as reading smaps does, and isn't made where that would be for too long.
 *
 * @param folder '' or `task/TID/`
 */
export function withNodes(
  handle: ProcessHandle,
  regions: readonly Region[],
  status: Status,
  {maxStall = DEFAULT_MAX_STALL}: {readonly maxStall?: number | undefined},
  folder: string,
): Placed {
  const stall = predictStall(Number(status['vmRss'] ?? 0), regions.length);
  if (stall > maxStall)
    return without(
      regions,
      `reading them would stall the process for about ${Math.round(stall)} ms (allowed: ${maxStall} ms, --max-stall).`,
    );
  let bytes: Buffer;
  try {
    handle.lock.ask(handle.stat());
    bytes = readWhole(handle, `${folder}numa_maps`);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    const isMissing =
      error.kind === 'gone' && !existsSync(handle.path(`${folder}numa_maps`)) && existsSync(handle.path('stat'));
    return without(
      regions,
      isMissing ? 'there is no numa_maps: the kernel was built without CONFIG_NUMA.' : `${error.why} ${error.next}`,
    );
  }
  const {pageSize = USUAL_PAGE} = parseAuxv(readIfThere(handle.path('auxv')) ?? new Uint8Array());
  const placements = parseNumaMaps(bytes, pageSize);
  return {
    regions: regions.map((region) => {
      const placed = placements.get(region.start);
      if (!placed || !region.usage) return region;
      const nodes = Object.entries(placed.nodes).map(([node, amount]) => [`node${node}`, amount]);
      const isUsual = placed.policy === 'default';
      return withCounted(region, {
        usage: {...region.usage, ...(Object.fromEntries(nodes) as Record<string, number>)},
        flags: region.flags,
        attributes: isUsual ? region.attributes : {...region.attributes, numaPolicy: placed.policy},
      });
    }),
    notes: ['NUMA nodes are from numa_maps, which was read a moment after the other counters.'],
  };
}

const without = (regions: readonly Region[], why: string): Placed => ({
  regions,
  notes: [`NUMA nodes were not read: ${why}`],
});
