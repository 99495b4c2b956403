import test from 'ava';
import {run} from '../helpers/cli.ts';

interface Row {
  readonly case: string;
  readonly what: string;
  readonly missing?: string;
  readonly ours?: {readonly median: number; readonly min: number; readonly max: number; readonly rounds: number};
  readonly beside?: Row['ours'] & {readonly name: string};
  readonly ratio?: number;
  readonly limit?: number;
  readonly verdict?: string;
}

const bench = (...args: string[]): ReturnType<typeof run> => run(process.execPath, ['bench/run.js', ...args]);

test('the bench measures what it is asked to, and says it as JSON', async (t) => {
  const {code, stdout} = await bench('--quick', '--rounds', '1', '--case', 'parse', '--json');
  t.is(code, 0);
  const {machine, load, rows} = JSON.parse(stdout) as {
    machine: {cores: number; kernel: string; node: string};
    load: {before: number[]; after: number[]};
    rows: Row[];
  };
  t.is(machine.node, process.version);
  t.is(load.before.length + load.after.length, 6);
  t.true(rows.length > 0);
  for (const row of rows) {
    t.is(row.case, 'parse');
    // What could not be measured says why, and what to install.
    if (row.missing !== undefined) {
      t.true(row.missing.length > 10);
      continue;
    }
    const {min, median, max, rounds} = row.ours!;
    t.true(min > 0 && min <= median && median <= max);
    t.is(rounds, 1);
    if (row.beside) t.true(Math.abs(row.ratio! * row.beside.median - median) < median / 100);
    t.is(row.verdict === undefined, row.limit === undefined);
  }
});

test('an unknown case is refused, and the known ones are named', async (t) => {
  const {code, stdout, stderr} = await bench('--case', 'nonsense');
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /nonsense.*start, show, ps, diff, parse/s);
});
