import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {readRecording} from '../../src/recording/recording.ts';
import {run} from '../helpers/cli.ts';
import {folder} from '../helpers/listings.ts';
import {conforms} from '../helpers/schema.ts';

interface Row {
  readonly case: string;
  readonly what: string;
  readonly missing?: string;
  readonly ours?: {readonly median: number; readonly min: number; readonly max: number; readonly rounds: number};
  readonly beside?: Row['ours'] & {readonly name: string};
  readonly ratio?: number;
  readonly cpu?: {readonly ours: number; readonly beside: number; readonly ratio: number};
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
    if (row.beside) {
      t.true(Math.abs(row.ratio! * row.beside.median - median) < median / 100);
      // Processor time of all threads: at least that of the thread that was timed, which had a processor for most of it.
      t.true(row.cpu!.ours > median / 2 && row.cpu!.beside > row.beside.median / 2);
    }
    t.is(row.verdict === undefined, row.limit === undefined);
  }
});

test('the recording of which the bench makes a report is one as record writes it', async (t) => {
  const path = join(folder(t), 'recording.jsonl');
  const write = `
    const {writeRecording} = await import('./bench/recorded.js');
    (await import('node:fs')).copyFileSync(writeRecording(600), ${JSON.stringify(path)});`;
  t.is((await run(process.execPath, ['--input-type=module', '-e', write])).code, 0);
  const [header, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  for (const line of [header!, ...lines]) conforms(t, 'recording', JSON.parse(line));
  const recording = readRecording(path);
  t.teardown(() => recording.close());
  t.true(recording.isWhole);
  t.deepEqual(recording.notes, []);
  t.is(recording.count, 600);
  // It has key frames, and both kinds of samples; and what status says is what the regions have.
  t.true(lines.filter((line) => line.startsWith('{"event":"key"')).length > 1);
  t.is(recording.moments.filter(({hasUsage}) => hasUsage).length, 150);
  for (const {moment, snapshot} of recording.snapshots()) {
    t.is(snapshot.totals.size, Number(snapshot.status['vmSize']));
    if (moment.hasUsage) t.is(snapshot.totals['rss'], Number(snapshot.status['vmRss']));
  }
});

test('an unknown case is refused, and the known ones are named', async (t) => {
  const {code, stdout, stderr} = await bench('--case', 'nonsense');
  t.is(code, 1);
  t.is(stdout, '');
  t.regex(stderr, /nonsense.*start, show, ps, diff, parse/s);
});
