import test from 'ava';
import fc from 'fast-check';
import {Snapshot} from '../../../src/model/snapshot.ts';
import {runs, values} from '../../../src/features/report/pack.ts';
import {SeriesKeeper, sumOver} from '../../../src/features/report/series.ts';
import {slopeOf} from '../../../src/features/report/slope.ts';
import {stripsOf} from '../../../src/features/report/strips.ts';
import {thin} from '../../../src/features/report/thin.ts';
import {Tracks} from '../../../src/features/report/tracks.ts';
import {regions as someRegions} from '../../model/regions.ts';
import {seen} from './scenes.ts';

/** Looks at a process whose regions are anything, and now and then the same as before. */
const recordings = fc
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

const holds = (law: (shots: ReturnType<typeof recordings.generate>['value']) => boolean): void =>
  fc.assert(fc.property(recordings, law), {numRuns: 300});

function followed(shots: Parameters<typeof seen>[0]): {tracks: Tracks; series: SeriesKeeper} {
  const [tracks, series] = [new Tracks(), new SeriesKeeper()];
  for (const look of seen(shots)) {
    tracks.take(look);
    series.take(look);
  }
  tracks.close(shots.length);
  return {tracks, series};
}

test('at each look, the stays are the regions that were seen, with their resident memory', (t) => {
  holds((shots) => {
    const {stays} = followed(shots).tracks;
    return shots.every(({snapshot}, look) => {
      const there = stays.filter(({from, to}) => from <= look && look < to).sort((a, b) => a.start - b.start);
      const all = snapshot.regions;
      return (
        there.length === all.length &&
        there.every((stay, index) => {
          const region = all[index]!;
          let rss: number | undefined;
          for (let at = 0; at < stay.rss.length && stay.rss[at]! <= look; at += 2) rss = stay.rss[at + 1];
          const isKnown = region.usage === undefined || rss === region.usage.rss;
          return (
            stay.start === region.start &&
            stay.end === region.end &&
            stay.perms === region.perms &&
            stay.kind === region.kind &&
            stay.name === region.name &&
            isKnown
          );
        })
      );
    });
  });
  t.pass();
});

test('no two stays of one track are there at the same time', (t) => {
  holds((shots) => {
    const {stays} = followed(shots).tracks;
    return shots.every((_, look) => {
      const tracks = stays.filter(({from, to}) => from <= look && look < to).map(({track}) => track);
      return new Set(tracks).size === tracks.length;
    });
  });
  t.pass();
});

test('the kinds add up to what was there at each look', (t) => {
  holds((shots) => {
    const {series} = followed(shots);
    const [sizes, rss] = [sumOver(series, 'size'), sumOver(series, 'rss')];
    return (
      shots.every(({snapshot}, look) => sizes[look] === snapshot.totals.size) &&
      series.usageAt.every((look, at) => rss[at] === (shots[look]!.snapshot.totals['rss'] ?? 0))
    );
  });
  t.pass();
});

test('each stay is in one part of one strip, and parts ascend without overlap', (t) => {
  holds((shots) => {
    const {stays} = followed(shots).tracks;
    const parts = stripsOf(stays, [...shots.map((shot) => shot.t), 1e6], '/lib/a.so').flatMap((strip) => strip.parts);
    const inParts = parts.flatMap((part) => part.stays);
    return (
      inParts.length === stays.length &&
      new Set(inParts).size === stays.length &&
      parts.every((part) => part.stays.every(({start, end}) => part.start <= start && end <= part.end)) &&
      parts.every((part, index) => index === 0 || parts[index - 1]!.end <= part.start)
    );
  });
  t.pass();
});

test('thinning keeps both ends and the highest peak, and what refers to a look refers to one that is there', (t) => {
  const drafts = fc.array(fc.nat(1e6), {minLength: 60, maxLength: 400});
  fc.assert(
    fc.property(drafts, (rss) => {
      const series = {
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
        rss: [at, 1],
      }));
      const thinned = thin({series, stays, events: [{look: 30, kind: 'mark', text: ''}], growers: [], changes: []}, 40);
      const {times} = thinned.series;
      return (
        times.length <= 41 &&
        times[0] === 0 &&
        times.at(-1) === (rss.length - 1) * 10 &&
        Math.max(...thinned.series.kinds[0]!.rss) === Math.max(...rss) &&
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

test('the slope of a line is its slope, wherever it lies and whatever jumps once', (t) => {
  fc.assert(
    fc.property(fc.integer({min: -1000, max: 1000}), fc.nat(1e9), fc.nat(1e6), (rate, base, begin) => {
      const times = Array.from({length: 400}, (_, at) => begin + at * 100);
      const line = times.map((time) => base + ((time - begin) / 1000) * rate);
      const spiked = line.map((value, at) => (at === 77 ? value + 1e9 : value));
      const exact = rate * 60;
      return [line, spiked].every(
        (each) => Math.abs(slopeOf(times, each, times.at(-1)!)! - exact) <= Math.abs(exact) * 0.03 + 1,
      );
    }),
  );
  t.is(slopeOf([0, 1, 2], [1, 2, 3], 2), undefined, 'three values say nothing');
});
