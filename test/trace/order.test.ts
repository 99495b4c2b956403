import test from 'ava';
import fc from 'fast-check';
import {Doubles} from '../../src/trace/cover.ts';
import {type Item, Order} from '../../src/trace/order.ts';
import type {Sample} from '../../src/trace/perf/records.ts';
import type {Event} from '../../src/trace/plan.ts';

const event = (purpose: 'light' | 'full', name: string): Event => ({purpose, name}) as Event;

/** A record of a call: what it is called with is its first register. */
function item(purpose: 'light' | 'full', tid: number, time: number, name = 'mmap', value = 0n): Item {
  const stack = purpose === 'full' ? new Uint8Array([1]) : undefined;
  const registers = new BigUint64Array([value]);
  const record = {
    type: 'sample',
    pid: 1,
    tid,
    time,
    id: 1,
    raw: new Uint8Array(24),
    registers,
    stack,
  } as unknown as Sample;
  return {record, event: event(purpose, name), owner: 1};
}

test('the two records of a call become one, in whatever order they come', (t) => {
  const order = new Order();
  order.add([item('full', 1, 12), item('light', 2, 11), item('light', 1, 10), item('full', 2, 14)]);
  const ready = order.take(100);
  t.deepEqual(
    ready.map(({record, partner}) => [record.tid, record.time, partner?.time]),
    [
      [1, 10, 12],
      [2, 11, 14],
    ],
  );
  t.deepEqual(order.take(Infinity), []);
});

test('a record without its other one is a call of its own, and another call of the thread is not taken for it', (t) => {
  const order = new Order();
  order.add([
    item('light', 1, 10, 'mmap', 1n),
    item('light', 1, 20, 'mmap', 2n),
    item('full', 1, 21, 'mmap', 2n),
    item('full', 1, 30, 'munmap', 2n),
    item('light', 1, 40, 'munmap', 3n),
    item('full', 1, 3_000_000, 'munmap', 3n),
  ]);
  t.deepEqual(
    order.take(Infinity).map(({record, partner}) => [record.time, partner?.time]),
    [
      [10, undefined],
      [20, 21],
      [30, undefined],
      [40, undefined],
      [3_000_000, undefined],
    ],
  );
});

test('what is taken is in order and complete, however it was cut and mixed', (t) => {
  const calls = fc.array(fc.record({tid: fc.nat(3), isFull: fc.boolean(), wait: fc.nat(40)}), {maxLength: 60});
  fc.assert(
    fc.property(calls, fc.infiniteStream(fc.nat(30)), (made, cuts) => {
      const rings: [Item[], Item[]] = [[], []];
      let time = 0;
      for (const [i, {tid, isFull, wait}] of made.entries()) {
        time += 1000 * (1 + wait);
        rings[0].push(item('light', tid, time, 'mmap', BigInt(i)));
        if (isFull) rings[1].push(item('full', tid, time + 3, 'mmap', BigInt(i)));
      }
      const order = new Order();
      const told: Item[] = [];
      for (let now = 0; now < time + 10;) {
        now += 1000 * (1 + cuts.next().value);
        for (const ring of rings) {
          const end = ring.findIndex(({record}) => record.time >= now);
          order.add(ring.splice(0, end < 0 ? ring.length : end));
        }
        told.push(...order.take(now - 100));
      }
      told.push(...order.take(Infinity));
      const stacks = told.filter(({partner}) => partner).length;
      return (
        told.length === made.length &&
        stacks === made.filter(({isFull}) => isFull).length &&
        told.every(({record}, i) => (record as Sample).registers![0] === BigInt(i))
      );
    }),
  );
  t.pass();
});

test('of a thread that is watched by two, one is believed: what it inherited', (t) => {
  const doubles = new Doubles();
  const told = [
    [5, 5],
    [5, 4], // inherited: the same call again
    [5, 5],
    [5, 4],
    [6, 4], // a child of 5 has both from its birth
    [6, 5],
    [6, 4],
    [7, 7],
    [7, 7],
  ] as const;
  t.deepEqual(
    told.map(([tid, owner]) => doubles.isDouble(tid, owner)),
    [false, true, true, false, false, true, false, false, false],
  );
});

test('a storm brings more records at once than a function may have arguments', (t) => {
  const order = new Order();
  const records = 300_000;
  order.add(Array.from({length: records}, (_, i) => item('light', 1, i)));
  t.is(order.take(Infinity).length, records);
});
