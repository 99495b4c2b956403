import test from 'ava';
import {LEAKS, QUIET, UNSURE, verdictsOf, type Maker} from './synthetic.ts';

const LENGTHS = [24, 60, 240] as const;
const RUNS = 60;

const percent = (part: number, all: number): string =>
  `${((100 * part) / all).toFixed(part === 0 || part === all ? 0 : 1)} %`;

/** How many of each maker's series are said to grow steadily, and a line of words for each. */
function steadyOf(makers: Readonly<Record<string, Maker>>, n: number): {steady: Map<string, number>; lines: string[]} {
  const steady = new Map<string, number>();
  const lines = Object.entries(makers).map(([name, maker], index) => {
    const counts = verdictsOf(maker, n, RUNS, 1000 * n + index);
    steady.set(name, counts.get('steady growth') ?? 0);
    const words = [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([verdict, count]) => `${verdict} ${percent(count, RUNS)}`);
    return `${name}: ${words.join(', ')}`;
  });
  return {steady, lines};
}

const sum = (counts: Map<string, number>): number => [...counts.values()].reduce((total, count) => total + count, 0);

for (const n of LENGTHS) {
  test(`of 1,140 quiet series of ${n} looks, fewer than 1 % are said to grow steadily`, (t) => {
    const {steady, lines} = steadyOf(QUIET, n);
    const all = steady.size * RUNS;
    for (const line of lines) t.log(line);
    t.log(`steady growth in ${percent(sum(steady), all)} of ${all}`);
    t.true(all >= 1000);
    t.true(sum(steady) < all / 100, `${sum(steady)} of ${all}`);
  });

  test(`leaks in ${n} looks are found where they stand out`, (t) => {
    const {steady, lines} = steadyOf(LEAKS, n);
    for (const line of lines) t.log(line);
    t.log(`found: ${percent(sum(steady), steady.size * RUNS)}`);
    for (const name of [
      'line without noise',
      '8 even lumps',
      'behind 9 teeth, rise of 1 tooth',
      'flat for 45 %, then a leak',
      'warm-up for 10 %, then a leak',
      'faster and faster',
    ])
      t.true(steady.get(name)! >= 0.8 * RUNS, `${name}: ${steady.get(name)}`);
    t.true(steady.get('rise of 20 sigma')! >= 0.8 * RUNS);
  });

  test(`what can not be told in ${n} looks is seldom called a leak`, (t) => {
    const {steady, lines} = steadyOf(UNSURE, n);
    for (const line of lines) t.log(line);
    // What fills up for two time constants has an eighth of the way before it: it grows, as far as was seen.
    steady.delete('saturating, 2 time constants');
    t.true(sum(steady) < 0.1 * steady.size * RUNS);
  });
}
