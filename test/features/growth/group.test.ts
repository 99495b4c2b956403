import test from 'ava';
import {GroupSeries, renderGroupGrowth} from '../../../src/features/growth/group.ts';
import type {GroupAmounts} from '../../../src/model/group/sample.ts';

/** Samples a second apart. */
function seriesOf(count: number, amountsAt: (second: number) => GroupAmounts): GroupSeries {
  const series = new GroupSeries();
  for (let second = 0; second < count; second++)
    series.add({t: second * 1000, amounts: amountsAt(second), residue: 0, events: {}, came: [], went: []});
  return series;
}

test('each part is judged by what it did, and the slope is that of the samples', (t) => {
  const growth = seriesOf(60, (second) => ({
    usage: 2e9 + second * 1e6,
    anon: 1e8 + second * 1e6,
    unmappedCache: 5e8,
    processes: 3,
  })).growth('usage', 65_536);
  t.is(growth.total.verdict, 'steady growth');
  t.true(Math.abs(growth.total.slope!.slope * 1000 - 1e6) < 1);
  t.regex(
    renderGroupGrowth(growth, {title: 'x', limit: 3e9, width: undefined}),
    /^Usage: grows steadily, by \+57\.2 MiB\/min ± 0\.0, .*\nAt this rate: .*\nIt reaches 2\.8 GiB in 16 min at this rate\.$/m,
  );
  t.deepEqual(
    growth.lines.map(({measure, verdict}) => [measure, verdict]),
    [
      ['anon', 'steady growth'],
      ['unmappedCache', 'flat'],
      ['processes', 'flat'],
    ],
  );
});

test('what was read too seldom has no verdict, and what was never read is said so', (t) => {
  const series = seriesOf(60, (second) => ({usage: 1e9, ...(second % 20 === 0 && {pss: 1e6 * second})}));
  t.is(series.line('pss', 0).verdict, 'not enough data');
  t.deepEqual(series.line('sock', 0).points, {t: [], v: []});
  t.is(series.line('sock', 0).verdict, 'not enough data');
  t.false(series.growth('usage', 0).lines.some(({measure}) => measure === 'sock'));
});
