import test from 'ava';
import {diffInPlace} from '../../src/diff/diff.ts';
import {Compare} from '../../src/history/compare.ts';
import type {Snapshot} from '../../src/model/snapshot.ts';
import {parse} from '../../src/parse/parse.ts';

const HEAP = '00400000-00410000 rw-p 00000000 00:00 0                          [heap]\n';
const MORE = '00500000-00510000 rw-p 00000000 00:00 0 \n';
const smaps = (rss: number): Snapshot => parse(`${HEAP}Size: 64 kB\nRss: ${rss} kB\n`);

const kindsOf = ({changes}: ReturnType<Compare['next']>): string[] => changes.map(({kind}) => kind);

test('what was touched at looks that read maps alone is told at the next that has counters, once', (t) => {
  const compare = new Compare({snapshot: smaps(4)}, diffInPlace);
  t.deepEqual(kindsOf(compare.next({snapshot: parse(HEAP)})), []);
  t.deepEqual(kindsOf(compare.next({snapshot: parse(HEAP + MORE)})), ['new']);
  const {changes, delta} = compare.next({snapshot: smaps(12)});
  t.deepEqual(
    changes.map(({kind, delta: {rss}}) => [kind, rss]),
    [
      ['gone', undefined],
      ['touched', 8192],
    ],
  );
  t.is(delta.size, -0x10000);
  t.deepEqual(kindsOf(compare.next({snapshot: smaps(12)})), []);
  t.deepEqual(kindsOf(compare.next({snapshot: smaps(16)})), ['touched']);
});

test('flags that changed at looks without them are told at the next that has some', (t) => {
  const flagged = (codes: string): Snapshot => parse(`${HEAP}Rss: 4 kB\nVmFlags: ${codes}\n`);
  const compare = new Compare({snapshot: flagged('rd wr')}, diffInPlace);
  t.deepEqual(kindsOf(compare.next({snapshot: parse(HEAP)})), []);
  t.deepEqual(kindsOf(compare.next({snapshot: flagged('rd wr dd')})), ['flagged']);
});

test('memory that went and came again between two looks with counters is new, and was not touched', (t) => {
  const compare = new Compare({snapshot: smaps(4)}, diffInPlace);
  t.deepEqual(kindsOf(compare.next({snapshot: parse(MORE)})), ['gone', 'new']);
  t.deepEqual(kindsOf(compare.next({snapshot: parse(HEAP)})), ['new', 'gone']);
  t.deepEqual(kindsOf(compare.next({snapshot: smaps(12)})), []);
  t.deepEqual(kindsOf(compare.next({snapshot: smaps(16)})), ['touched']);
});

test('another program is compared with nothing before it', (t) => {
  const compare = new Compare({snapshot: smaps(4)}, diffInPlace);
  compare.restart({snapshot: parse(HEAP)});
  t.deepEqual(kindsOf(compare.next({snapshot: smaps(12)})), []);
  t.deepEqual(kindsOf(compare.next({snapshot: smaps(16)})), ['touched']);
});

test('a copy goes its own way', (t) => {
  const compare = new Compare({snapshot: smaps(4)}, diffInPlace);
  compare.next({snapshot: parse(HEAP)});
  const copy = compare.copy();
  t.deepEqual(kindsOf(copy.next({snapshot: smaps(8)})), ['touched']);
  t.deepEqual(kindsOf(compare.next({snapshot: smaps(4)})), []);
});

test('where no region changed nothing is compared', (t) => {
  const first = smaps(4);
  const compare = new Compare({snapshot: first}, () => t.fail());
  t.deepEqual(compare.next({snapshot: first.withSource({from: 'process', format: 'smaps'})}), {
    changes: [],
    delta: {size: 0},
  });
});
