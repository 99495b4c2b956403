import test from 'ava';
import fc from 'fast-check';
import {chosenDocument, chosenOnly} from '../../../src/features/watch/chosen.ts';
import type {EndEvent, WatchEvent} from '../../../src/features/watch/events.ts';
import {Summary} from '../../../src/features/watch/summary.ts';
import {diff} from '../../../src/diff/diff.ts';
import type {Kind} from '../../../src/model/kind.ts';
import type {Region} from '../../../src/model/region.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';
import {sizeText} from '../../../src/model/amounts.ts';
import {cells} from '../../../src/text/safe.ts';
import {setColorLevel} from '../../../src/text/theme.ts';

const MIB = 2 ** 20;
const at = '2026-01-31T12:00:00.000Z';
const cost = {looks: 9, ms: 12, duty: 0.001, usageReads: 2, usageMs: 3, usageSkipped: 0};

const region = (index: number, kind: Kind, size: number, rss: number | undefined): Region => ({
  start: index * 2 ** 32,
  end: index * 2 ** 32 + size,
  perms: 'rw-p',
  offset: 0,
  dev: '00:00',
  inode: '0',
  name: '',
  kind,
  usage: rss === undefined ? undefined : {rss},
});

const snapshotOf = (regions: readonly Region[]): Snapshot =>
  new Snapshot({
    regions,
    process: {pid: 4242, comm: 'a\x1b[31mname'},
    source: {from: 'process', format: regions[0]?.usage ? 'smaps' : 'maps'},
  });

/** What a sample saw. @param resident MiB of the whole process */
const seen = (t: number, resident: number, snapshot: Snapshot) => {
  const status = {name: 'a\x1b[31mname', vmRss: resident * MIB, vmHwm: 2 * resident * MIB};
  return {at, t, tick: Math.round(t / 500), snapshot, status};
};

const end: EndEvent = {event: 'end', at, t: 60_000, tick: 120, reason: 'quit', cost};

function summaryOf(events: readonly WatchEvent[], choice = {}, width?: number): string[] {
  const summary = new Summary(choice);
  for (const event of events) summary.add(event);
  return summary.lines(end, width);
}

test.before(() => setColorLevel(0));

const heap = (rss: number | undefined): Snapshot =>
  snapshotOf([region(1, 'heap', 64 * MIB, rss), region(2, 'stack', MIB, rss === undefined ? undefined : 8192)]);

/** 10 MiB a minute, for a minute. */
const growing: WatchEvent[] = [
  {event: 'start', ...seen(0, 10, heap(10 * MIB))},
  ...Array.from({length: 120}, (_, index): WatchEvent => {
    const t = (index + 1) * 500;
    const resident = 10 + t / 6000;
    return {event: 'look', ...seen(t, resident, heap(index === 119 ? resident * MIB : undefined))};
  }),
];

test('what grew, by how much, in how long, how fast, the peak and the cost', (t) => {
  t.deepEqual(summaryOf(growing), [
    'a\\x1b[31mname (pid 4242): resident memory grew by 10 MiB in 1 min, +10 MiB/min ± 0: from 10 MiB to 20 MiB; peak 40 MiB.',
    'Resident by kind: heap +10 MiB.',
    'Stopped after 121 samples. Sampling took 12 ms, 0.1 % of the time; smaps was read 2 times (3.0 ms).',
  ]);
});

test('after its last sample a process may have had more: the peak is said to be at least that', (t) => {
  const exit: WatchEvent = {event: 'exit', at, t: 61_000, tick: 122, state: 'gone'};
  t.regex(summaryOf([...growing, exit])[0]!, /; peak at least 40 MiB\.$/);
});

test('a program before an exec says nothing of the one after it', (t) => {
  const exec: WatchEvent = {event: 'exec', ...seen(60_500, 3, heap(MIB))};
  const after: WatchEvent = {event: 'look', ...seen(62_500, 5, heap(2 * MIB))};
  const [resident, kinds] = summaryOf([...growing, exec, after]);
  t.regex(resident!, /grew by 2 MiB in 2 s, since exec: from 3 MiB to 5 MiB; peak 10 MiB\.$/);
  t.is(kinds, 'Resident by kind: heap +1 MiB.');
});

test('where smaps was read only once, sizes are compared; where it was read before the end, when is said', (t) => {
  const once = [
    growing[0]!,
    {event: 'look', ...seen(500, 11, snapshotOf([region(1, 'heap', 66 * MIB, undefined)]))} as const,
  ];
  t.is(summaryOf(once)[1], 'Size by kind: heap +2 MiB.');
  const early = growing
    .slice(0, 61)
    .map((event, index): WatchEvent => (index === 30 ? {event: 'look', ...seen(15_000, 12.5, heap(12 * MIB))} : event));
  t.is(summaryOf(early)[1], 'Resident by kind, 15 s earlier: heap +2 MiB.');
});

test('nothing moved, or less: said as it is', (t) => {
  const still = [growing[0]!, {event: 'look', ...seen(5000, 10, heap(10 * MIB))} as const];
  t.regex(summaryOf(still)[0]!, /resident memory is 10 MiB, the same as 5 s earlier; peak 20 MiB\.$/);
  t.is(summaryOf(still)[1], 'Resident by kind: each kind has as much as at first.');
  const less = [growing[0]!, {event: 'look', ...seen(5000, 4, heap(4 * MIB))} as const];
  t.regex(summaryOf(less)[0]!, /resident memory shrank by 6 MiB in 5 s: from 10 MiB to 4 MiB/);
  t.is(summaryOf(less)[1], 'Resident by kind: heap −6 MiB.');
  t.is(
    summaryOf(less, {kinds: new Set(['stack'])})[1],
    'Resident by kind of the chosen regions: each kind has as much as at first.',
  );
});

test('the lines fit, whatever the width, and the kinds that grew most are named first', (t) => {
  const kinds = ['heap', 'anon', 'file', 'shared', 'stack'] as const;
  const sizes = fc.array(fc.integer({min: 1, max: 4000}), {minLength: kinds.length, maxLength: kinds.length});
  fc.assert(
    fc.property(sizes, sizes, fc.integer({min: 40, max: 140}), (before, after, width) => {
      const of = (pages: readonly number[]): Snapshot =>
        snapshotOf(kinds.map((kind, index) => region(index + 1, kind, 2 ** 30, pages[index]! * 4096)));
      const events = [
        {event: 'start', ...seen(0, 10, of(before))} as const,
        {event: 'look', ...seen(5000, 12, of(after))} as const,
      ];
      for (const line of summaryOf(events, {}, width)) t.true(cells(line) <= width);
      const grown = kinds
        .map((kind, index) => ({kind, bytes: (after[index]! - before[index]!) * 4096}))
        .filter(({bytes}) => bytes > 0)
        .sort((a, b) => b.bytes - a.bytes);
      const line = summaryOf(events)[1]!;
      const most = grown.filter(({bytes}) => bytes === grown[0]!.bytes);
      const begins = most.map(({kind, bytes}) => `Resident by kind: ${kind} +${sizeText(bytes)}`);
      if (grown.length > 0)
        t.true(
          begins.some((text) => line.startsWith(text)),
          line,
        );
      if (grown.length > 3) t.true(line.endsWith(`, ${grown.length - 3} more.`), line);
    }),
  );
});

test('what is not chosen is not told, and what is left comes in the order asked for', async (t) => {
  const before = snapshotOf([region(1, 'heap', MIB, undefined)]);
  const sizes = [3, 1, 2].map((size, index) => region(index + 2, 'anon', size * MIB, undefined));
  const after = snapshotOf([region(1, 'heap', 2 * MIB, undefined), ...sizes]);
  const {changes, delta} = diff(before, after, {match: 'address'});
  const told: WatchEvent[] = [];
  const sink = {tell: (event: WatchEvent) => void told.push(event)};
  const change: WatchEvent = {event: 'change', ...seen(500, 1, after), changes, delta};
  await chosenOnly(sink, {kinds: new Set(['anon'])}, 'size').tell(change);
  await chosenOnly(sink, {kinds: new Set(['stack'])}, undefined).tell(change);
  t.is(chosenOnly(sink, {}, undefined), sink);
  const [chosen, nothing] = told;
  t.deepEqual(chosen?.event === 'change' && chosen.changes.map((one) => one.delta.size / MIB), [3, 2, 1]);
  t.deepEqual(chosen?.event === 'change' && chosen.delta, delta);
  t.is(nothing?.event, 'look');
  t.false('changes' in nothing!);
  const document = chosenDocument(after, {kinds: new Set(['anon'])});
  t.deepEqual(document['totals'], after.document()['totals']);
  t.is((JSON.parse(JSON.stringify(document)) as {regions: unknown[]}).regions.length, 3);
});
