import test from 'ava';
import fc from 'fast-check';
import {withoutFinalFall} from '../../../src/features/growth/growth.ts';
import {judge, VERDICTS} from '../../../src/features/growth/verdict/judge.ts';
import type {Points} from '../../../src/history/series.ts';
import {LEAKS, QUIET, Random, UNSURE} from './synthetic.ts';

const MAKERS = Object.values({...QUIET, ...LEAKS, ...UNSURE});

/** Series like those of processes, and series of anything. */
const series: fc.Arbitrary<Points> = fc.oneof(
  fc.tuple(fc.nat(MAKERS.length - 1), fc.integer({min: 1, max: 120}), fc.nat()).map(([maker, n, seed]) => {
    const v = MAKERS[maker]!(n, new Random(seed)).map((mib) => Math.round((50 + mib) * 256) * 4096);
    return {t: v.map((_, i) => i * 250), v};
  }),
  fc
    .array(fc.tuple(fc.integer({min: 0, max: 500}), fc.integer({min: 0, max: 2 ** 40})), {maxLength: 60})
    .map((pairs) => {
      let at = 0;
      return {t: pairs.map(([pause]) => (at += pause)), v: pairs.map(([, value]) => value)};
    }),
);

const LEAST = 65_536;

test('the verdict is the same at another time, on a slower clock, and for amounts that are all so many times larger', (t) => {
  fc.assert(
    fc.property(
      series,
      fc.integer({min: -(2 ** 30), max: 2 ** 30}),
      fc.integer({min: -3, max: 12}),
      ({t: at, v}, shift, power) => {
        const {verdict, since, slope} = judge({t: at, v}, LEAST);
        const factor = 2 ** power;
        const shifted = judge({t: at.map((ms) => ms + shift), v}, LEAST);
        t.is(shifted.verdict, verdict);
        if (since !== undefined) t.is(shifted.since, since + shift);
        const slower = judge({t: at.map((ms) => ms * factor), v}, LEAST);
        t.is(slower.verdict, verdict);
        if (slope) t.is(slower.slope!.slope, slope.slope / factor);
        t.is(judge({t: at, v: v.map((bytes) => bytes * factor)}, LEAST * factor).verdict, verdict);
      },
    ),
    {numRuns: 150},
  );
});

test('any series gets a verdict, and a slope lies within its bounds', (t) => {
  fc.assert(
    fc.property(series, (points) => {
      const {verdict, slope, since} = judge(points, LEAST);
      t.true(verdict in VERDICTS);
      if (points.t.length < 12) t.is(verdict, 'not enough data');
      if (slope) t.true(slope.low <= slope.slope && slope.slope <= slope.high);
      if (since !== undefined) t.true(since >= points.t[0]! && since <= points.t.at(-1)!);
      if (verdict === 'steady growth') t.true(slope!.low > 0 && points.v.at(-1)! > Math.min(...points.v));
    }),
    {numRuns: 300},
  );
});

test('what grows steadily shrinks if it is turned round', (t) => {
  for (const maker of [LEAKS['line without noise']!, LEAKS['rise of 20 sigma']!, LEAKS['8 even lumps']!]) {
    const v = maker(120, new Random(1));
    const at = v.map((_, i) => i);
    t.is(judge({t: at, v}).verdict, 'steady growth');
    t.is(judge({t: at, v: v.toReversed()}).verdict, 'shrinks');
  }
});

test('a movement below what matters is flat, and the same one above it is not', (t) => {
  const v = Array.from({length: 60}, (_, i) => i * 4096);
  const points = {t: v.map((_, i) => i * 1000), v};
  t.is(judge(points, 61 * 4096).verdict, 'flat');
  t.is(judge(points, 10 * 4096).verdict, 'steady growth');
});

test('what is given back at the end is left out, and a fall before that is not', (t) => {
  const leak = Array.from({length: 80}, (_, i) => i * 4096);
  const at = Array.from({length: 84}, (_, i) => i * 100);
  const ended = {t: at, v: [...leak, 8192, 4096, 0, 0]};
  t.is(judge(withoutFinalFall(ended)).verdict, 'steady growth');
  const early = {t: at.slice(0, 80), v: leak.map((value, i) => (i > 50 ? 0 : value))};
  t.deepEqual(withoutFinalFall(early), early);
});
