import test from 'ava';
import fc from 'fast-check';
import {cells} from '../../src/text/safe.ts';
import {extremes, sparkline} from '../../src/text/sparkline.ts';

test('the least is the lowest bar, the most the highest, and the newest stands at the right', (t) => {
  t.is(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8), '▁▂▃▄▅▆▇█');
  t.is(sparkline([100, 800], 4), '  ▁█');
  t.is(sparkline([1, 9, 1, 2], 2), '▁█');
  t.is(sparkline([5, 5, 5], 3), '▁▁▁');
  t.is(sparkline([1, undefined, 2], 3), '▁ █');
  t.is(sparkline([], 3), '   ');
  t.deepEqual(extremes([1, 9, 3, 2], 2), {least: 2, most: 3});
});

test('it is exactly as wide as asked, and higher values have no lower bars', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat(1e15)), fc.nat(80), (values, width) => {
      const line = sparkline(values, width);
      const bars = Array.from(line.trimStart());
      const shown = values.slice(-Math.max(1, width));
      const bySize = bars.map((bar, index) => ({bar, value: shown[index]!})).sort((a, b) => a.value - b.value);
      const isMonotonous = bySize.every(({bar}, index) => index === 0 || bySize[index - 1]!.bar <= bar);
      return cells(line) === width && isMonotonous;
    }),
  );
  t.pass();
});
