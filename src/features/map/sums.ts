import {hasRollup} from '../../model/columns/regions.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {Trouble} from '../../model/trouble.ts';

/** smaps_rollup names one range with all holes in it: no picture can be made of that. @throws Trouble `input` */
export function refuseSums({table}: Snapshot): void {
  if (!hasRollup(table)) return;
  throw new Trouble({
    kind: 'input',
    what: 'There is no picture of smaps_rollup.',
    why: 'it has the sums of a whole process, and does not say which regions there are, nor where.',
    next: 'Give /proc/PID/smaps or maps, or leave --map out.',
  });
}
