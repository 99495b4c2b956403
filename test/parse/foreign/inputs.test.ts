import test from 'ava';
import {parse} from '../../../src/parse/parse.ts';
import {INPUTS} from './inputs.ts';
import {compareShape} from './shape.ts';

for (const input of INPUTS) {
  test(`${input.title}: the regions are read`, (t) => {
    compareShape(t, input.text, input, 'lines');
  });
}

test('the counters of smaps are read behind prefixes too', (t) => {
  const found = INPUTS.filter(({format}) => format === 'smaps');
  t.true(found.length > 15);
  for (const {text, title} of found)
    t.deepEqual(
      parse(text).regions.map(({usage, flags}) => [usage?.rss, flags?.[0]]),
      Array.from({length: 3}, () => [44 * 1024, 'rd']),
      title,
    );
});
