import test from 'ava';
import fc from 'fast-check';
import {combinationsOf} from '../../../src/model/columns/combinations.ts';
import {RegionList} from '../../../src/model/columns/list.ts';
import {regionJSON, type Region} from '../../../src/model/region.ts';
import {ABSENT} from '../../../src/model/columns/columns.ts';
import {Regions} from '../../../src/model/columns/regions.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';
import {parse} from '../../../src/parse/parse.ts';
import {jsonLinePieces} from '../../../src/text/json.ts';
import {region, regions} from '../regions.ts';

const json = (list: Iterable<Region>): string => JSON.stringify(Array.from(list, regionJSON));

/** Regions as a document has them. */
const written = (table: Regions): string =>
  [...jsonLinePieces({regions: new RegionList(table)})].join('').slice('{"regions":'.length, -'}\n'.length);

test('rows say what the regions said, to look at and to keep', (t) => {
  fc.assert(
    fc.property(regions, (list) => {
      const columns = Regions.of(list);
      t.is(json(columns), json(list));
      t.is(columns.toArray(), list, 'objects that were there are handed out again');
      const apart = new Regions();
      for (const each of list) apart.push(each);
      t.is(json(apart.toArray()), json(list));
      t.is(apart.toArray(), apart.toArray());
      const odd = [...list.keys()].filter((row) => row % 2 === 1);
      t.is(json(columns.pick(odd)), json(odd.map((row) => list[row]!)));
    }),
    {numRuns: 300},
  );
});

test('sizes from 4 TiB on and counters that are no whole KiB stay exact', (t) => {
  const list = [region(0, 2 ** 47, 'rw-p', {usage: {rss: 2 ** 52 + 1, pss: 1023}})];
  t.is(json(Regions.of(list)), json(list));
  t.deepEqual(new Snapshot({source: {from: 'capture', format: 'smaps'}, regions: list}).totals, {
    rss: 2 ** 52 + 1,
    pss: 1023,
    regions: 1,
    size: 2 ** 47,
  });
});

test('what a region is told to be does not change the object that was handed out before', (t) => {
  const columns = Regions.of([region(0x1000, 0x2000, 'rw-p')]);
  const [before] = columns.toArray();
  columns.tell(0, {kind: 'heap', evidence: 'x'});
  t.is(before!.kind, 'anon');
  t.is(columns.region(0).kind, 'heap');
  t.is(columns.at(0).kind, 'heap');
});

test('counters of which there are too many for columns are kept, and added up', (t) => {
  const record = (from: number): string =>
    Array.from({length: 100}, (_, index) => `${`K${from + index}:`.padEnd(16)}${String(index).padStart(8)} kB\n`).join(
      '',
    );
  const head = (page: number): string => `0040${page}000-0040${page + 1}000 rw-p 00000000 00:00 0 \nRss: 4 kB\n`;
  const {regions: list, totals, table} = parse(head(1) + record(0) + head(2) + record(50));
  t.is(Object.keys(list[0]!.usage!).length, 101);
  t.is(list[1]!.usage!['k149'], 99 * 1024);
  t.is(totals['k60'], (60 + 10) * 1024);
  t.is(totals['rss'], 8192);
  t.is(table.counter('k149')?.[0], ABSENT);
  t.is(written(table), json(list));
});

test('regions as text are what JSON.stringify makes of each', (t) => {
  fc.assert(
    fc.property(regions, fc.integer({min: 1, max: 30}), fc.constantFrom(0, 0x7f0000000000), (list, times, from) => {
      const many = Array.from({length: times}, (_, turn) =>
        list.map((each) => {
          const up = from + turn * 2 ** 30;
          return {...each, start: each.start + up, end: each.end + up};
        }),
      ).flat();
      t.is(written(Regions.of(many)), json(many));
    }),
    {numRuns: 300},
  );
});

test('rows of one combination are equal, and each is counted', (t) => {
  const column = fc.array(fc.oneof(fc.nat(3), fc.constantFrom(2 ** 40, 2 ** 40 + 4096, ABSENT)), {
    minLength: 50,
    maxLength: 50,
  });
  fc.assert(
    fc.property(fc.array(column, {maxLength: 3}), (lists) => {
      const columns = lists.map((list) => Float64Array.from(list));
      const {of, firsts, counts} = combinationsOf(columns, 50);
      const textOf = (row: number): string => columns.map((each) => each[row]!).join(' ');
      for (let row = 0; row < 50; row++) t.is(textOf(row), textOf(firsts[of[row]!]!), String(row));
      t.is(firsts.length, new Set(Array.from({length: 50}, (_, row) => textOf(row))).size);
      firsts.forEach((row, number) => {
        t.is(of.indexOf(number), row);
        t.is(of.filter((each) => each === number).length, counts[number]!);
      });
    }),
  );
});

test('where nearly all rows differ, they are counted all the same', (t) => {
  const column = Float64Array.from({length: 10_000}, (_, row) => row * 4096 - (row % 100 === 7 ? 4096 : 0));
  const {of, firsts, counts} = combinationsOf([column], column.length);
  for (let row = 0; row < column.length; row++) t.is(column[firsts[of[row]!]!], column[row]);
  t.is(
    counts.reduce((sum, count) => sum + count, 0),
    column.length,
  );
});
