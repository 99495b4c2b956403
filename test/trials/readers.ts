import {fuzzed} from '../fuzz/pool.ts';
import type {Report} from '../fuzz/worker.ts';
import {markdown} from '../faults/report.ts';
import type {Trial} from './runs.ts';

const COUNT = 1_000_000;
/** Bytes that a process may have while it reads one input after another. */
const MOST_MEMORY = 300 * 2 ** 20;

/** Random inputs for the readers of what is not the kernel's own listing. @param seed of the first batch */
export async function readersTrial(seed: number): Promise<Trial> {
  const {reports, findings, isWhole} = await fuzzed({count: COUNT, seed, workers: 2, scope: 'readers'});
  const sum = (some: readonly Report[], of: (report: Report) => number): number =>
    some.reduce((total, report) => total + of(report), 0);
  const inputs = ({snapshots, refused, known}: Report): number => snapshots + refused + known;
  const rowOf = (name: string, some: readonly Report[]): string[] => [
    name,
    String(sum(some, inputs)),
    String(sum(some, ({snapshots}) => snapshots)),
    String(sum(some, ({refused}) => refused)),
    `${Math.ceil(Math.max(...some.map(({slowest}) => slowest)))} ms`,
    String(sum(some, (report) => report.findings.length)),
  ];
  const names = [...new Set(reports.map(({subject}) => subject))].sort();
  const rows = names.map((name) =>
    rowOf(
      name,
      reports.filter(({subject}) => subject === name),
    ),
  );
  const memory = Math.max(...reports.map(({rss}) => rss));
  const faults = [
    ...findings,
    ...(isWhole && sum(reports, inputs) === COUNT ? [] : ['a worker did not come to its end']),
    ...(memory > MOST_MEMORY ? [`a worker had ${Math.ceil(memory / 2 ** 20)} MiB`] : []),
  ];
  const text = `## Random inputs for the readers of pastes, dumps, logs and names

What people give memmap besides the kernel's own listings, changed at random: fields, bytes, numbers of headers, lines,
prefixes, holes of up to 1 TiB in dumps. Each input is read, or refused with a reason; regions are in order, documents
as their schemas say. Processor time is that of the slowest input, with its checks. A process that reads all of them,
one after another, had ${Math.ceil(memory / 2 ** 20)} MiB at most, Node and the fuzzer included; it may have 300. Seed ${seed}.

${markdown(['reader', 'inputs', 'read', 'refused', 'slowest', 'findings'], [...rows, rowOf('all', reports)])}
`;
  return {text, faults};
}
