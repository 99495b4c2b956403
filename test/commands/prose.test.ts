import test from 'ava';
import fc from 'fast-check';
import {prose} from '../../src/commands/prose.ts';

test('lines of a paragraph are joined, empty lines part paragraphs, and indented lines stay', (t) => {
  t.is(
    prose`
One sentence on
two lines, with ${'a value'}.

Another:
  $ an example
  $ another`,
    'One sentence on two lines, with a value.\n\nAnother:\n  $ an example\n  $ another',
  );
});

test('how a paragraph is wrapped in the source makes no difference', (t) => {
  const word = fc.string({unit: fc.constantFrom('a', 'b', '.', '-'), minLength: 1, maxLength: 9});
  fc.assert(
    fc.property(fc.array(fc.tuple(word, fc.constantFrom(' ', '\n')), {minLength: 1}), (words) => {
      const wrapped = words.flat().join('').trim();
      t.is(prose`${wrapped}`, wrapped.replaceAll('\n', ' '));
    }),
  );
});
