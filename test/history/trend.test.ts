import {spawnSync} from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import {heldEvenly, mannKendall, median, theilSen} from '../../src/history/trend.ts';
import {testIf} from '../helpers/tools.ts';

/** The same by the definitions, in Python: all orders of the values for the exact chance, and its own normal distribution. */
const PYTHON = `
import sys, json, math, itertools, statistics
def s_of(v): return sum((b > a) - (b < a) for a, b in itertools.combinations(v, 2))
for line in sys.stdin:
    t, v = json.loads(line)
    n = len(v)
    s = s_of(v)
    sizes = [v.count(x) for x in set(v)]
    f = lambda k: k * (k - 1) * (2 * k + 5)
    variance = (f(n) - sum(map(f, sizes))) / 18
    z = (s - (s > 0) + (s < 0)) / math.sqrt(variance) if variance else 0
    slopes = [(v[j] - v[i]) / (t[j] - t[i]) for i, j in itertools.combinations(range(n), 2)]
    exact = None
    if n <= 7:
        orders = list(itertools.permutations(v))
        exact = sum(s_of(o) >= s for o in orders) / len(orders)
        spread = statistics.pvariance([s_of(o) for o in orders])
    print(json.dumps([s, variance, 1 - statistics.NormalDist().cdf(z), statistics.median(slopes), exact, spread if n <= 7 else None]))
`;

interface Answer {
  readonly s: number;
  readonly variance: number;
  readonly p: number;
  readonly slope: number;
  readonly exact: number | null;
  readonly spread: number | null;
}

function askPython(series: ReadonlyArray<readonly [number[], number[]]>): Answer[] {
  const input = series.map((each) => JSON.stringify(each)).join('\n');
  const {stdout} = spawnSync('python3', ['-c', PYTHON], {input, encoding: 'utf8'});
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [s, variance, p, slope, exact, spread] = JSON.parse(line) as [
        number,
        number,
        number,
        number,
        number | null,
        number | null,
      ];
      return {s, variance, p, slope, exact, spread};
    });
}

testIf('python3')(
  'the trend test and the slope are what Python makes of their definitions, ties and all orders of few values',
  (t) => {
    const values = fc.array(fc.integer({min: 0, max: 9}), {minLength: 3, maxLength: 16});
    const series = fc
      .sample(values, {numRuns: 60, seed: 5})
      .map((v) => [v.map((_, i) => i * 3 + (i % 2)), v] as [number[], number[]]);
    for (const [index, answer] of askPython(series).entries()) {
      const [at, v] = series[index]!;
      const trend = mannKendall(v);
      t.is(trend.s, answer.s);
      t.true(Math.abs(trend.variance - answer.variance) < 1e-9);
      t.true(Math.abs(trend.p - answer.p) < 1e-6, `${trend.p} and ${answer.p}`);
      t.true(Math.abs(theilSen(at, v).slope - answer.slope) < 1e-12);
      if (answer.spread !== null)
        t.true(Math.abs(trend.variance - answer.spread) < 1e-9, 'the variance over all orders');
      if (answer.exact !== null && v.length === 7 && answer.s > 0) t.true(Math.abs(trend.p - answer.exact) < 0.06);
    }
  },
);

test('the bounds of the slope hold the true one in about 95 of 100 cases', (t) => {
  let held = 0;
  const runs = 1000;
  const noise = fc.sample(fc.array(fc.integer({min: -1000, max: 1000}), {minLength: 16, maxLength: 16}), {
    numRuns: runs,
    seed: 3,
  });
  for (const values of noise) {
    const at = values.map((_, i) => i * 100);
    const {low, high} = theilSen(
      at,
      values.map((value, i) => value + at[i]! * 2),
    );
    if (low <= 2 && 2 <= high) held++;
  }
  t.log(`${held} of ${runs}`);
  t.true(held > 0.92 * runs && held < 0.99 * runs, String(held));
});

test('the median is between the middle ones', (t) => {
  t.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])], [2, 2.5, 7]);
});

test('the slope of a line is its slope, wherever it lies and whatever jumps once', (t) => {
  fc.assert(
    fc.property(fc.integer({min: -1000, max: 1000}), fc.nat(1e9), fc.nat(1e6), (rate, base, begin) => {
      const times = Array.from({length: 400}, (_, at) => begin + at * 100);
      const line = times.map((time) => base + ((time - begin) / 1000) * rate);
      const spiked = line.map((value, at) => (at === 77 ? value + 1e9 : value));
      const exact = rate * 60;
      return [line, spiked].every((each) => {
        const {t: at, v} = heldEvenly({t: times, v: each}, times.at(-1)!, 200);
        return Math.abs(theilSen(at, v).slope * 60_000 - exact) <= Math.abs(exact) * 0.03 + 1;
      });
    }),
  );
  t.pass();
});

test('at even distances a series holds each value until the next', (t) => {
  const {t: times, v} = heldEvenly({t: [0, 5, 30], v: [1, 2, 3]}, 40, 4);
  t.deepEqual(times, [0, 10, 20, 30, 40]);
  t.deepEqual(v, [1, 2, 2, 3, 3]);
});
