import test from 'ava';
import fc from 'fast-check';
import {COUNTERS} from '../../../src/history/curves.ts';
import {Series} from '../../../src/history/series.ts';
import {runs, values} from '../../../src/features/report/pack.ts';
import {reportOf} from '../../../src/features/report/report.ts';
import {stripsOf} from '../../../src/features/report/strips.ts';
import {thin} from '../../../src/features/report/thin.ts';
import {recordings} from '../../history/recordings.ts';
import {ABOUT, leak} from './scenes.ts';

test('each stay is in one part of one strip, and parts ascend without overlap', (t) => {
  const law = fc.property(recordings, (shots) => {
    const series = new Series(COUNTERS, 'rss');
    for (const look of shots) series.add(look);
    const {stays} = series;
    const parts = stripsOf(stays, [...shots.map((shot) => shot.t), 1e6], '/lib/a.so').flatMap((strip) => strip.parts);
    const inParts = parts.flatMap((part) => part.stays);
    return (
      inParts.length === stays.length &&
      new Set(inParts).size === stays.length &&
      parts.every((part) => part.stays.every(({start, end}) => part.start <= start && end <= part.end)) &&
      parts.every((part, index) => index === 0 || parts[index - 1]!.end <= part.start)
    );
  });
  fc.assert(law, {numRuns: 300});
  t.pass();
});

test('thinning keeps both ends and the highest peak, and what refers to a look refers to one that is there', (t) => {
  const drafts = fc.array(fc.nat(1e6), {minLength: 60, maxLength: 400});
  fc.assert(
    fc.property(drafts, (rss) => {
      const curves = {
        times: rss.map((_, at) => at * 10),
        usageAt: rss.map((_, at) => at),
        resident: rss.map(() => null),
        kinds: [
          {
            kind: 'heap' as const,
            regions: rss.map(() => 1),
            size: rss.map(() => 1),
            rss,
            pss: rss,
            privateDirty: rss,
            swap: rss,
          },
        ],
      };
      const stays = rss.map((_, at) => ({
        start: at,
        end: at + 1,
        perms: '',
        kind: 'heap' as const,
        name: '',
        track: at,
        from: at,
        to: rss.length,
        amounts: [at, 1],
      }));
      const thinned = thin({curves, stays, events: [{look: 30, kind: 'mark', text: ''}], growers: [], changes: []}, 40);
      const {times} = thinned.curves;
      return (
        times.length <= 41 &&
        times[0] === 0 &&
        times.at(-1) === (rss.length - 1) * 10 &&
        Math.max(...thinned.curves.kinds[0]!.rss) === Math.max(...rss) &&
        times[thinned.events[0]!.look] === 300 &&
        thinned.stays.every(({from, to}) => from < to && to <= times.length)
      );
    }),
  );
  t.pass();
});

test('runs are the values again', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(3)), (all) => {
      t.deepEqual(values(runs(all)), all);
    }),
  );
});

test('8 values give a pace, fewer give none: they say nothing', (t) => {
  const isPaced = (seconds: number): boolean =>
    reportOf({...ABOUT, looks: seconds + 1, duration: seconds * 1000}, leak(seconds)).growers[0]!.slope !== undefined;
  t.deepEqual([2, 6, 7].map(isPaced), [false, false, true]);
});
