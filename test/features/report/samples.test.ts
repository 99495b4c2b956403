import {isDeepStrictEqual} from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {growthOf} from '../../../src/features/growth/growth.ts';
import {RecordedGrowth, RecordedLook} from '../../../src/features/growth/recorded.ts';
import {reportJSON} from '../../../src/features/report/json.ts';
import {packReport} from '../../../src/features/report/pack.ts';
import {reportOf} from '../../../src/features/report/report.ts';
import {Series} from '../../../src/history/series.ts';
import type {Seen} from '../../../src/history/seen.ts';
import type {Recording} from '../../../src/recording/recording.ts';
import {lives} from './lives.ts';
import {ABOUT} from './scenes.ts';

/** The looks of a recording as whole snapshots, which are compared region by region. */
const whole = (recording: Recording): Seen[] =>
  Array.from(recording.snapshots(), ({moment: {t, event, marks}, snapshot}) => ({t, snapshot, event, marks}));

const told = (recording: Recording, looks: Iterable<Seen>): string => {
  const report = reportOf({...ABOUT, looks: recording.looks, duration: recording.duration}, looks);
  return JSON.stringify([reportJSON(report), packReport(report)]);
};

test('a report of what changes is a report of all that there was', (t) => {
  const law = fc.property(lives, (recording) => {
    const looks = Array.from(recording.samples(), (sample) => new RecordedLook(sample, sample.moment.t, undefined));
    return told(recording, looks) === told(recording, whole(recording));
  });
  t.notThrows(() => fc.assert(law, {numRuns: 400}));
});

test('growth of what changes is growth of all that there was since the last exec', (t) => {
  const law = fc.property(lives, fc.constantFrom('rss', 'pss', 'size'), (recording, measure) => {
    const growth = new RecordedGrowth(recording, measure, 1);
    for (const sample of recording.samples()) growth.add(sample);
    const series = new Series([measure], measure);
    const looks = whole(recording).slice(
      Math.max(
        0,
        recording.moments.findLastIndex(({event}) => event === 'exec'),
      ),
    );
    for (const [index, look] of looks.entries()) {
      series.add({...look, t: look.t - looks[0]!.t});
      const {moments} = recording;
      const at = moments.length - looks.length + index;
      const [moment, next] = [moments[at]!, moments[at + 1]];
      const idle = next ? next.look - moment.look - 1 : 0;
      for (let each = 1; each <= idle; each++) {
        const part = next!.since === undefined ? each / (idle + 1) : each / idle;
        series.add({...look, t: moment.t + ((next!.since ?? next!.t) - moment.t) * part - looks[0]!.t});
      }
    }
    return isDeepStrictEqual(growth.judge().growth, growthOf(series, measure, 1));
  });
  t.notThrows(() => fc.assert(law, {numRuns: 200}));
});
