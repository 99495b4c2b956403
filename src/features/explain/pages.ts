import {sectionsIn} from './file.ts';
import {regionFacts} from './region.ts';
import {regionLines} from './text.ts';
import type {Region} from '../../model/region.ts';
import {firstFrom} from '../../model/search.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import type {ProcessHandle} from '../../procfs/handle.ts';

/**
 * Says of one region after another what `explain` says, for a screen that is drawn again and again: the file of a
 * region is read once, and not again for as long as the same region is asked for.
 *
 * The region may be an older reading of one that is there now: smaps, which has its counters, is read only now and
 * then.
 *
 * @param handle of the live process; undefined for a recording
 * @returns lines of at most `width` columns, which is 20 or more
 */
export function regionPages(handle?: ProcessHandle): (snapshot: Snapshot, region: Region, width: number) => string[] {
  let last: {readonly region: Region; readonly sections: string[]} | undefined;
  return (snapshot, region, width) => {
    const {regions} = snapshot;
    if (!last || !isSamePart(last.region, region)) {
      const here = regions[firstFrom(regions, region.start)] ?? region;
      last = {region, sections: sectionsIn({snapshot, handle, name: ''}, here)};
    }
    return regionLines(regionFacts(regions, region), last.sections, width).flatMap((line) => line.split('\n'));
  };
}

const isSamePart = (a: Region, b: Region): boolean =>
  a === b ||
  (a.start === b.start && a.end === b.end && a.offset === b.offset && a.inode === b.inode && a.name === b.name);
