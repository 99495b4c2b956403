import {parseArgs} from 'node:util';
import {fuzzed} from './pool.ts';
import type {Report, Scope} from './worker.ts';

/**
 * `npm run fuzz -- --count 1000000 [--seed N] [--workers 2] [--scope readers]`: random inputs through every reader, or
 * through those of pastes, dumps, logs and names alone. A worker does batches, each with a seed that makes it again.
 * Ends with 1 if something was found.
 */
const {values} = parseArgs({
  options: {
    count: {type: 'string', default: '20000'},
    seed: {type: 'string', default: String(Date.now() % 2 ** 31)},
    workers: {type: 'string', default: '2'},
    scope: {type: 'string', default: 'all'},
  },
});
const count = Number(values.count);
const seed = Number(values.seed);
const begin = performance.now();
const {reports, findings, isWhole} = await fuzzed({
  count,
  seed,
  workers: Number(values.workers),
  scope: values.scope as Scope,
});
const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
const most = (of: (report: Report) => number): number => Math.max(0, ...reports.map(of));
const inputs = sum((report) => report.snapshots + report.refused + report.known);
process.stdout.write(
  `\n${inputs} inputs in ${Math.round((performance.now() - begin) / 1000)} s, seed ${seed}: ` +
    `${sum(({snapshots}) => snapshots)} were read, ${sum(({refused}) => refused)} were refused with a reason; ` +
    `the slowest took ${Math.round(most(({slowest}) => slowest))} ms, a worker had ` +
    `${Math.round(most(({rss}) => rss) / 2 ** 20)} MiB at most. ${findings.length} findings.\n`,
);
process.exitCode = findings.length > 0 || inputs < count || !isWhole ? 1 : 0;
