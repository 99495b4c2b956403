import test from 'ava';
import fc from 'fast-check';
import {packed, packedWords, wrapLines, wrapped} from '../../src/text/lines.ts';
import {cells, clip} from '../../src/text/safe.ts';

const word = fc.string({minLength: 1, maxLength: 30, unit: fc.constantFrom('a', 'b', '漢', '—')});
const words = fc.array(word, {minLength: 1, maxLength: 20});
const width = fc.integer({min: 2, max: 40});

test('a sentence is wrapped at blanks alone, as full as fits, and nothing of it is lost', (t) => {
  fc.assert(
    fc.property(words, width, (some, most) => {
      const lines = wrapped(some.join(' '), most);
      const isFull = lines.slice(1).every((line, index) => cells(`${lines[index]} ${line.split(' ')[0]}`) > most);
      const isNarrow = lines.every((line) => cells(line) <= most || !line.includes(' '));
      return lines.join(' ') === some.join(' ') && isFull && isNarrow;
    }),
  );
  t.deepEqual(wrapped('one two three', undefined), ['one two three']);
  t.deepEqual(wrapped('one two three', 7, '  '), ['one two', '  three']);
  t.deepEqual(wrapped('it grew by 7 KiB in 12 ms', 14), ['it grew by', '7 KiB in 12 ms']);
  t.deepEqual(wrapped('5 % of 4 samples', 4), ['5 %', 'of 4', 'samples']);
});

test('where a line must fit, longer words are cut, or fall into pieces', (t) => {
  t.deepEqual(packedWords('a longword b', 5), ['a', 'long…', 'b']);
  t.deepEqual(wrapLines('a longword b', 5), ['a', 'longw', 'ord b']);
  t.deepEqual(wrapLines('it has 12 KiB of it', 8), ['it has', '12 KiB', 'of it']);
  t.deepEqual(packed(['one', 'two', 'three'], 11), ['one   two', 'three']);
  t.deepEqual(packed([], 11), []);
  fc.assert(fc.property(words, width, (some, most) => packedWords(some.join(' '), most).every(fits(most))));
  fc.assert(fc.property(words, width, (some, most) => wrapLines(some.join(' '), most).every(fits(most))));
});

const fits =
  (most: number) =>
  (line: string): boolean =>
    cells(line) <= most;

test('a phrase is cut at its end', (t) => {
  t.is(clip('phrase', 6), 'phrase');
  t.is(clip('phrase', 5), 'phra…');
  t.is(clip('漢字', 3), '漢…');
  t.is(clip('漢字', 2), '…');
  t.is(clip('phrase', 0), '');
});
