import test from 'ava';
import fc from 'fast-check';
import {sizeOf} from '../../src/model/region.ts';
import {Series} from '../../src/history/series.ts';
import type {Track} from '../../src/history/tracks.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {parse} from '../../src/parse/parse.ts';
import {Session} from '../../src/procfs/sampling/session.ts';
import {python} from '../helpers/child.ts';
import {testIf} from '../helpers/tools.ts';

const maps = (...lines: readonly string[]): Snapshot => parse(`${lines.join('\n')}\n`);
const line = (range: string, name = '', perms = 'rw-p', file = '00:00 0'): string =>
  `${range} ${perms} 00000000 ${file}   ${name}`;

/** The sizes of each track, look by look, in pages; a region is there from its first look to its last. */
const pagesOf = (series: Series): number[][] =>
  series.tracks.map((track) => series.ofTrack(track, 'size').v.map((bytes) => bytes / 4096));

/** The look at which it was first seen, and the one at which it was no longer. */
const firstOf = ({stays}: Track): number => stays[0]!.from;
const endOf = ({stays}: Track): number => stays.at(-1)!.to;

const seriesOf = (...snapshots: readonly Snapshot[]): Series => {
  const series = new Series(['rss'], 'rss');
  for (const [index, snapshot] of snapshots.entries()) series.add({t: index * 100, snapshot});
  return series;
};

test('a region stays itself while it grows up or down, shrinks, and takes in its neighbour', (t) => {
  const up = seriesOf(maps(line('10000-11000', '[heap]')), maps(line('10000-14000', '[heap]')));
  t.deepEqual(pagesOf(up), [[1, 4]]);
  const down = seriesOf(maps(line('20000-30000')), maps(line('10000-30000')), maps(line('18000-28000')));
  t.deepEqual(pagesOf(down), [[16, 32, 16]]);
  const merged = seriesOf(maps(line('10000-18000'), line('20000-21000')), maps(line('10000-21000')));
  t.deepEqual(pagesOf(merged), [[8, 17], [1]]);
  const split = seriesOf(maps(line('10000-20000')), maps(line('10000-12000'), line('12000-20000', '', '---p')));
  t.deepEqual(pagesOf(split), [[16, 2], [14]]);
});

test('other memory at the same place is another track: another file, or a file where there was none', (t) => {
  const file = (inode: number): string => line('10000-11000', '/a', 'r--p', `08:01 ${inode}`);
  t.is(seriesOf(maps(file(1)), maps(file(2))).tracks.length, 2);
  t.is(seriesOf(maps(file(1)), maps(line('10000-11000'))).tracks.length, 2);
  t.is(seriesOf(maps(file(1)), maps(file(1))).tracks.length, 1);
  t.is(seriesOf(maps(line('10000-11000', '[anon:a]')), maps(line('10000-11000', '[anon:b]'))).tracks.length, 1);
});

test('at each look the tracks that are there are the regions, and kinds add up to the whole', (t) => {
  const region = fc.tuple(fc.integer({min: 1, max: 6}), fc.integer({min: 0, max: 3}));
  const listing = fc.array(region, {minLength: 1, maxLength: 12}).map((pairs) => {
    let at = 16;
    return maps(
      ...pairs.map(([pages, gap]) => {
        const start = (at += gap);
        at += pages;
        return line(`${(start * 4096).toString(16).padStart(8, '0')}-${(at * 4096).toString(16).padStart(8, '0')}`);
      }),
    );
  });
  fc.assert(
    fc.property(fc.array(listing, {minLength: 1, maxLength: 8}), (snapshots) => {
      const series = seriesOf(...snapshots);
      for (const [look, {regions}] of snapshots.entries()) {
        const there = series.tracks.filter((track) => firstOf(track) <= look && look < endOf(track));
        const sizes = there.map((track) => series.ofTrack(track, 'size').v[look - firstOf(track)]!);
        t.deepEqual(
          sizes.toSorted((a, b) => a - b),
          regions.map(sizeOf).toSorted((a, b) => a - b),
        );
        const kinds = series.kinds.map((kind) => series.ofKind(kind, 'size').v[look]!);
        t.is(
          kinds.reduce((sum, size) => sum + size, 0),
          series.total('size').v[look]!,
        );
      }
    }),
    {numRuns: 100},
  );
});

test('counters have their own times: the looks that read smaps', (t) => {
  const smaps = (rss: number): Snapshot => maps(line('10000-20000'), `Size: 64 kB`, `Rss: ${rss} kB`);
  const series = new Series(['rss'], 'rss');
  for (const [at, snapshot] of [
    [0, smaps(4)],
    [10, maps(line('10000-20000'))],
    [20, smaps(4)],
    [30, smaps(8)],
  ] as const)
    series.add({t: at, snapshot, status: {vmRss: at}});
  t.deepEqual(series.total('size').t, [0, 10, 20, 30]);
  t.deepEqual(series.total('rss'), {t: [0, 20, 30], v: [4096, 4096, 8192]});
  t.deepEqual(series.ofTrack(series.tracks[0]!, 'amount'), {t: [0, 20, 30], v: [4096, 4096, 8192]});
  t.deepEqual(series.ofStatus('vmRss').v, [0, 10, 20, 30]);
});

testIf('python3')('a mapping that a living process makes, fills and gives back is seen so', async (t) => {
  const child = await python(t);
  const session = new Session(child.pid, {maxDuty: 1, maxStall: 1000});
  t.teardown(() => session.close());
  const series = new Series(['rss'], 'rss');
  const steps = ['pass', 'm = mmap.mmap(-1, 1 << 20)', 'm.write(bytes(1 << 19))', 'm.close()'];
  for (const [at, step] of steps.entries()) {
    await child.ask(step);
    const look = session.look();
    if (look.saw === 'process') series.add({t: at, snapshot: look.snapshot});
  }
  const track = series.tracks.find((each) => firstOf(each) === 1 && endOf(each) === 3);
  t.truthy(track);
  t.deepEqual(series.ofTrack(track!, 'size').v, [2 ** 20, 2 ** 20]);
  t.deepEqual(series.ofTrack(track!, 'amount').v, [0, 2 ** 19]);
});
