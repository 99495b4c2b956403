import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {ProcFile} from '../../../src/procfs/file.ts';
import {Rereader} from '../../../src/procfs/sampling/again.ts';
import {folder} from '../../helpers/listings.ts';

/** What happens to a file between two readings; places as parts of it. */
const edits = fc.array(
  fc.record({
    does: fc.constantFrom('nothing', 'nothing', 'byte', 'longer', 'shorter', 'insert', 'empty'),
    place: fc.double({min: 0, max: 1, noNaN: true}),
    count: fc.integer({min: 1, max: 150_000}),
    /** Whoever reads could make no use of what was read, and knows what it knew before. */
    isDropped: fc.boolean(),
  }),
  {maxLength: 12},
);

test('what is read is what the file says, the same bytes only while it says the same, and it stays', (t) => {
  const path = join(folder(t), 'file');
  const seen = {same: 0, other: 0};
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 4096, 65_535, 65_536, 65_537, 200_000), edits, (length, all) => {
      let content = Buffer.alloc(length, 'abc\n');
      writeFileSync(path, content);
      const file = new ProcFile(path);
      try {
        const reader = new Rereader(file);
        let known: Buffer | undefined;
        let knownAs = Buffer.alloc(0);
        for (const {does, place, count, isDropped} of all) {
          const at = Math.floor(place * content.length);
          if (does === 'byte' && content.length > 0) content[Math.min(at, content.length - 1)]! ^= 1;
          else if (does === 'longer') content = Buffer.concat([content, Buffer.alloc(count, 'new\n')]);
          else if (does === 'shorter') content = content.subarray(0, at);
          else if (does === 'insert')
            content = Buffer.concat([content.subarray(0, at), Buffer.alloc(count, 'in\n'), content.subarray(at)]);
          else if (does === 'empty') content = Buffer.alloc(0);
          writeFileSync(path, content);
          const bytes = reader.read(known);
          t.true(bytes.equals(content));
          t.is(bytes === known, known !== undefined && knownAs.equals(content));
          t.true(known === undefined || known.equals(knownAs), 'what was known is still there, to compare with');
          seen[bytes === known ? 'same' : 'other']++;
          if (!isDropped) [known, knownAs] = [bytes, Buffer.from(content)];
        }
      } finally {
        file.close();
      }
    }),
    {numRuns: 200},
  );
  t.true(seen.same > 50 && seen.other > 50, JSON.stringify(seen));
});
