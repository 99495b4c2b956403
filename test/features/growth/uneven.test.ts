import test from 'ava';
import {growthOf} from '../../../src/features/growth/growth.ts';
import {judge} from '../../../src/features/growth/verdict/judge.ts';
import {Series, type Points} from '../../../src/history/series.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';
import {parseListing} from '../../../src/parse/reader.ts';
import {MIB, Random} from './synthetic.ts';

/** A recorder reads smaps when its budget lets it: often at one time, seldom at another. */
const times = (count: number, at: (part: number) => number): number[] =>
  Array.from({length: count}, (_, index) => 180_000 * at(index / count));

const points = (t: number[], mib: (part: number) => number): Points => {
  const random = new Random(5);
  return {t, v: t.map((ms) => Math.round((mib(ms / 180_000) + 0.02 * random.normal()) * 256) * 4096)};
};

test('a leak is one also where the looks are dense at the beginning or at the end', (t) => {
  for (const at of [(part: number) => part ** 3, (part: number) => 1 - (1 - part) ** 3, (part: number) => part]) {
    for (const count of [24, 60, 240]) {
      const {verdict, slope} = judge(
        points(times(count, at), (part) => 50 + 20 * part),
        65_536,
      );
      t.is(verdict, 'steady growth', `${count} looks`);
      t.true(Math.abs(slope!.slope * 180_000 - 20 * MIB) < 2 * MIB);
    }
  }
});

test('a rise that came while nobody looked is no step', (t) => {
  const fills = (part: number): number => 20 + 115 * (1 - Math.exp(-5 * part));
  const looks = [0, ...times(100, (part) => 0.36 + 0.64 * part)];
  t.is(judge(points(looks, fills), 65_536).verdict, 'plateau');
  const even = times(100, (part) => part);
  t.is(
    judge(
      points(even, (part) => (part < 0.3 ? 20 : 135)),
      65_536,
    ).verdict,
    'step',
  );
});

test('what only goes up and down by little, and ends higher than it began, is not said to shrink', (t) => {
  const looks = [0, ...times(100, (part) => 0.3 + 0.7 * part)];
  const {verdict} = judge(
    points(looks, (part) => (part === 0 ? 207.4 : 208.8 - part)),
    65_536,
  );
  t.is(verdict, 'flat');
});

test('where smaps was not read for long the total is what status says at each look', (t) => {
  const series = new Series(['rss'], 'rss');
  for (let look = 0; look < 60; look++) {
    const rss = 1000 + 10 * look;
    const hasUsage = look === 0 || look > 30;
    const text = `00400000-00c00000 rw-p 00000000 00:00 0 \n${hasUsage ? `Size: 8192 kB\nRss: ${rss} kB\n` : ''}`;
    const {regions, format} = parseListing(Buffer.from(text), 'proc', 'later');
    const snapshot = new Snapshot({
      source: {from: 'process', format},
      regions,
      process: {},
      status: {vmRss: rss * 1024},
    });
    series.add({t: look * 1000, snapshot});
  }
  const {measure, totalMeasure, total, kinds, sum} = growthOf(series, 'rss', 65_536);
  // What kinds did for half of the time is unknown: their table is of sizes, also its total.
  t.is(measure, 'size');
  t.is(sum.last, 8192 * 1024);
  t.is(totalMeasure, 'vmRss');
  t.is(total.points.t.length, 60);
  t.is(total.verdict, 'steady growth');
  t.true(Math.abs(total.slope!.slope - 10.24) < 0.1);
  t.is(kinds[0]!.points.t.length, 60);
  t.is(kinds[0]!.verdict, 'flat');
});
