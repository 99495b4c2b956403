import {readdirSync, readFileSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {Trouble} from '../../src/model/trouble.ts';
import {parse} from '../../src/parse/parse.ts';
import {listing, listingText} from '../parse/laws.ts';
import {checkInput} from './properties.ts';
import {SEEDS} from './seeds.ts';
import {oneBatch} from './worker.ts';

test('random inputs are read, or refused with a reason, and never do harm', (t) => {
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}: npm run fuzz -- --count 1000 --seed ${seed}`);
  const reports = [oneBatch(seed, 0, 1000)];
  t.deepEqual(
    reports.flatMap(({findings}) => findings),
    [],
  );
  t.true(
    reports.every(({snapshots, refused}) => snapshots > 200 && refused > 100),
    'inputs of both sorts came',
  );
});

test('20,000 pastes, cores, minidumps, logs and names are read, or refused with a reason, and never do harm', (t) => {
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}: npm run fuzz -- --scope readers --count 20000 --seed ${seed}`);
  const reports = Array.from({length: 20}, (_, batch) => oneBatch(seed, batch, 1000, 'readers'));
  t.deepEqual(
    reports.flatMap(({findings}) => findings),
    [],
  );
  t.true(
    reports.every(({snapshots, refused}) => snapshots > 50 && refused > 10),
    'inputs of both sorts came',
  );
});

test('what the fuzzer starts from is read, but for the forms that have readers of their own', (t) => {
  for (const {form, bytes} of SEEDS) {
    const read = checkInput(bytes);
    t.is(read instanceof Trouble, ['status', 'stat', 'elf', 'log'].includes(form), form);
  }
});

test('what the fuzzer once found stays mended', (t) => {
  const files = readdirSync('test/fixtures/fuzz');
  t.true(files.length > 5);
  for (const file of files) {
    const read = checkInput(readFileSync(`test/fixtures/fuzz/${file}`));
    t.is(read instanceof Trouble ? 'refused' : read.isWhole ? 'whole' : 'reported', file.split('-')[0] as 'refused');
  }
});

test('a line that is none is reported, with its number and its text, wherever it stands', (t) => {
  const strange = fc.constantFrom('rejected!', '00400000', 'x y z', '\u{1f600}', 'Rss 4 kB', '0-0');
  fc.assert(
    fc.property(listing, fc.nat(), strange, (lines, place, text) => {
      fc.pre(lines.length > 0);
      const parts = listingText(lines)
        .toString('latin1')
        .split(/(?<=\n)/);
      const at = place % (parts.length + 1);
      parts.splice(at, 0, `${Buffer.from(text).toString('latin1')}\n`);
      const {rejected, regions} = parse(Buffer.from(parts.join(''), 'latin1'));
      t.deepEqual(
        rejected.map(({line, text}) => [line, text]),
        [[at + 1, text]],
      );
      t.is(regions.length, lines.length);
    }),
    {numRuns: 500},
  );
});
