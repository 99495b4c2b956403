import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {memmap} from '../helpers/cli.ts';
import {folder, TUTORIAL} from '../helpers/listings.ts';
import {anyInput} from './mutations.ts';
import {CONTROL} from './properties.ts';

/** The same inputs as a user gives them: as files, to the whole program. */
test('whatever a file holds, show and diff end with 0, 1, 5 or 6, and print nothing that moves a cursor', async (t) => {
  const place = folder(t);
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}`);
  const inputs = fc.sample(anyInput, {numRuns: 9, seed});
  const other = join(place, 'other.txt');
  writeFileSync(other, TUTORIAL[0]);
  for (const [index, input] of inputs.entries()) {
    const file = join(place, `input-${index}`);
    writeFileSync(file, input);
    const calls = [
      ['show', file],
      ['diff', other, file],
      ['snapshot', file],
    ];
    for (const args of [calls[index % 3]!]) {
      const {code, stdout, stderr} = await memmap(args);
      t.true([0, 1, 5, 6].includes(code!), `${args[0]} ended with ${code}: ${stderr}`);
      t.notRegex(stderr, CONTROL);
      t.notRegex(args[0] === 'snapshot' ? '' : stdout, CONTROL);
      t.is(stdout === '', code === 6, 'data is printed, or there is none');
      t.is(/^memmap: .+\n {2}why: /m.test(stderr), code === 6);
    }
  }
});
