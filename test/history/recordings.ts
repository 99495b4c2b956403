import fc from 'fast-check';
import {Snapshot} from '../../src/model/snapshot.ts';
import type {Seen} from '../../src/history/seen.ts';
import {regions as someRegions} from '../model/regions.ts';

/** Looks at a process whose regions are anything, and now and then the same as before. */
export const recordings: fc.Arbitrary<readonly Seen[]> = fc
  .array(fc.tuple(someRegions, fc.boolean(), fc.integer({min: 0, max: 500})), {minLength: 1, maxLength: 12})
  .map((drafts) => {
    let t = 0;
    let regions = drafts[0]![0];
    return drafts.map(([next, isSame, pause], index) => {
      t += pause;
      if (!isSame) regions = next;
      const format = regions.some(({usage}) => usage) ? 'smaps' : 'maps';
      const snapshot = new Snapshot({source: {from: 'snapshot', format}, regions});
      return {t, snapshot, ...(index === 7 && {event: 'exec' as const})};
    });
  });
