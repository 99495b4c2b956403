import {latin1} from '../scan.ts';

/** Where the pages of a region lie. */
export interface Placement {
  /** Bytes by the number of the node; nodes without pages of it are absent. */
  readonly nodes: Readonly<Record<number, number>>;
  /** Which nodes new pages come from, as the kernel prints it: `default`, `bind:0-1`. */
  readonly policy: string;
}

/**
 * /proc/PID/numa_maps: numa(7). A line for each region, by its first address: the memory policy, what it is, and pages
 * by node (show_numa_map() in fs/proc/task_mmu.c). Blanks and `=` in file names are escaped there. Pages are of
 * kernelpagesize_kB, which for a region of huge pages of the pool is that of the pool.
 *
 * @param pageSize bytes of a page where a line doesn't say it, as before Linux 3.13
 */
export function parseNumaMaps(bytes: Uint8Array, pageSize: number): ReadonlyMap<number, Placement> {
  const placements = new Map<number, Placement>();
  for (const line of latin1(bytes, 0, bytes.length).split('\n')) {
    const [, start, policy, rest] = LINE.exec(line) ?? [];
    if (start === undefined || policy === undefined || rest === undefined) continue;
    const kilobytes = / kernelpagesize_kB=(\d{1,9})(?= |$)/.exec(rest)?.[1];
    const page = kilobytes === undefined ? pageSize : Number(kilobytes) * 1024;
    const nodes: Record<number, number> = {};
    for (const [, node, pages] of rest.matchAll(/ N(\d{1,4})=(\d{1,12})(?= |$)/g)) {
      const amount = Number(pages) * page;
      if (Number.isSafeInteger(amount)) nodes[Number(node)] = amount;
    }
    placements.set(Number.parseInt(start, 16), {nodes, policy});
  }
  return placements;
}

/** Two policies have a blank in their names: mpol_to_str() in mm/mempolicy.c. */
const LINE = /^([\da-f]{1,16}) ((?:prefer \(many\)|weighted interleave|[a-z])\S*)(.*)$/;
