import test from 'ava';
import {judge, type Judgement} from '../../../src/features/growth/verdict/judge.ts';
import {stepsText} from '../../../src/features/growth/words.ts';
import {MIB, Random} from './synthetic.ts';
import {sampled, some, TIMED_LEAKS, TIMED_QUIET, type TimedMaker} from './timed.ts';

const RUNS = 60;

const judged = (maker: TimedMaker, seed: number): Judgement[] => {
  const random = new Random(seed);
  return Array.from({length: RUNS}, () => judge(maker(random), 64 * 1024));
};

const steady = (all: readonly Judgement[]): number => all.filter(({verdict}) => verdict === 'steady growth').length;

for (const [index, [name, maker]] of Object.entries(TIMED_LEAKS).entries()) {
  test(`a leak is found: ${name}`, (t) => {
    const found = steady(judged(maker, index));
    t.log(`${found} of ${RUNS}`);
    // The total is known at each sample; what is known at half of them is found less often.
    t.true(found >= (name.includes('of the samples') ? 0.75 : 0.95) * RUNS, `${found}`);
  });
}

for (const [index, [name, maker]] of Object.entries(TIMED_QUIET).entries()) {
  test(`no leak is seen: ${name}`, (t) => {
    const all = judged(maker, 100 + index);
    t.true(steady(all) <= 1, `${steady(all)} of ${RUNS}`);
    if (name.startsWith('loaded')) {
      for (const {verdict, since} of all) {
        t.is(verdict, 'plateau');
        t.true(Math.abs(since! - 62_000) < 1500, `${since}`);
      }
    }
  });
}

test('growth that began late says since when, and its rate is that since then', (t) => {
  for (const {since, slope} of judged(TIMED_LEAKS['flat for 100 of 300 s, then 3 MiB/min']!, 7)) {
    t.true(Math.abs(since! - 100_000) < 5000, `${since}`);
    t.true(Math.abs(slope!.slope * 60_000 - 3 * MIB) < 0.1 * MIB);
  }
});

test('three steps are three, with their times', (t) => {
  for (const judgement of judged(TIMED_QUIET['three steps']!, 8)) {
    t.is(judgement.verdict, 'step');
    t.deepEqual(
      judgement.steps!.map(({t: ms, rise}) => [Math.round(ms / 1000), rise / MIB]),
      [
        [5, 10],
        [10, 10],
        [15, 10],
      ],
    );
  }
  const steps = [5000, 10_000, 15_000].map((ms) => ({t: ms, rise: MIB}));
  t.is(stepsText({steps, since: 5000}), 'in three steps, after 5 s, 10 s and 15 s');
  t.is(stepsText({steps: steps.slice(0, 1), since: 5000}), 'in a step after 5 s');
});

test('what was not read for long is unknown, not flat: only what was seen since is judged, if that is enough', (t) => {
  const random = new Random(9);
  const leak = sampled(random, 300, 120, (seconds) => 2 * seconds);
  const without = (from: number, to: number): Judgement => {
    const kept = leak.t.map((ms) => ms < from * 1000 || ms >= to * 1000);
    const points = {t: leak.t.filter((_, at) => kept[at]), v: leak.v.filter((_, at) => kept[at])};
    return judge(points, 65_536, {from: 0, to: 120_000});
  };
  t.is(without(0, 1).verdict, 'steady growth');
  const early = without(1, 40);
  t.like(early, {verdict: 'steady growth'});
  t.true(early.hole!.from < 1000 && early.hole!.to >= 40_000 && early.since! >= 40_000);
  // Neither the end nor most of the time was seen.
  for (const [from, to] of [
    [1, 70],
    [60, 90],
    [90, 120],
  ] as const) {
    const {verdict, hole} = without(from, to);
    t.is(verdict, 'not enough data', `${from} to ${to}`);
    t.true(hole!.to - hole!.from > 15_000);
  }
  const flat = sampled(random, 300, 120, () => 5);
  const half = some(
    {t: flat.t.filter((ms) => ms < 60_000), v: flat.v.filter((_, at) => flat.t[at]! < 60_000)},
    1,
    random,
  );
  t.is(judge(half, 65_536, {from: 0, to: 120_000}).verdict, 'not enough data');
});

test('what rose before its second sample and stayed there is not flat', (t) => {
  const v = Array.from({length: 60}, (_, index) => (index === 0 ? 4 : 14) * MIB);
  t.is(judge({t: v.map((_, index) => index * 1000), v}, 65_536).verdict, 'plateau');
});
