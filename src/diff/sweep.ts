import type {Region} from '../model/region.ts';
import {OWN_COUNTERS} from '../model/usage.ts';
import {usageDelta, wholeRegion, type Draft} from './draft.ts';
import {clusters, type Cluster} from './pieces.ts';
import {reshaped} from './reshape.ts';
import {fate} from './same.ts';

export interface Swept {
  readonly drafts: Draft[];
  /** Regions that are the same on both sides. */
  readonly unchanged: number;
}

/**
 * Names what happened between two listings, range by range, in one pass.
 *
 * @param slide added to the addresses of `before`: 0 for two moments of one process, an object's displacement for two runs
 */
export function sweep(before: readonly Region[], after: readonly Region[], slide = 0): Swept {
  const drafts: Draft[] = [];
  let unchanged = after.length;
  for (const cluster of clusters(before, after, slide)) {
    if (isSamePair(cluster, slide)) {
      const draft = samePlace(cluster.before[0]!, cluster.after[0]!, slide);
      if (!draft) continue;
      drafts.push(draft);
    } else if (cluster.after.length === 0) {
      drafts.push(wholeRegion('gone', cluster.before[0]!));
    } else if (cluster.before.length === 0) {
      drafts.push(wholeRegion('new', cluster.after[0]!));
    } else {
      // Not push(...): a large region can fall into more pieces than a call has arguments.
      for (const draft of reshaped(cluster, slide)) drafts.push(draft);
    }
    unchanged -= cluster.after.length;
  }
  return {drafts, unchanged};
}

/** One region on each side, with the same borders and the same memory: by far the most common case. */
function isSamePair({before, after}: Cluster, slide: number): boolean {
  const [a] = before;
  const [b] = after;
  return (
    before.length === 1 && after.length === 1 && a!.start + slide === b!.start && a!.end + slide === b!.end &&
    fate(a!, b!, slide) === 'kept'
  ); // prettier-ignore
}

function samePlace(before: Region, after: Region, slide: number): Draft | undefined {
  const concerned = {range: {start: after.start, end: after.end}, before: [before], after: [after], size: 0};
  if (slide !== 0) {
    const from = {start: before.start, end: before.end};
    return {kind: 'moved', ...concerned, from, slide, usage: usageDelta([before], [after])};
  }
  if (before === after || !before.usage || !after.usage) return undefined;
  const usage = usageDelta([before], [after]);
  // Absent is not zero: a counter that one side doesn't have can't differ.
  for (const counter in usage) {
    if (before.usage[counter] === undefined || after.usage[counter] === undefined) delete usage[counter];
  }
  return OWN_COUNTERS.some((counter) => usage[counter]) ? {kind: 'touched', ...concerned, usage} : undefined;
}
