import test from 'ava';
import fc from 'fast-check';
import type {Region} from '../../src/model/region.ts';
import {Regions} from '../../src/model/columns/regions.ts';
import {putInOrder} from '../../src/parse/order.ts';
import {region} from './tools.ts';

const PAGE = 4096;

/**
 * Regions of a few pages in a small space, so that they overlap in all ways. Line n has the name n; odd ones map a
 * file.
 */
const lines = fc
  .array(fc.tuple(fc.nat(30), fc.integer({min: 1, max: 12})), {maxLength: 14})
  .map((list) => list.map(([first, pages], index) => asRegion(index, first * PAGE, (first + pages) * PAGE)));

function asRegion(index: number, start: number, end: number): Region {
  const isFile = index % 2 === 1;
  return {
    ...region('0-0', 'rw-p', {
      name: `${index}`,
      inode: isFile ? '9' : '0',
      dev: isFile ? '08:01' : '00:00',
      usage: {rss: index * PAGE},
    }),
    kind: 'anon',
    start,
    end,
    offset: isFile ? 0x100000 : 0,
  };
}

/** For each page, the last line that covers it: the rule, in the plainest way. */
function owners(regions: readonly Region[]): Map<number, Region> {
  const pages = new Map<number, Region>();
  for (const entry of regions) for (let at = entry.start; at < entry.end; at += PAGE) pages.set(at, entry);
  return pages;
}

test('each byte belongs to the last line that covers it, and no byte is lost or invented', (t) => {
  fc.assert(
    fc.property(lines, (regions) => {
      const result = putInOrder(Regions.of(regions));
      const wanted = owners(regions);
      const got = owners(result.table.toArray());
      t.deepEqual(
        [...got.keys()].sort((a, b) => a - b),
        [...wanted.keys()].sort((a, b) => a - b),
      );
      for (const [at, entry] of got) t.is(entry.name, wanted.get(at)!.name);
    }),
    {numRuns: 2000},
  );
});

test('the regions come out ascending, apart, and none is cut where nothing cuts it', (t) => {
  fc.assert(
    fc.property(lines, (regions) => {
      const result = putInOrder(Regions.of(regions)).table.toArray();
      for (const [index, entry] of result.entries()) {
        const before = result[index - 1];
        t.true(entry.end > entry.start);
        t.true(
          before === undefined ||
            before.end < entry.start ||
            (before.end === entry.start && before.name !== entry.name),
        );
      }
    }),
    {numRuns: 1000},
  );
});

test('what is left of a region keeps its place in its file and loses its counters; a whole one keeps both', (t) => {
  fc.assert(
    fc.property(lines, (regions) => {
      for (const entry of putInOrder(Regions.of(regions)).table.toArray()) {
        const line = regions[Number(entry.name)]!;
        if (entry.start === line.start && entry.end === line.end) t.like(entry, line);
        else t.is(entry.usage, undefined);
        t.is(entry.offset, line.inode === '0' ? 0 : line.offset! + entry.start - line.start);
      }
    }),
    {numRuns: 1000},
  );
});

test('a listing in order is not touched', (t) => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(1000), {maxLength: 30}), (bounds) => {
      const sorted = [...bounds].sort((a, b) => a - b);
      const regions = sorted.slice(1).map((end, index) => asRegion(index, sorted[index]! * PAGE, end * PAGE));
      const table = Regions.of(regions);
      const result = putInOrder(table);
      t.is(result.table, table);
      t.deepEqual(table.toArray(), regions);
      t.is(result.torn, 0);
    }),
    {numRuns: 300},
  );
});

const starts = (...pages: number[]): Regions =>
  Regions.of(pages.map((page, index) => asRegion(index, page * PAGE, (page + 2) * PAGE)));

test('the number of lines out of order is that of lines that begin before the end of those above', (t) => {
  t.is(putInOrder(starts(0, 2, 4)).torn, 0);
  t.is(putInOrder(starts(0, 1, 4)).torn, 1);
  t.is(putInOrder(starts(0, 10, 4, 6, 20)).torn, 2);
});

test('a long listing that goes backwards all the way is put in order at once', (t) => {
  const regions = Array.from({length: 200_000}, (_, index) =>
    asRegion(index, (200_000 - index) * PAGE, (200_003 - index) * PAGE),
  );
  const begin = process.cpuUsage();
  const result = putInOrder(Regions.of(regions));
  t.is(result.table.length, 200_000);
  t.is(result.torn, 199_999);
  t.true(process.cpuUsage(begin).user < 15e6);
});
