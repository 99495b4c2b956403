import {growthOf, type Growth, type GrowthMeasure} from '../growth/growth.ts';
import {Series, type Seen} from '../model/series.ts';
import type {Snapshot} from '../model/snapshot.ts';
import type {Recording} from '../record/recording.ts';
import {withProgress} from './progress.ts';

/** Of more looks than these at which nothing had changed, some are left out. */
const MOST_IDLE = 5000;

/**
 * The looks of a recording, from the last program that began on. Looks at which nothing had changed are not written down:
 * they are put in again, evenly, or a process that sat still would seem to have been looked at only while it moved.
 */
export function* recordedLooks(recording: Recording): Generator<Seen> {
  const {moments} = recording;
  const begin = moments.findLastIndex(({event}) => event === 'exec');
  const every = Math.max(1, Math.ceil(recording.looks / MOST_IDLE));
  const start = moments[Math.max(0, begin)]!.t;
  for (const {moment, snapshot} of withProgress(
    'Reading',
    recording.snapshots(Math.max(0, begin)),
    recording.count - Math.max(0, begin),
  )) {
    if (moment.event === 'exit') return;
    const status = recording.status(moment.index);
    yield {t: moment.t - start, snapshot, status};
    const next = moments[moment.index + 1];
    const idle = next === undefined ? 0 : next.look - moment.look - 1;
    for (let look = every; look <= idle; look += every) {
      // `since` is the last of them; where it isn't said, the next moment is one more at which nothing had changed.
      const part = next!.since === undefined ? look / (idle + 1) : look / idle;
      yield {t: moment.t - start + ((next!.since ?? next!.t) - moment.t) * part, snapshot, status};
    }
  }
}

/**
 * Judges what the last program of a recording did.
 *
 * @param least a movement of fewer bytes doesn't matter
 */
export function growthOfRecording(recording: Recording, measure: GrowthMeasure, least: number): {growth: Growth; last: Snapshot} {
  const series = new Series(measure);
  for (const seen of recordedLooks(recording)) series.add(seen);
  return {growth: growthOf(series, measure, least, recording.end?.reason === 'exit'), last: series.last!};
} // prettier-ignore
