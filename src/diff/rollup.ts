import {Trouble} from '../model/trouble.ts';
import {OWN_COUNTERS} from '../model/region.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {usageDelta} from './draft.ts';
import type {Swept} from './sweep.ts';

/** Why two rollups are not compared by layout or by address: a phrase. */
export const SUMS_ALONE = 'smaps_rollup has the sums of a whole process, and no regions';

/**
 * Compares the counters of two smaps_rollup, which is one record for a whole process (fs/proc/task_mmu.c,
 * show_smaps_rollup()). Its range reaches from the first region to the last, holes included: where that differs, it is
 * not known what was mapped or unmapped.
 *
 * @returns at most one draft, `touched`; undefined if neither side is a rollup
 * @throws Trouble `input` if one side alone is
 */
export function sweepRollups(before: Snapshot, after: Snapshot): Swept | undefined {
  const sides = [before, after].filter((side) => side.count === 1 && side.regions[0]!.name === '[rollup]');
  if (sides.length === 0) return undefined;
  if (sides.length === 1) throw unlike();
  const [first, second] = [before.regions[0]!, after.regions[0]!];
  const usage = usageDelta([first], [second]);
  for (const counter in usage)
    if (first.usage?.[counter] === undefined || second.usage?.[counter] === undefined) delete usage[counter];
  if (!OWN_COUNTERS.some((counter) => usage[counter])) return {drafts: [], unchanged: 1};
  const {start, end} = second;
  const draft = {kind: 'touched', range: {start, end}, before: [first], after: [second], size: 0, usage} as const;
  return {drafts: [draft], unchanged: 0};
}

const unlike = (): Trouble =>
  new Trouble({
    kind: 'input',
    what: 'The two sides cannot be compared.',
    why: 'one is smaps_rollup, which has the sums of a whole process; the other lists regions.',
    next: 'Give two copies of smaps_rollup, or smaps (or memmap snapshot PID) on both sides.',
  });
