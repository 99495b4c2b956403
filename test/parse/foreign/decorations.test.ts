import test from 'ava';
import fc from 'fast-check';
import {parseListing} from '../../../src/parse/reader.ts';
import {parse} from '../../../src/parse/parse.ts';
import {bytesOf} from '../tools.ts';
import {DRESSES, plainListing} from './decorations.ts';

const kernels = (lines: readonly string[]): Uint8Array => bytesOf(lines.map((line) => `${line}\n`).join(''));

for (const [name, dress] of Object.entries(DRESSES)) {
  test(`whatever a listing says, with ${name} it says the same`, (t) => {
    fc.assert(
      fc.property(plainListing, (lines) => {
        const {regions} = parseListing(kernels(lines), 'proc');
        const snapshot = parse(dress(lines));
        t.deepEqual(snapshot.regions, regions);
        t.deepEqual(snapshot.rejected, []);
        t.true(snapshot.isWhole);
      }),
      {numRuns: 200},
    );
  });
}

test('a line that is not understood keeps its number and its text, whatever is around it', (t) => {
  const place = fc.tuple(plainListing, fc.nat());
  for (const name of ['numbers of cat -n', 'the prefix of syslog', 'a mail that is quoted', 'the file of grep -H']) {
    fc.assert(
      fc.property(place, ([lines, at]) => {
        const index = at % (lines.length + 1);
        const more = [...lines.slice(0, index), 'strange, but true', ...lines.slice(index)];
        const text = Buffer.from(DRESSES[name]!(more)).toString('latin1');
        const {rejected} = parse(bytesOf(text));
        t.deepEqual(
          rejected.map(({line, text: own}) => [line, own]),
          [[index + 1, text.split('\n')[index]]],
          name,
        );
      }),
      {numRuns: 100},
    );
  }
});
