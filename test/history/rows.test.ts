import test from 'ava';
import fc from 'fast-check';
import {sizeOf} from '../../src/model/region.ts';
import {parse} from '../../src/parse/parse.ts';
import {diff} from '../../src/diff/diff.ts';
import {firstRows, nextRows, rssGrowth, sizeGrowth, type Row} from '../../src/history/rows.ts';
import {looks, pictureOf} from '../features/watch/screen/scene.ts';

/** The rows after several listings, of maps or smaps. */
function rowsOf(...listings: readonly string[]): readonly Row[] {
  const [first, ...others] = listings.map((listing) => parse(listing));
  let rows = firstRows(first!.regions);
  let before = first!;
  others.forEach((after, index) => {
    const {changes} = diff(before, after, {match: 'address'});
    rows = nextRows(rows, after.regions, changes, index + 1, after.source.format === 'smaps');
    before = after;
  });
  return rows;
}

const maps = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const heap = (end: string, perms = 'rw-p'): string =>
  `00400000-${end} ${perms} 00000000 00:00 0                          [heap]`;
const file = '7f0000000000-7f0000010000 r--p 00000000 fd:00 12                 /usr/lib/libx.so';
const measured = (line: string, kilobytes: number): string => `${line}\nSize: 64 kB\nRss: ${kilobytes} kB\nVmFlags: rd`;

test('a region that grew goes on as itself: what was known of it stays, and its growth is counted', (t) => {
  const [row, other] = rowsOf(maps(measured(heap('00410000'), 40), measured(file, 8)), maps(heap('00420000'), file));
  t.like(row, {rss: 40 * 1024, firstRss: 40 * 1024, changed: 1, change: 'grown'});
  t.is(sizeGrowth(row!), 0x10000);
  t.like(other, {rss: 8 * 1024, changed: 0, change: undefined});
  const [later] = rowsOf(
    maps(measured(heap('00410000'), 40), measured(file, 8)),
    maps(heap('00420000'), file),
    maps(measured(heap('00420000'), 100), measured(file, 8)),
  );
  t.is(rssGrowth(later!), 60 * 1024);
});

test('what came later grew from nothing; until smaps is read its resident memory is not known, and not 0', (t) => {
  const [first, last] = [maps(measured(heap('00410000'), 40)), maps(heap('00410000'), file)];
  const [, row] = rowsOf(first, last);
  t.like(row, {rss: undefined, firstSize: 0, firstRss: 0, changed: 1, change: 'new'});
  t.is(rssGrowth(row!), undefined);
  t.is(rssGrowth(rowsOf(first, last, maps(measured(heap('00410000'), 40), measured(file, 8)))[1]!), 8 * 1024);
});

test('an arena that grows by mprotect into the addresses kept free behind it is the same arena', (t) => {
  const arena = (border: string): string =>
    maps(`7f0000000000-${border} rw-p 00000000 00:00 0 `, `${border}-7f0004000000 ---p 00000000 00:00 0 `);
  const rows = rowsOf(arena('7f0000021000'), arena('7f0000042000'));
  t.deepEqual(rows.map(sizeGrowth), [0x21000, -0x21000]);
});

test('a piece cut off by mprotect is no growth, and the rest is the region that it was cut off', (t) => {
  const rows = rowsOf(
    maps('00400000-00410000 rw-p 00000000 00:00 0 '),
    maps('00400000-0040c000 rw-p 00000000 00:00 0 ', '0040c000-00410000 r--p 00000000 00:00 0 '),
  );
  t.deepEqual(rows.map(sizeGrowth), [-0x4000, 0]);
});

test('a block that moved goes on at its new place', (t) => {
  const at = (start: number): string =>
    `${start.toString(16)}-${(start + 0x100000).toString(16)} rw-p 00000000 00:00 0 `;
  const [row] = rowsOf(maps(measured(at(0x7f0000000000), 64)), maps(at(0x7f0010000000)));
  t.like(row, {rss: 64 * 1024, change: 'moved'});
});

test('however a process changes: a row for each region, in order, each with the size that it has, and smaps’ numbers', (t) => {
  fc.assert(
    fc.property(looks, (snapshots) => {
      pictureOf(snapshots, ({rows}, snapshot) => {
        const borders = (regions: ReadonlyArray<{start: number; end: number; perms: string; name: string}>) =>
          regions.map(({start, end, perms, name}) => [start, end, perms, name]);
        t.deepEqual(borders(rows.map(({region}) => region)), borders(snapshot.regions));
        if (snapshot.source.format !== 'smaps') return;
        t.deepEqual(
          rows.map(({rss}) => rss),
          snapshot.regions.map(({usage}) => usage?.rss),
        );
      });
    }),
  );
});

test('following only what changed gives what following all gives', (t) => {
  fc.assert(
    fc.property(looks, (snapshots) => {
      let rows = firstRows(snapshots[0]!.regions);
      for (const [index, after] of snapshots.slice(1).entries()) {
        const {changes} = diff(snapshots[index]!, after, {match: 'address'});
        const strip = (made: readonly Row[]) =>
          made.map(({region, ...rest}) => ({...rest, start: region.start, size: sizeOf(region)}));
        const all = nextRows(rows, after.regions, changes, index + 1, true);
        const some = nextRows(rows, after.regions, changes, index + 1, false);
        if (after.source.format !== 'smaps') t.deepEqual(strip(some), strip(all));
        rows = all;
      }
    }),
  );
});
