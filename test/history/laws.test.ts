import test from 'ava';
import fc from 'fast-check';
import {COUNTERS, curvesOf, sumOver} from '../../src/history/curves.ts';
import {Series} from '../../src/history/series.ts';
import type {Seen} from '../../src/history/seen.ts';
import {recordings} from './recordings.ts';

const holds = (law: (shots: readonly Seen[]) => boolean): void =>
  fc.assert(fc.property(recordings, law), {numRuns: 300});

function followed(shots: readonly Seen[]): Series {
  const series = new Series(COUNTERS, 'rss');
  for (const look of shots) series.add(look);
  return series;
}

test('at each look, the stays are the regions that were seen, with their resident memory', (t) => {
  holds((shots) => {
    const {stays} = followed(shots);
    return shots.every(({snapshot}, look) => {
      const there = stays.filter(({from, to}) => from <= look && look < to).sort((a, b) => a.start - b.start);
      const all = snapshot.regions;
      return (
        there.length === all.length &&
        there.every((stay, index) => {
          const region = all[index]!;
          let rss: number | undefined;
          for (let at = 0; at < stay.amounts.length && stay.amounts[at]! <= look; at += 2) rss = stay.amounts[at + 1];
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
    const {stays} = followed(shots);
    return shots.every((_, look) => {
      const tracks = stays.filter(({from, to}) => from <= look && look < to).map(({track}) => track);
      return new Set(tracks).size === tracks.length;
    });
  });
  t.pass();
});

test('the kinds add up to what was there at each look', (t) => {
  holds((shots) => {
    const curves = curvesOf(followed(shots));
    const [sizes, rss] = [sumOver(curves, 'size'), sumOver(curves, 'rss')];
    return (
      shots.every(({snapshot}, look) => sizes[look] === snapshot.totals.size) &&
      curves.usageAt.every((look, at) => rss[at] === (shots[look]!.snapshot.totals['rss'] ?? 0))
    );
  });
  t.pass();
});
