import test from 'ava';
import {bordersOf} from '../../../src/features/show/borders.ts';
import type {Region} from '../../../src/model/region.ts';
import {Regions} from '../../../src/model/columns/regions.ts';
import {region} from '../../model/regions.ts';

const at = (index: number, perms: string, more: Partial<Region> = {}): Region =>
  region(0x1000 * index, 0x1000 * (index + 1), perms, more);

const file = (index: number, perms: string, offset: number, name = '/lib/a.so'): Region =>
  at(index, perms, {name, offset, inode: name});

const CASES: ReadonlyArray<readonly [what: string, before: Region, after: Region, cause: string, detail: string]> = [
  ['memory beside a file', file(1, 'rw-p', 0), at(2, 'rw-p'), 'backing', ''],
  ['two files', file(1, 'r--p', 0), file(2, 'r--p', 0x1000, '/lib/b.so'), 'backing', ''],
  ['other bytes of one file', file(1, 'r--p', 0), file(2, 'r--p', 0x5000), 'offset', ''],
  [
    'the bytes that follow, with other permissions',
    file(1, 'r--p', 0),
    file(2, 'r-xp', 0x1000),
    'perms',
    'r--p | r-xp',
  ],
  ['a guard page', at(1, '---p'), at(2, 'rw-p'), 'guard', '---p | rw-p'],
  ['another name', at(1, 'rw-p', {name: '[anon:a]'}), at(2, 'rw-p'), 'name', ''],
  ['a flag', at(1, 'rw-p', {flags: ['rd', 'wr']}), at(2, 'rw-p', {flags: ['rd', 'dc', 'wr']}), 'flags', 'dc'],
  ['two flags', at(1, 'rw-p', {flags: ['rd', 'nr']}), at(2, 'rw-p', {flags: ['ac', 'rd']}), 'flags', 'ac nr'],
  ['what the kernel passes over', at(1, 'rw-p', {flags: ['rd', 'sd']}), at(2, 'rw-p', {flags: ['rd']}), 'unseen', ''],
  ['nothing', at(1, 'rw-p', {flags: ['rd']}), at(2, 'rw-p', {flags: ['rd']}), 'unseen', ''],
  ['nothing that maps shows', at(1, 'rw-p'), at(2, 'rw-p'), 'unknown', ''],
];

for (const [what, before, after, cause, detail] of CASES) {
  test(`neighbours are kept apart by ${what}: ${cause}`, (t) => {
    const [borders, ...others] = bordersOf(Regions.of([before, after]));
    t.deepEqual(others, []);
    t.like(borders, {cause, detail, count: 1} as never);
    t.deepEqual(
      borders!.first.map(({start}) => start),
      [before.start, after.start],
    );
  });
}

test('regions that do not touch have no border', (t) => {
  t.deepEqual(bordersOf(Regions.of([at(1, 'rw-p'), at(3, '---p')])), []);
});
