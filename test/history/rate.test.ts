import test from 'ava';
import fc from 'fast-check';
import {rateOf, Thinned} from '../../src/history/rate.ts';

/** Samples at an even interval. */
const series = (count: number, interval: number, at: (ms: number, index: number) => number) => {
  const t = Array.from({length: count}, (_, index) => index * interval);
  return {t, v: t.map(at)};
};

/** Even noise between -1 and 1, the same for the same seed. */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

test('a line with some noise has its slope, within the bounds that are told nearly always', (t) => {
  let [within, all] = [0, 0];
  fc.assert(
    fc.property(
      fc.integer({min: 40, max: 250}),
      fc.integer({min: 200, max: 2000}),
      fc.integer({min: -1000, max: 1000}).filter((slope) => Math.abs(slope) >= 10),
      fc.nat(),
      (count, interval, slope, seed) => {
        const error = noise(seed);
        const off = 0.02 * Math.abs(slope) * count * interval;
        const found = rateOf(series(count, interval, (ms) => 1e9 + slope * ms + off * error()));
        if (!found) return false;
        all++;
        if (found.low <= slope && slope <= found.high) within++;
        return Math.abs(found.slope - slope) <= 0.1 * Math.abs(slope);
      },
    ),
  );
  t.true(within >= 0.8 * all, `${within} of ${all}`);
});

test('what is the same, goes up and down, or makes one step has no rate', (t) => {
  fc.assert(
    fc.property(
      fc.integer({min: 12, max: 250}),
      fc.integer({min: 500, max: 2000}),
      fc.nat(),
      (count, interval, seed) => {
        const error = noise(seed);
        t.is(rateOf(series(count, interval, () => 1e8)), undefined);
        t.is(rateOf(series(count, interval, (_, index) => 1e8 + (index % 2) * 1e6)), undefined);
        const at = seed % count;
        t.is(rateOf(series(count, interval, (_, index) => (index < at ? 1e8 : 2e8) + 1e3 * error())), undefined);
      },
    ),
  );
});

test('noise alone is hardly ever taken for growth', (t) => {
  const found = Array.from({length: 1000}, (_, seed) => {
    const error = noise(seed * 7919);
    return rateOf(series(100, 500, () => 1e8 + 1e6 * error()));
  }).filter((rate) => rate !== undefined);
  t.true(found.length <= 5, String(found.length));
});

test('too few samples, too short a time, or a gap: the rate is not known', (t) => {
  const line = (count: number, interval: number) => series(count, interval, (ms) => 1e6 + 100 * ms);
  t.is(rateOf(line(11, 1000)), undefined);
  t.is(rateOf(line(100, 10)), undefined);
  t.is(rateOf({t: [], v: []}), undefined);
  t.is(rateOf(line(12, 1000))?.slope, 100);
  const gap = line(40, 1000);
  t.is(rateOf({...gap, t: gap.t.map((ms) => (ms < 20_000 ? ms : ms + 10_000))}), undefined);
});

test('samples are thinned out evenly, and a line keeps its slope', (t) => {
  fc.assert(
    fc.property(fc.integer({min: 1, max: 5000}), (count) => {
      const samples = new Thinned(64);
      for (let index = 0; index < count; index++) samples.add(index * 500, index);
      const {t: times, v} = samples.points;
      t.true(v.length < 64 && v.length >= Math.min(count, 32));
      const steps = new Set(v.slice(1).map((value, index) => value - v[index]!));
      t.true(steps.size <= 1);
      t.deepEqual(
        times,
        v.map((value) => value * 500),
      );
      t.is(v[0], 0);
      t.true(count - 1 - v.at(-1)! < Math.max(1, ...steps));
    }),
  );
});
