import test from 'ava';
import {tee, tellAll, type EndEvent, type Sink, type WatchEvent} from '../../../src/features/watch/events.ts';
import {compared} from '../../../src/features/watch/watch.ts';
import {withoutGate} from '../../../src/features/run/follow.ts';
import type {Region} from '../../../src/model/region.ts';
import {Snapshot} from '../../../src/model/snapshot.ts';

const stamp = {at: '2026-01-31T12:00:00.000Z', t: 0, tick: 0};

function seen(pages: number): {readonly snapshot: Snapshot; readonly status: Snapshot['status']} {
  const start = 0x10000;
  const end = start + pages * 4096;
  const place = {perms: 'rw-p', offset: 0, dev: '00:00', inode: '0', name: '[heap]'};
  const regions: Region[] = [{start, end, ...place, kind: 'heap'}];
  return {snapshot: new Snapshot({regions, process: {}, source: {from: 'process', format: 'maps'}}), status: {}};
}

const cost = {looks: 0, ms: 0, duty: 0, usageReads: 0, usageMs: 0, usageSkipped: 0};
const END: EndEvent = {event: 'end', ...stamp, reason: 'count', cost};

/** As a watch: a source that tells whether it was closed. */
async function* source(events: readonly WatchEvent[], onClose = (): void => {}): AsyncGenerator<WatchEvent> {
  try {
    yield* events;
  } finally {
    onClose();
  }
}

function noting(told: string[], name = ''): Sink {
  return {
    tell: (event) => void told.push(name + event.event),
    abandon: () => void told.push(`${name}abandoned`),
  };
}

test('all sinks are told each event in order, the next one when the last is done, and the end is handed back', async (t) => {
  const told: string[] = [];
  const slow: Sink = {
    async tell({event}) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      told.push(`slow ${event}`);
    },
  };
  const start: WatchEvent = {event: 'start', ...stamp, ...seen(1)};
  t.is(await tellAll(source([start, END]), tee(noting(told), slow, noting(told, 'last '))), END);
  t.deepEqual(told, ['start', 'slow start', 'last start', 'end', 'slow end', 'last end']);
  t.is(await tellAll(source([start]), noting([])), undefined);
});

test('where a sink or the source fails, all sinks are abandoned, the source is closed, and the error is thrown', async (t) => {
  const told: string[] = [];
  const failing: Sink = {
    tell() {
      throw new Error('full');
    },
  };
  const events = source([END], () => void told.push('closed'));
  const both = tee(noting(told, 'a '), failing, noting(told, 'b '));
  await t.throwsAsync(tellAll(compared(events), both), {message: 'full'});
  t.deepEqual(told, ['a end', 'closed', 'a abandoned', 'b abandoned']);
});

test('a sample in which something changed becomes a change; after exec it is compared with the new program', async (t) => {
  const [small, large] = [seen(1), seen(3)];
  const events: WatchEvent[] = [
    {event: 'start', ...stamp, ...small},
    {event: 'look', ...stamp, ...small},
    {event: 'look', ...stamp, ...large},
    {event: 'exec', ...stamp, ...small},
    {event: 'look', ...stamp, ...small},
    {event: 'exit', ...stamp, state: 'gone'},
    END,
  ];
  const told: WatchEvent[] = [];
  for await (const event of compared(source(events))) told.push(event);
  t.deepEqual(
    told.map(({event}) => event),
    ['start', 'look', 'change', 'exec', 'look', 'exit', 'end'],
  );
  const [, , change] = told;
  t.true(change?.event === 'change' && change.snapshot === large.snapshot);
  if (change?.event === 'change') {
    t.deepEqual(change.delta, {regions: 0, size: 8192});
    t.deepEqual(
      change.changes.map(({kind}) => kind),
      ['grown'],
    );
  }
});

test('without the gate, the exec that ends it is the start, and nothing of the gate is told; later ones are exec', async (t) => {
  const told: WatchEvent[] = [];
  const sink = withoutGate({tell: (event) => void told.push(event)});
  const [gate, first, second] = [seen(1), seen(2), seen(3)];
  const events: WatchEvent[] = [
    {event: 'start', ...stamp, ...gate, isGate: true},
    {event: 'look', ...stamp, ...gate},
    {event: 'exec', ...stamp, ...first},
    {event: 'look', ...stamp, ...first},
    {event: 'exec', ...stamp, ...second},
    END,
  ];
  await tellAll(source(events), sink);
  t.deepEqual(
    told.map((event) => [event.event, 'snapshot' in event && event.snapshot]),
    [
      ['start', first.snapshot],
      ['look', first.snapshot],
      ['exec', second.snapshot],
      ['end', false],
    ],
  );
  told.length = 0;
  await tellAll(source([{event: 'start', ...stamp, ...first}, END]), sink);
  t.deepEqual(
    told.map(({event}) => event),
    ['start', 'end'],
  );
});
