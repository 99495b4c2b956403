import test from 'ava';
import {diff, type Diff} from '../../src/diff/diff.ts';
import {Snapshot} from '../../src/model/snapshot.ts';
import {listing, shortForm} from './tools.ts';

/** Compares one region with the counters before to itself with the counters after, in KiB. */
const counters = (before: string, after: string): Diff =>
  diff(listing(`10-20 rw-p | ${before}`), listing(`10-20 rw-p | ${after}`));

for (const [counter, word] of Object.entries({
  rss: 'resident',
  anonymous: 'anonymous',
  swap: 'swap',
})) {
  test(`A region is touched if its ${counter} alone changes`, (t) => {
    const {changes, unchanged, delta} = counters(`${counter}=4`, `${counter}=12`);
    t.deepEqual(changes.map(shortForm), ['touched 10-20 [1,1] 0']);
    // What comes to swap was in RAM before: whether other pages were touched is not known.
    const text = counter === 'swap' ? 'Pages of anonymous memory came or went' : 'anonymous memory was touched';
    t.is(changes[0]?.text, `${text}: ${word} +8 KiB.`);
    t.deepEqual(changes[0]?.delta, {[counter]: 8192, size: 0});
    t.deepEqual([unchanged, delta], [0, {[counter]: 8192, size: 0, regions: 0}]);
  });
}

test('More huge pages may come by khugepaged, which touches nothing', (t) => {
  const {changes} = counters('rss=4 anonHugePages=0', 'rss=2048 anonHugePages=2048');
  t.is(changes[0]?.text, 'anonymous memory has more in RAM: resident +2 MiB.');
});

for (const [before, after] of [
  ['rss=8 pss=8', 'rss=8 pss=4'],
  ['rss=8 privateClean=8 sharedClean=0', 'rss=8 privateClean=0 sharedClean=8'],
  ['rss=8 referenced=8', 'rss=8 referenced=0'],
  ['rss=8 privateDirty=8 sharedDirty=0', 'rss=8 privateDirty=0 sharedDirty=8'],
] as const) {
  test(`What other processes change is no change: ${before} becomes ${after}`, (t) => {
    const {changes, unchanged, drift} = counters(before, after);
    t.deepEqual([changes, unchanged], [[], 1]);
    t.true(Object.keys(drift).length > 0, 'but it is not hidden');
  });
}

test('What a touched region drifts is in its delta', (t) => {
  const {changes, delta, drift} = counters('rss=4 pss=4', 'rss=8 pss=6');
  t.deepEqual(changes[0]?.delta, {rss: 4096, pss: 2048, size: 0});
  t.deepEqual([delta, drift], [{rss: 4096, pss: 2048, size: 0, regions: 0}, {}]);
});

test('A counter that one side lacks has no difference: absent is not zero', (t) => {
  const same = counters('rss=8 swap=4', 'rss=8 anonymous=8');
  t.deepEqual([same.changes, same.unchanged, same.delta], [[], 1, {rss: 0, size: 0, regions: 0}]);
  const other = counters('rss=8 swap=4', 'rss=12 anonymous=8');
  t.deepEqual(other.changes[0]?.delta, {rss: 4096, size: 0});
  t.is(other.changes[0]?.text, 'anonymous memory was touched: resident +4 KiB.');
});

test('maps and smaps of one moment do not differ', (t) => {
  const [maps, smaps] = [listing('10-20 rw-p'), listing('10-20 rw-p | rss=8 swap=4')];
  t.deepEqual(diff(maps, smaps).toJSON()['delta'], {size: 0, regions: 0});
  t.is(diff(maps, smaps).unchanged, 1);
  t.is(diff(smaps, maps).unchanged, 1);
});

test('A region whose counters one side lacks is not touched, though its neighbours have theirs', (t) => {
  const whole = listing('10-20 rw-p | rss=8', '30-40 r--p /f | rss=4');
  const part = new Snapshot({
    source: whole.source,
    regions: whole.regions.map((region) => (region.name === '' ? {...region, usage: undefined} : region)),
  });
  for (const result of [diff(whole, part), diff(part, whole)]) {
    t.deepEqual([result.changes, result.unchanged, result.delta['rss']], [[], 2, 0]);
    t.is(Math.abs(result.drift['rss']!), 8192, 'the difference of the totals is not hidden');
  }
});

test('Counters of a region in several changes are counted once, with the first', (t) => {
  const {changes, delta} = diff(
    listing('10-1c rw-p | rss=48'),
    listing('10-12 rw-p | rss=8', '14-16 rw-p | rss=4', '18-1c rw-p | rss=16'),
  );
  t.deepEqual(
    changes.map((change) => [change.delta.size, change.delta['rss']]),
    [
      [-8192, -20_480],
      [-8192, 0],
    ],
  );
  t.is(delta['rss'], -20_480);
});

test('Growing does not touch: a heap that grew untouched has the memory it had', (t) => {
  const {changes} = diff(listing('20-41 rw-p [heap] | rss=8'), listing('20-62 rw-p [heap] | rss=8'));
  t.deepEqual(
    changes.map(({delta}) => delta),
    [{rss: 0, size: 0x21000}],
  );
});

test('A difference of kind alone is no change', (t) => {
  const {changes} = diff(listing('10-11 ---p', '11-20 rw-p'), listing('11-20 rw-p'));
  t.deepEqual(changes.map(shortForm), ['gone 10-11 [1,0] -1']);
});

test('A torn listing is put in order, and compared like any other', (t) => {
  const torn = listing('10-14 rw-p', '10-18 rw-p', '20-24 r--p /f');
  t.true(torn.consistency.torn);
  const result = diff(listing('10-14 rw-p', '20-24 r--p /f'), torn);
  t.deepEqual(result.changes.map(shortForm), ['grown 14-18 [1,1] +4']);
  t.is(result.delta.size, torn.totals.size - 8 * 4096);
});

test('The document has the names that the contract fixes', (t) => {
  const json = diff(
    listing('10-1c rw-p | rss=4'),
    listing('10-14 rw-p | rss=4', '14-18 r--p | rss=4', '18-1c rw-p | rss=0'),
  ).toJSON() as {changes: object[]};
  t.like(json, {schema: 'memmap.diff/1', match: 'address', unchanged: 0, delta: {regions: 2, size: 0, rss: 4096}});
  t.is(json.changes.length, 1);
  t.like(json.changes[0], {
    kind: 'reprotected',
    range: {start: '0x14000', end: '0x18000'},
    shape: [1, 3],
    delta: {size: 0, rss: 4096},
  });
  const moved = diff(listing('30-34 r--p /f'), listing('10-14 r--p /f')).toJSON() as {changes: object[]};
  t.like(moved.changes[0], {kind: 'moved', from: {start: '0x30000', end: '0x34000'}, slide: '-0x20000', shape: [1, 1]});
});
