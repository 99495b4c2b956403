import test from 'ava';
import fc from 'fast-check';
import {fate} from '../../src/model/same.ts';
import {NEW, pairs, PIECE} from '../../src/history/pairs.ts';
import {parse} from '../../src/parse/parse.ts';
import {regions as someRegions} from '../model/regions.ts';

const pairsOf = (before: readonly string[], after: readonly string[]): number[] => {
  const regionsOf = (lines: readonly string[]) => parse(`${lines.join('\n')}\n`).regions;
  return [
    ...pairs(
      regionsOf(before).map((region) => ({region})),
      regionsOf(after),
    ),
  ];
};

const line = (range: string, perms = 'rw-p', rest = '00000000 00:00 0'): string => `${range} ${perms} ${rest} `;

test('the best fit goes on: with the same permissions first, then with most bytes; the rest are pieces of it', (t) => {
  const [used, kept] = [line('10000-12000'), line('12000-80000', '---p')];
  t.deepEqual(pairsOf([used, kept], [line('10000-60000'), line('60000-80000', '---p')]), [0, 1]);
  t.deepEqual(pairsOf([line('10000-20000')], [line('10000-12000'), line('12000-20000')]), [PIECE, 0]);
  t.deepEqual(pairsOf([line('10000-18000'), line('20000-21000')], [line('10000-21000')]), [0]);
});

test('other memory at the same place is new: another file, another part of it, or shared memory', (t) => {
  const file = (inode: number, offset = '00000000'): string =>
    line('10000-12000', 'r--p', `${offset} 08:01 ${inode} /a`);
  t.deepEqual(pairsOf([file(1)], [file(1)]), [0]);
  t.deepEqual(pairsOf([file(1)], [file(2)]), [NEW]);
  t.deepEqual(pairsOf([file(1)], [file(1, '00004000')]), [NEW]);
  t.deepEqual(pairsOf([line('10000-12000')], [line('10000-12000', 'rw-s', '00000000 00:01 7')]), [NEW]);
});

test('each region goes on as one that shares bytes of the same memory with it, and no two as the same', (t) => {
  fc.assert(
    fc.property(someRegions, someRegions, (before, after) => {
      const parents = pairs(
        before.map((region) => ({region})),
        after,
      );
      const known = parents.filter((parent) => parent >= 0);
      t.is(new Set(known).size, known.length);
      for (const [index, region] of after.entries()) {
        const shares = before.filter(
          (each) => each.start < region.end && region.start < each.end && fate(each, region, 0) !== 'replaced',
        );
        if (parents[index]! >= 0) t.true(shares.includes(before[parents[index]!]!));
        else t.is(parents[index], shares.length > 0 ? PIECE : NEW);
      }
    }),
  );
});

test('where nothing changed each region goes on as itself', (t) => {
  fc.assert(
    fc.property(someRegions, (regions) => {
      const known = regions.map((region) => ({region}));
      t.deepEqual([...pairs(known, regions)], [...regions.keys()]);
    }),
  );
});
