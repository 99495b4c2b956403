import {rmSync} from 'node:fs';
import {testIf} from '../../helpers/tools.ts';
import {compiled} from './program.ts';
import {follow, outcomeOf} from './run.ts';

/** Always the same operations; `npm run trials` makes 20,000 of them. */
const SEEDS = [1, 2, 3];
const OPERATIONS = 120;

testIf('gcc')('What a diff says of a process is what it did, whatever it did', async (t) => {
  const folder = compiled();
  t.teardown(() => rmSync(folder, {recursive: true, force: true}));
  const outcome = outcomeOf();
  for (const seed of SEEDS) await follow(folder, seed, OPERATIONS, outcome);
  t.is(outcome.operations, SEEDS.length * OPERATIONS);
  t.true(outcome.sentences > 200);
  t.deepEqual(outcome.faults, []);
});
