import test from 'ava';
import fc from 'fast-check';
import {selectRange} from '../../../../src/features/watch/screen/order.ts';

test('what is selected is what stands there when all is sorted', (t) => {
  const values = fc.array(fc.oneof(fc.integer({min: 0, max: 3}), fc.double({noNaN: true})), {
    maxLength: 400,
    size: 'max',
  });
  fc.assert(
    fc.property(values, fc.nat(420), fc.nat(420), (keys, from, count) => {
      const sorted = keys.map((_, index) => index).sort((a, b) => keys[b]! - keys[a]! || a - b);
      t.deepEqual(
        selectRange(Float64Array.from(keys), keys.length, from, from + count),
        sorted.slice(from, from + count),
      );
    }),
  );
});

test('what is sorted already, or all the same, is no bad case: 200,000 items', (t) => {
  const count = 200_000;
  for (const key of [(i: number) => i, (i: number) => -i, () => 0, (i: number) => i % 2]) {
    const keys = Float64Array.from({length: count}, (_, index) => key(index));
    const sorted = Array.from(keys.keys()).sort((a, b) => keys[b]! - keys[a]! || a - b);
    t.deepEqual(selectRange(keys, count, count / 2, count / 2 + 5), sorted.slice(count / 2, count / 2 + 5));
  }
});
