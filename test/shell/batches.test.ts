import test from 'ava';
import fc from 'fast-check';
import {inBatches} from '../../src/shell/output.ts';

test('a text in parts is the same text in larger ones', (t) => {
  fc.assert(fc.property(fc.array(fc.string()), (parts) => [...inBatches(parts)].join('') === parts.join('')));
  const line = `${'x'.repeat(99)}\n`;
  const batches = [...inBatches(Array.from({length: 50_000}, () => line))];
  t.is(batches.join('').length, 5_000_000);
  t.true(batches.length < 80, 'few writes');
  t.true(
    batches.every((batch) => batch.endsWith('\n') && batch.length < 1.1 * 2 ** 16),
    'and little in memory',
  );
});
