import test from 'ava';
import fc from 'fast-check';
import {growthOf, riseOf, thingsOf} from '../../../src/features/growth/growth.ts';
import {headline, sizeSentence, thingName} from '../../../src/features/growth/words.ts';
import {groupsOf} from '../../../src/history/groups.ts';
import {Series} from '../../../src/history/series.ts';
import type {Region} from '../../../src/model/region.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';
import {MIB, region} from '../report/scenes.ts';

const CHUNK = 256 * 1024;

const resident = (part: Region): Region => ({...part, usage: {rss: part.end - part.start}});

const look = (t: number, regions: readonly Region[], isMeasured = true): {t: number; snapshot: Snapshot} => {
  const vmRss = regions.reduce((sum, {usage}) => sum + (usage?.rss ?? 0), 0);
  const seen = isMeasured ? regions : regions.map(({usage: _usage, ...rest}) => rest);
  const source = {from: 'process', format: isMeasured ? 'smaps' : 'maps'} as const;
  return {t, snapshot: new Snapshot({source, regions: seen, process: {}, status: {vmRss}})};
};

/** A program whose text becomes resident by and by, and whose heap gets one more chunk at each look. */
const heap = (looks: number, isMeasured: (at: number) => boolean = () => true): Series => {
  const series = new Series(['rss'], 'rss');
  for (let at = 0; at < looks; at++) {
    const text = region(0x400000, 8 * MIB, {kind: 'text', name: '/usr/bin/node', inode: '7', dev: '08:01'});
    const chunks = Array.from({length: 10 + at}, (_, index) =>
      resident(region(0x10000000 + 2 * index * CHUNK, CHUNK, {kind: 'managed', label: "V8's heap"})),
    );
    series.add(look(at * 1000, [{...text, usage: {rss: 4 * MIB + at * 4096}}, ...chunks], isMeasured(at)));
  }
  return series;
};

test('what grew most can be a group of regions, which is judged as one', (t) => {
  const growth = growthOf(heap(100), 'rss', 65_536);
  const [first, second] = thingsOf(growth);
  t.like(first, {of: 'group', kind: 'managed', name: "V8's heap", count: 109, verdict: 'steady growth'});
  t.is(riseOf(first!), 99 * CHUNK);
  t.is(thingName(first!), "V8's heap");
  t.is(second!.region!.name, '/usr/bin/node');
  t.regex(headline(growth)[0]!, /98 % of it is managed \(V8's heap: 109 regions, \+24\.8 MiB\)\.$/);
});

test('a table has one measure: where resident memory by kind is unknown it is of sizes, its total too', (t) => {
  const growth = growthOf(
    heap(100, (at) => at === 0 || at === 60),
    'rss',
    65_536,
  );
  t.is(growth.measure, 'size');
  t.is(growth.totalMeasure, 'vmRss');
  t.is(growth.total.points.t.length, 100);
  t.is(growth.sum.last, 8 * MIB + 109 * CHUNK);
  t.is(
    growth.kinds.reduce((sum, {last}) => sum + last, 0),
    growth.sum.last,
  );
  t.notRegex(headline(growth).join(' '), /%/);
  t.regex(
    sizeSentence(growth)[0]!,
    /^The address space, all kinds together, went from 10\.5 MiB to 35\.3 MiB in 99 s: steady/,
  );
});

test('the headline and the kind that is all of it say the same', (t) => {
  // Loaded until 62 of 75 s, and smaps read so seldom that its last readings alone can't say that it stopped.
  const series = new Series(['rss'], 'rss');
  for (let at = 0; at < 300; at++) {
    const rss = Math.min(62, at / 4) * MIB;
    const regions = [{...region(0x10000000, 100 * MIB, {kind: 'heap', name: '[heap]'}), usage: {rss}}];
    series.add(look(at * 250, regions, at % 20 === 0));
  }
  const {total, kinds, regions, measure, totalMeasure} = growthOf(series, 'rss', 65_536);
  t.deepEqual([measure, totalMeasure], ['rss', 'vmRss']);
  t.is(total.verdict, 'plateau');
  t.is(kinds[0]!.verdict, 'plateau');
  t.is(regions[0]!.verdict, 'plateau');
});

test('a group has the sum of its regions at each look', (t) => {
  const regions = fc.uniqueArray(fc.integer({min: 1, max: 12}), {minLength: 3, maxLength: 8});
  const all = fc.array(fc.tuple(regions, fc.integer({min: 0, max: 4})), {minLength: 2, maxLength: 12});
  fc.assert(
    fc.property(all, (looks) => {
      const series = new Series(['rss'], 'rss');
      for (const [at, [places, pages]] of looks.entries()) {
        const some = places
          .toSorted((a, b) => a - b)
          .map((place) => ({...region(place * MIB, 16_384, {label: `block ${place}`}), usage: {rss: pages * 4096}}));
        series.add(look(at, some));
      }
      for (const measure of ['size', 'amount'] as const) {
        const [group] = groupsOf(series, measure);
        if (!group) continue; // One region may be all of what it gained.
        t.is(group.name, 'block');
        t.deepEqual(
          [...group.values.values],
          looks.map(([places, pages]) => places.length * (measure === 'size' ? 16_384 : pages * 4096)),
        );
        t.is(group.count, looks.at(-1)![0].length);
      }
    }),
  );
});
